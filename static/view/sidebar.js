// The sidebar: which directory, its sessions, the theme and the connection.

import { html, LiveContext, useContext, useState } from "../html.js";
import { recall, remember } from "../prefs.js";
import { lineage } from "../state.js";
import { ago, baseName, shortPath, titleOf } from "../text.js";
import { DirectoryDialog } from "./directory.js";
import { Icon } from "./icon.js";
import { LinkState, useNow } from "./link.js";

const THEMES = { system: "light", light: "dark", dark: "system" };
const THEME_ICONS = { system: "system", light: "sun", dark: "moon" };
const REFRESH = 30_000; // how often "5 min" is told anew

export function Sidebar({ onDone }) {
  const live = useContext(LiveContext);
  const fresh = () => {
    live.go({ sessionID: null });
    onDone();
    requestAnimationFrame(() => document.getElementById("prompt")?.focus());
  };
  return html`<aside class="side" aria-label="Sessions">
    <div class="brand"><img src="icon.svg" alt="" width="22" height="22" /><span>opencode</span></div>
    <${Place} />
    <button type="button" class="new" onClick=${fresh}><${Icon} name="plus" />New session</button>
    <${SessionList} onDone=${onDone} />
    <footer><${LinkState} /><${ThemeButton} /></footer>
  </aside>`;
}

function Place() {
  const live = useContext(LiveContext);
  const [open, setOpen] = useState(false);
  const directory = live.directory.value ?? "";
  const path = shortPath(directory, { home: live.paths.value?.home });
  return html`<button type="button" class="place" aria-haspopup="dialog" title=${directory} onClick=${() => setOpen(true)}>
      <${Icon} name="folder" />
      <span><b>${baseName(directory)}</b><small>${path}</small></span>
      <span class="fold-mark down"><${Icon} name="chevron" /></span>
    </button>
    ${open && html`<${DirectoryDialog} onClose=${() => setOpen(false)} />`}`;
}

function SessionList({ onDone }) {
  const live = useContext(LiveContext);
  const now = useNow(true, REFRESH);
  const state = live.state.value;
  const sessions = listed(state, live.directory.value);
  const current = lineage(state, live.sessionID.value).at(-1);
  const waiting = new Set([...Object.values(state.permissions), ...Object.values(state.questions)].map((r) => lineage(state, r.sessionID).at(-1)));
  if (live.ready.value && !sessions.length) return html`<p class="hint sessions">No sessions here yet.</p>`;
  const choose = (sessionID) => {
    live.go({ sessionID });
    onDone();
  };
  return html`<nav class="sessions" aria-label="Sessions of this directory">
    <ul>
      ${sessions.map((session) => {
        const mark = waiting.has(session.id) ? "waits" : (state.status[session.id]?.type ?? "");
        return html`<li key=${session.id}>
          <button type="button" aria-current=${session.id === current ? "page" : undefined} onClick=${() => choose(session.id)}>
            <${Mark} kind=${mark} />
            <span class="session-title">${titleOf(session)}</span>
            <time datetime=${new Date(session.time.updated).toISOString()}>${ago(session.time.updated, now)}</time>
          </button>
        </li>`;
      })}
    </ul>
  </nav>`;
}

function Mark({ kind }) {
  const words = { waits: "waits for you", busy: "working", retry: "waiting to retry" };
  return html`<i class=${`mark ${kind}`} role=${words[kind] ? "img" : undefined} aria-label=${words[kind]}></i>`;
}

/** The root sessions of a directory and below it, the latest first. */
function listed(state, directory) {
  return Object.values(state.sessions)
    .filter((s) => !s.parentID && !s.time.archived && (s.directory === directory || s.directory.startsWith(`${directory}/`)))
    .sort((a, b) => b.time.updated - a.time.updated);
}

function ThemeButton() {
  const [theme, setTheme] = useState(recall("theme", "system"));
  const next = () => {
    const chosen = THEMES[theme];
    setTheme(chosen);
    remember("theme", chosen === "system" ? null : chosen);
    if (chosen === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = chosen;
  };
  return html`<button type="button" class="plain" onClick=${next} aria-label=${`Theme: ${theme}`} title=${`Theme: ${theme}`}>
    <${Icon} name=${THEME_ICONS[theme]} />
  </button>`;
}
