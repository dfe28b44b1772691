// Files that travel with a prompt or come back from a tool.

import { html } from "../html.js";
import { baseName } from "../text.js";
import { Icon } from "./icon.js";

/** Files as pictures where they are pictures we hold, else by name. */
export function Attachments({ files }) {
  return html`<ul class="attachments">
    ${files.map((file) => {
      const name = file.filename ?? (file.url.startsWith("data:") ? file.mime : baseName(file.url));
      const picture = /^data:image\/(?:png|jpe?g|gif|webp);base64,/i.test(file.url);
      return html`<li key=${file.id}>${picture ? html`<img src=${file.url} alt=${name} loading="lazy" />` : html`<span><${Icon} name="file" />${name}</span>`}</li>`;
    })}
  </ul>`;
}
