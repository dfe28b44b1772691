// One line that opens to more: the shape of a tool call and of a reasoning.

import { html, useState } from "../html.js";
import { Icon } from "./icon.js";

/** `head` is always shown, `children` when open. Opens by `initially` until the reader decides. */
export function Fold({ kind, icon, head, aside, initially = false, children }) {
  const [chosen, choose] = useState(null);
  const open = chosen ?? initially;
  const toggle = (event) => {
    event.preventDefault();
    choose(!open);
  };
  return html`<details class=${`fold ${kind ?? ""}`} open=${open}>
    <summary onClick=${toggle}>
      <${Icon} name=${icon} />
      <span class="fold-head">${head}</span>
      ${aside && html`<span class="fold-aside">${aside}</span>`}
      <span class="fold-mark"><${Icon} name="chevron" /></span>
    </summary>
    ${open && html`<div class="fold-body">${children}</div>`}
  </details>`;
}
