// The frame: sidebar, the session on screen, and what floats above them.

import { html, LiveContext, useContext, useEffect, useState } from "../html.js";
import { amount, money, titleOf } from "../text.js";
import { Composer } from "./composer.js";
import { Icon } from "./icon.js";
import { LinkBanner } from "./link.js";
import { Permissions } from "./permission.js";
import { Questions } from "./question.js";
import { Sidebar } from "./sidebar.js";
import { Retry, Timeline } from "./timeline.js";
import { Todos } from "./todos.js";

export function App() {
  const [drawer, setDrawer] = useState(false);
  const live = useContext(LiveContext);
  const { sessionID } = live;
  useEffect(() => setDrawer(false), [sessionID.value]);
  useEffect(() => {
    const onKey = (event) => event.key === "Escape" && setDrawer(false);
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
  return html`<div class=${`app ${drawer ? "drawer" : ""}`}>
    <${Title} />
    <${Sidebar} onDone=${() => setDrawer(false)} />
    <div class="shade" onClick=${() => setDrawer(false)}></div>
    <main>
      <${Top} onMenu=${() => setDrawer(true)} drawer=${drawer} />
      <${LinkBanner} />
      <${Timeline} key=${sessionID.value} />
      <div class="dock">
        <div class="column">
          <${Retry} />
          <${Todos} key=${sessionID.value} />
          <${Permissions} />
          <${Questions} />
          <${Composer} key=${`${live.directory.value} ${sessionID.value}`} />
        </div>
      </div>
    </main>
    <${Notices} />
  </div>`;
}

/** The tab's title: what runs, and whether it waits for the reader. */
function Title() {
  const live = useContext(LiveContext);
  const { permissions, questions } = live.asks.value;
  const waits = permissions.length + questions.length > 0;
  const title = live.session.value ? titleOf(live.session.value) : "opencode";
  const mark = waits ? "● " : live.status.value.type === "idle" ? "" : "… ";
  useEffect(() => {
    document.title = mark + title;
  }, [mark, title]);
  const said = waits ? "opencode waits for your answer" : live.status.value.type === "idle" ? "" : "opencode is working";
  return html`<span class="offscreen" role="status">${said}</span>`;
}

function Top({ onMenu, drawer }) {
  const live = useContext(LiveContext);
  const session = live.session.value;
  const parent = session?.parentID;
  return html`<header class="top">
    <button type="button" class="plain menu" aria-label="Sessions" aria-expanded=${drawer} onClick=${onMenu}><${Icon} name="menu" /></button>
    ${parent && html`<button type="button" class="plain" aria-label="Back to the parent session" onClick=${() => live.go({ sessionID: parent })}><span class="flip"><${Icon} name="chevron" /></span></button>`}
    <h1>${session ? titleOf(session) : (live.sessionID.value ? "" : "New session")}</h1>
    <${Usage} />
  </header>`;
}

/** Tokens in the context, its share of the model's limit, and the cost so far. */
function Usage() {
  const live = useContext(LiveContext);
  const session = live.session.value;
  const last = live.log.value?.messages.findLast((message) => message.role === "assistant" && used(message) > 0);
  if (!session || !last) return null;
  const provider = live.providers.value.providers.find((one) => one.id === last.providerID);
  const limit = provider?.models[last.modelID]?.limit?.context;
  const tokens = used(last);
  const share = limit ? Math.min(100, Math.round((tokens / limit) * 100)) : null;
  const title = `${tokens.toLocaleString()} tokens in the context${limit ? ` of ${limit.toLocaleString()}` : ""}`;
  return html`<p class="usage" title=${title}>
    <span>${amount(tokens)} tokens${share !== null && html`<span class="share"> · ${share}%</span>`}</span>
    ${session.cost > 0 && html`<span> · ${money(session.cost)}</span>`}
  </p>`;
}

function used({ tokens }) {
  return tokens.input + tokens.output + tokens.reasoning + tokens.cache.read + tokens.cache.write;
}

function Notices() {
  const live = useContext(LiveContext);
  return html`<div class="notices" role="alert" aria-live="assertive">
    ${live.notices.value.map(
      (notice) => html`<div class="notice" key=${notice.text}>
        <span>${notice.text}</span>
        <button type="button" class="plain" aria-label="Dismiss" onClick=${() => live.hush(notice)}><${Icon} name="close" /></button>
      </div>`,
    )}
  </div>`;
}
