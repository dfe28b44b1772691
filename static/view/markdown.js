// Markdown on screen: safe blocks, code with a copy button and colours.

import { html, memo, render, useLayoutEffect, useMemo, useRef } from "../html.js";
import { blocks } from "../markdown.js";
import { CopyButton, paint } from "./code.js";

/** `growing` is true while the text still arrives; its last block is not coloured until then. */
export const Markdown = memo(function Markdown({ text, growing = false }) {
  const known = useRef([]);
  known.current = useMemo(() => blocks(text, known.current), [text]);
  const last = known.current.length - 1;
  return html`<div class="prose">
    ${known.current.map(
      (block, at) => html`<${Block} key=${block.key} html=${block.html} growing=${growing && at === last} />`,
    )}
  </div>`;
});

const Block = memo(function Block({ html: content, growing }) {
  const node = useRef();
  useLayoutEffect(() => decorate(node.current, growing), [content, growing]);
  return html`<div class="block" ref=${node} dangerouslySetInnerHTML=${{ __html: content }}></div>`;
});

function decorate(node, growing) {
  for (const pre of node.querySelectorAll("pre")) {
    const code = pre.firstElementChild;
    const language = /language-(\S+)/.exec(code?.className ?? "")?.[1];
    if (!pre.parentElement.classList.contains("code")) frame(pre, language);
    if (!growing) paint(pre, language);
  }
  for (const table of node.querySelectorAll("table")) {
    if (table.parentElement.classList.contains("scroll")) continue;
    const box = document.createElement("div");
    box.className = "scroll";
    table.replaceWith(box);
    box.append(table);
  }
}

function frame(pre, language) {
  const box = document.createElement("div");
  box.className = "code";
  pre.replaceWith(box);
  pre.tabIndex = 0;
  const bar = document.createElement("div");
  bar.className = "code-bar";
  box.append(bar, pre);
  render(
    html`<span>${language ?? ""}</span><${CopyButton} text=${() => pre.textContent} label="Copy code" />`,
    bar,
  );
}
