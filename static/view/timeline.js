// The conversation: turns in order, following their end while the reader is there.

import { html, LiveContext, useContext, useEffect, useLayoutEffect, useRef, useState } from "../html.js";
import { Icon } from "./icon.js";
import { useNow } from "./link.js";
import { Failure, Turn } from "./message.js";
import { NoModels } from "./model.js";

const NEAR = 60; // pixels from the end that still count as being there

export function Timeline() {
  const live = useContext(LiveContext);
  const box = useRef();
  const inner = useRef();
  const follow = useRef(true);
  const [away, setAway] = useState(false);
  const log = live.log.value;

  const toEnd = () => {
    const node = box.current; // null when the observer reports after the view has gone
    if (node) node.scrollTop = node.scrollHeight;
  };
  const onScroll = () => {
    const { scrollTop, scrollHeight, clientHeight } = box.current;
    follow.current = scrollHeight - scrollTop - clientHeight < NEAR;
    setAway(!follow.current);
  };
  useLayoutEffect(() => {
    if (follow.current) toEnd();
  });
  useEffect(() => {
    const watch = new ResizeObserver(() => follow.current && toEnd());
    watch.observe(inner.current);
    watch.observe(box.current);
    return () => watch.disconnect();
  }, []);

  return html`<div class="timeline" ref=${box} onScroll=${onScroll} tabindex="-1">
    <div class="column" ref=${inner}>
      <${Older} log=${log} box=${box} />
      <${Body} log=${log} />
    </div>
    ${away && html`<button type="button" class="latest" onClick=${() => ((follow.current = true), toEnd())}><${Icon} name="down" />Latest</button>`}
  </div>`;
}

function Body({ log }) {
  const live = useContext(LiveContext);
  const session = live.session.value;
  const error = live.state.value.errors[live.sessionID.value];
  if (!live.sessionID.value) return html`<${Welcome} />`;
  if (!log) return html`<p class="hint center" role="status">Loading…</p>`;
  const busy = live.status.value.type !== "idle";
  const turns = turnsOf(log, session?.revert?.messageID);
  const hidden = log.messages.length - turns.reduce((sum, turn) => sum + turn.length, 0);
  const reported = log.messages.some((message) => message.error && same(message.error, error));
  return html`
    ${turns.map((messages, at) => {
      const parts = messages.map((message) => log.parts[message.id] ?? NONE);
      const last = at === turns.length - 1;
      return html`<${Turn} key=${messages[0].id} messages=${messages} parts=${parts} busy=${busy && last} />`;
    })}
    ${hidden > 0 && html`<p class="hint center">${hidden} ${hidden === 1 ? "message is" : "messages are"} undone.</p>`}
    ${error && !reported && html`<${Failure} error=${error} />`}
    ${!turns.length && !busy && html`<p class="hint center">Nothing has been said yet.</p>`}
  `;
}

function Welcome() {
  const live = useContext(LiveContext);
  if (!live.ready.value) return html`<p class="hint center" role="status">${live.link.value.phase === "open" ? "Loading…" : ""}</p>`;
  const lacking = !live.settled.value.model;
  return html`<div class="welcome">
    <img src="icon.svg" alt="" width="52" height="52" />
    <h2>What should be done?</h2>
    <p class="path">${live.directory.value}</p>
    ${lacking && html`<div class="card"><${NoModels} /></div>`}
  </div>`;
}

function Older({ log, box }) {
  const live = useContext(LiveContext);
  const [busy, setBusy] = useState(false);
  if (!log?.older) return null;
  const load = async () => {
    setBusy(true);
    const below = box.current.scrollHeight - box.current.scrollTop;
    await live.older();
    setBusy(false);
    // What the reader was looking at stays where it is.
    requestAnimationFrame(() => {
      if (box.current) box.current.scrollTop = box.current.scrollHeight - below;
    });
  };
  return html`<button type="button" class="quiet center" disabled=${busy} onClick=${load}>Show earlier messages</button>`;
}

/** The countdown to the next try after the provider refused. */
export function Retry() {
  const live = useContext(LiveContext);
  const status = live.status.value;
  const now = useNow(status.type === "retry", 250);
  if (status.type !== "retry") return null;
  const seconds = Math.max(0, Math.ceil((status.next - now) / 1000));
  return html`<div class="card retry" role="status">
    <${Icon} name="alert" />
    <span><b>${status.message}</b> Trying again ${seconds > 0 ? `in ${seconds} s` : "now"} (attempt ${status.attempt + 1}).</span>
  </div>`;
}

const NONE = [];

/** Messages grouped by the prompt they belong to; those from `until` on are undone and left out. */
function turnsOf(log, until) {
  const turns = [];
  for (const message of log.messages) {
    if (until && message.id >= until) break;
    if (message.role === "user" || !turns.length) turns.push([message]);
    else turns.at(-1).push(message);
  }
  return turns;
}

function same(a, b) {
  return a.name === b?.name && a.data?.message === b?.data?.message;
}
