// A unified diff, line by line in colour; very long ones open in two steps.

import { html, memo, useMemo, useState } from "../html.js";
import { diffLines } from "../text.js";

const FIRST = 200; // lines shown at once
const SIGN = { add: "+", del: "−", same: " ", gap: "⋯" };
const SAID = { add: "added", del: "removed" };

export const Diff = memo(function Diff({ patch }) {
  const lines = useMemo(() => diffLines(patch), [patch]);
  return html`<${Lines} lines=${lines} />`;
});

/** A new file: every line is an addition. */
export const Added = memo(function Added({ content }) {
  const lines = useMemo(
    () => content.replace(/\n$/, "").split("\n").map((text, at) => ({ kind: "add", after: at + 1, text })),
    [content],
  );
  return html`<${Lines} lines=${lines} />`;
});

/** "+3 −1" */
export function Counts({ additions = 0, deletions = 0 }) {
  return html`<span class="counts">
    ${additions > 0 && html`<ins aria-label=${`${additions} lines added`}>+${additions}</ins>`}
    ${deletions > 0 && html`<del aria-label=${`${deletions} lines removed`}>−${deletions}</del>`}
  </span>`;
}

/** How many lines a patch adds and removes. */
export function countsOf(patch) {
  const lines = diffLines(patch);
  const count = (kind) => lines.filter((line) => line.kind === kind).length;
  return { additions: count("add"), deletions: count("del") };
}

function Lines({ lines }) {
  const [all, showAll] = useState(false);
  const shown = all ? lines : lines.slice(0, FIRST);
  const rest = lines.length - shown.length;
  return html`<div class="diff" tabindex="0" role="group" aria-label="Changes">
    <div class="diff-lines">
      ${shown.map(
        (line) => html`<div class=${`diff-line ${line.kind}`}>
          <span class="number" aria-hidden="true">${line.after ?? line.before ?? ""}</span>
          <span class="sign" aria-label=${SAID[line.kind]}>${SIGN[line.kind]}</span>
          <span class="line">${line.text}</span>
        </div>`,
      )}
    </div>
    ${rest > 0 && html`<button type="button" class="quiet" onClick=${() => showAll(true)}>Show ${rest} more lines</button>`}
  </div>`;
}
