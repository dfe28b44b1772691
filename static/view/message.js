// A turn: the prompt, and everything the model did about it.

import { html, LiveContext, memo, useContext, useMemo } from "../html.js";
import { amount, duration, money } from "../text.js";
import { Attachments } from "./attachments.js";
import { CopyButton } from "./code.js";
import { Counts, Diff } from "./diff.js";
import { Fold } from "./fold.js";
import { Icon } from "./icon.js";
import { Markdown } from "./markdown.js";
import { Tool } from "./tool.js";

const SILENT = new Set(["step-start", "step-finish", "patch", "snapshot", "agent", "subtask", "retry"]);

export const Turn = memo(function Turn({ messages, parts, busy }) {
  const [first] = messages;
  const prompted = first.role === "user";
  const answers = prompted ? messages.slice(1) : messages;
  const last = answers.at(-1);
  return html`<article class="turn">
    ${prompted && html`<${Prompt} parts=${parts[0]} />`}
    ${answers.map((message, at) => html`<${Answer} key=${message.id} message=${message} parts=${parts[prompted ? at + 1 : at]} busy=${busy} last=${message === last} />`)}
    ${busy && !growing(parts) && html`<p class="working" role="status"><i class="spinner"></i>${last ? "Working…" : "Waiting for the model…"}</p>`}
    ${!busy && prompted && html`<${Changes} diffs=${first.summary?.diffs ?? []} />`}
    ${!busy && answers.length > 0 && html`<${Footer} answers=${answers} parts=${parts} />`}
  </article>`;
});

function Prompt({ parts }) {
  const shown = parts.filter((part) => part.type === "text" && !part.synthetic && !part.ignored);
  const text = shown.map((part) => part.text).join("\n");
  const files = parts.filter((part) => part.type === "file");
  const compaction = parts.find((part) => part.type === "compaction");
  const subtask = parts.find((part) => part.type === "subtask");
  if (compaction) return html`<p class="rule"><span>Conversation summarised${compaction.auto ? " to fit the model" : ""}</span></p>`;
  if (!text && !files.length && !subtask) return null;
  return html`<div class="prompt">
    <h2 class="offscreen">You</h2>
    ${files.length > 0 && html`<${Attachments} files=${files} />`}
    ${text && html`<p>${text}</p>`}
    ${subtask && html`<p><b>${subtask.agent}</b> ${subtask.description}</p>`}
  </div>`;
}

const Answer = memo(function Answer({ message, parts, busy, last }) {
  const open = busy && last && !message.time.completed;
  return html`<div class="answer">
    ${parts.map((part) => html`<${Part} key=${part.id} part=${part} open=${open} />`)}
    ${message.error && html`<${Failure} error=${message.error} />`}
    ${!message.time.completed && !message.error && !busy && html`<p class="hint">This answer was interrupted.</p>`}
  </div>`;
});

const Part = memo(function Part({ part, open }) {
  if (SILENT.has(part.type)) return null;
  if (part.type === "text") return part.text.trim() && !part.ignored ? html`<${Markdown} text=${part.text} growing=${open && !part.time?.end} />` : null;
  if (part.type === "reasoning") return part.text.trim() ? html`<${Reasoning} part=${part} open=${open} />` : null;
  if (part.type === "tool") return html`<${Tool} part=${part} />`;
  if (part.type === "file") return html`<${Attachments} files=${[part]} />`;
  return null;
});

function Reasoning({ part, open }) {
  const thinking = open && !part.time.end;
  const head = thinking ? html`<span class="shimmer">Thinking</span>` : "Thought";
  const time = part.time.end ? duration(part.time.end - part.time.start) : "";
  return html`<${Fold} kind="reasoning" icon="think" head=${head} aside=${time}>
    <${Markdown} text=${part.text} growing=${thinking} />
  <//>`;
}

/** An error of the provider or of ours, with its own words. */
export function Failure({ error }) {
  if (error.name === "MessageAbortedError") return html`<p class="hint stopped"><${Icon} name="stop" />Stopped.</p>`;
  const { message, statusCode, responseBody } = error.data ?? {};
  return html`<div class="failure" role="alert">
    <${Icon} name="alert" />
    <div>
      <b>${message ?? error.name}</b>
      <small>${error.name}${statusCode ? ` · status ${statusCode}` : ""}</small>
      ${responseBody && responseBody !== message && html`<details><summary>Answer of the provider</summary><pre tabindex="0">${responseBody}</pre></details>`}
    </div>
  </div>`;
}

function Footer({ answers, parts }) {
  const live = useContext(LiveContext);
  const last = answers.at(-1);
  const providers = live.providers.value.providers;
  const model = providers.find((one) => one.id === last.providerID)?.models[last.modelID]?.name ?? last.modelID;
  const cost = answers.reduce((sum, message) => sum + message.cost, 0);
  const output = answers.reduce((sum, message) => sum + message.tokens.output + message.tokens.reasoning, 0);
  const took = last.time.completed ? last.time.completed - answers[0].time.created : 0;
  const text = parts.flat().filter((part) => part.type === "text" && part.messageID === last.id).map((part) => part.text).join("\n\n");
  const facts = [model, took > 0 && duration(took), output > 0 && `${amount(output)} tokens`, cost > 0 && money(cost)];
  return html`<footer class="facts">
    <span>${facts.filter(Boolean).join(" · ")}</span>
    ${text && html`<${CopyButton} text=${() => text} label="Copy answer" />`}
  </footer>`;
}

function Changes({ diffs }) {
  const total = useMemo(() => ({ additions: sum(diffs, "additions"), deletions: sum(diffs, "deletions") }), [diffs]);
  if (!diffs.length) return null;
  const head = html`<b>${diffs.length} ${diffs.length === 1 ? "file" : "files"} changed</b>`;
  return html`<${Fold} kind="changes" icon="edit" head=${head} aside=${html`<${Counts} ...${total} />`}>
    ${diffs.map(
      (diff) => html`<${Fold} key=${diff.file} icon="file" head=${html`<code>${diff.file}</code>`} aside=${html`<${Counts} additions=${diff.additions} deletions=${diff.deletions} />`} initially=${diffs.length === 1}>
        <${Diff} patch=${diff.patch ?? ""} />
      <//>`,
    )}
  <//>`;
}

function sum(diffs, name) {
  return diffs.reduce((total, diff) => total + (diff[name] ?? 0), 0);
}

/** Whether something on screen already shows that work goes on. */
function growing(parts) {
  const last = parts.at(-1)?.findLast((part) => !SILENT.has(part.type));
  if (!last) return false;
  if (last.type === "tool") return last.state.status === "pending" || last.state.status === "running";
  return (last.type === "text" || last.type === "reasoning") && last.text !== "" && last.time !== undefined && !last.time.end;
}
