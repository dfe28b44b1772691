// Code: a copy button and, when its grammar has arrived, colours.

import { highlighted } from "../highlight.js";
import { html, useEffect, useRef, useState } from "../html.js";
import { clean } from "../markdown.js";
import { copy } from "../text.js";
import { Icon } from "./icon.js";

const SHOWN = 1500; // ms the button says that it worked

/** A button that copies what `text()` gives. */
export function CopyButton({ text, label = "Copy" }) {
  const [done, setDone] = useState(false);
  const press = async () => {
    if (!(await copy(text()))) return;
    setDone(true);
    setTimeout(() => setDone(false), SHOWN);
  };
  return html`<button type="button" class="copy" onClick=${press} aria-label=${done ? "Copied" : label} title=${label}>
    <${Icon} name=${done ? "check" : "copy"} />
  </button>`;
}

/** Plain text in a scrolling box that stays at its end while it grows. */
export function Output({ text, language, growing = false }) {
  const box = useRef();
  useEffect(() => {
    if (growing && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [text, growing]);
  useEffect(() => {
    if (!growing) paint(box.current, language);
  }, [text, language, growing]);
  return html`<div class="code">
    <pre ref=${box} tabindex="0"><code key=${text}>${text}</code></pre>
    <${CopyButton} text=${() => text} />
  </div>`;
}

/** Colour a `pre` in place; nothing happens for an unknown language. */
export async function paint(pre, language) {
  const code = pre?.firstElementChild;
  if (!code) return;
  const colours = await highlighted(code.textContent, language).catch(() => null);
  if (colours && code.isConnected) code.innerHTML = clean(colours);
}
