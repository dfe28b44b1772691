// A tool call waits to be allowed: what it wants to do, and the three answers.

import { html, LiveContext, useContext, useState } from "../html.js";
import { Diff } from "./diff.js";
import { Icon } from "./icon.js";

const WANTS = {
  bash: "run a command",
  edit: "change a file",
  external_directory: "work outside this directory",
  doom_loop: "repeat the same call again",
  webfetch: "fetch an address",
  websearch: "search the web",
  read: "read a file",
  task: "start a sub-agent",
  skill: "load a skill",
};

const focus = (node) => node?.focus();

/** The requests of this session, one card at a time. */
export function Permissions() {
  const live = useContext(LiveContext);
  const [request, ...rest] = live.asks.value.permissions;
  if (!request) return null;
  return html`<${Card} key=${request.id} request=${request} more=${rest.length} />`;
}

function Card({ request, more }) {
  const live = useContext(LiveContext);
  const [refusing, setRefusing] = useState(false);
  const [reason, setReason] = useState("");
  const [sent, setSent] = useState(false);
  const reply = async (kind, message) => {
    setSent(true);
    await live.permit(request, kind, message);
    setSent(false);
  };
  const refuse = (event) => {
    event.preventDefault();
    reply("reject", reason.trim());
  };
  const buttons = html`<div class="actions">
    <button type="button" class="primary" disabled=${sent} onClick=${() => reply("once")}>Allow once</button>
    ${request.always.length > 0 &&
    html`<button type="button" disabled=${sent} title=${`Allows from now on: ${request.always.join(", ")}`} onClick=${() => reply("always")}>Always allow</button>`}
    <button type="button" disabled=${sent} onClick=${() => setRefusing(true)}>Reject…</button>
  </div>`;
  const form = html`<form class="inline" onSubmit=${refuse}>
    <label class="offscreen" for="reason">What should be done instead (optional)</label>
    <input id="reason" ref=${focus} placeholder="What to do instead (optional)" value=${reason} onInput=${(event) => setReason(event.target.value)} />
    <button type="submit" class="danger" disabled=${sent}>Reject</button>
    <button type="button" onClick=${() => setRefusing(false)}>Back</button>
  </form>`;
  return html`<section class="card ask" role="group" aria-label="Permission required">
    <h2><${Icon} name="alert" />Permission to ${WANTS[request.permission] ?? `use ${request.permission}`}${more > 0 && html`<small>${more} more</small>`}</h2>
    <${Subject} request=${request} />
    ${refusing ? form : buttons}
  </section>`;
}

/** What exactly is asked for. */
function Subject({ request }) {
  const { metadata, patterns } = request;
  const named = metadata.command ?? metadata.url ?? metadata.filepath;
  const shown = named ? [named] : patterns;
  return html`<div class="subject">
    ${shown.map((text) => html`<code class="asked">${text}</code>`)}
    ${metadata.diff && html`<${Diff} patch=${metadata.diff} />`}
    ${request.always.length > 0 && html`<p class="hint">“Always” covers ${request.always.map((pattern) => html`<code>${pattern}</code> `)}</p>`}
  </div>`;
}
