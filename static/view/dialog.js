// A modal dialog of the browser's own kind: it keeps the focus inside and closes on Escape.
// An element marked `data-first` has the focus at the start.

import { html, useEffect, useRef } from "../html.js";
import { Icon } from "./icon.js";

export function Dialog({ title, onClose, children }) {
  const node = useRef();
  useEffect(() => {
    node.current.showModal();
    node.current.querySelector("[data-first]")?.focus();
  }, []);
  const outside = (event) => event.target === node.current && node.current.close();
  return html`<dialog ref=${node} aria-label=${title} onClose=${onClose} onClick=${outside}>
    <div class="dialog-inner">
      <header>
        <h2>${title}</h2>
        <button type="button" class="plain" aria-label="Close" onClick=${() => node.current.close()}><${Icon} name="close" /></button>
      </header>
      ${children}
    </div>
  </dialog>`;
}
