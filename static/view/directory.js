// Which directory the page looks at: a known project, the server's own, or a path typed in.

import { html, LiveContext, useContext, useState } from "../html.js";
import { baseName, shortPath } from "../text.js";
import { Dialog } from "./dialog.js";
import { Icon } from "./icon.js";

export function DirectoryDialog({ onClose }) {
  const live = useContext(LiveContext);
  const [typed, setTyped] = useState("");
  const home = live.paths.value?.home;
  const choose = (directory) => {
    live.go({ directory, sessionID: null });
    onClose();
  };
  const open = (event) => {
    event.preventDefault();
    const path = typed.trim().replace(/^~(?=\/|$)/, home ?? "~");
    if (path.startsWith("/") || /^[A-Za-z]:[\\/]/.test(path)) choose(path.length > 1 ? path.replace(/\/$/, "") : path);
  };
  return html`<${Dialog} title="Open a directory" onClose=${onClose}>
    <ul class="choices">
      ${places(live).map(
        (directory) => html`<li key=${directory}>
          <button type="button" aria-current=${directory === live.directory.value ? "true" : undefined} onClick=${() => choose(directory)}>
            <${Icon} name="folder" />
            <span><b>${baseName(directory)}</b><small>${shortPath(directory, { home })}</small></span>
            ${directory === live.home.value && html`<em>server’s own</em>`}
          </button>
        </li>`,
      )}
    </ul>
    <form class="inline" onSubmit=${open}>
      <label class="offscreen" for="directory">Absolute path</label>
      <input id="directory" placeholder="/path/to/a/project" spellcheck=${false} autocapitalize="off" value=${typed} onInput=${(event) => setTyped(event.target.value)} />
      <button type="submit" class="primary">Open</button>
    </form>
  <//>`;
}

function places(live) {
  const projects = [...live.projects.value].sort((a, b) => b.time.updated - a.time.updated).map((project) => project.worktree);
  return [...new Set([live.home.value, live.directory.value, ...projects])].filter((path) => path && path !== "/");
}
