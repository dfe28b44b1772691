// How the connection stands, said honestly: a word in the sidebar, a banner while it is not there.

import { html, LiveContext, useContext, useEffect, useState } from "../html.js";
import { Icon } from "./icon.js";

const GRACE = 800; // ms before the banner interrupts anybody
const LONG = 5; // attempts after which a reload is offered

/** Milliseconds that tick: the time now, once per `every` while `active`. */
export function useNow(active, every = 500) {
  const [now, tick] = useState(Date.now());
  useEffect(() => {
    if (!active) return;
    const timer = setInterval(() => tick(Date.now()), every);
    return () => clearInterval(timer);
  }, [active, every]);
  return now;
}

/** A dot and a word. */
export function LinkState() {
  const { phase } = useContext(LiveContext).link.value;
  const words = { open: "Connected", connecting: "Connecting", waiting: "Disconnected", refused: "Refused", closed: "Closed" };
  return html`<span class=${`link-state ${phase}`} role="status"><i></i>${words[phase]}</span>`;
}

/** The banner: what is wrong, when the next try comes, and a way to try now. */
export function LinkBanner() {
  const live = useContext(LiveContext);
  const link = live.link.value;
  const away = link.phase !== "open";
  const [late, setLate] = useState(false);
  const now = useNow(away && link.phase === "waiting");
  useEffect(() => {
    if (!away) return setLate(false);
    const timer = setTimeout(() => setLate(true), GRACE);
    return () => clearTimeout(timer);
  }, [away]);
  if (away && late) return html`<${Away} link=${link} now=${now} live=${live} />`;
  if (live.problem.value) {
    return html`<div class="banner bad" role="alert">
      <${Icon} name="alert" /><span>${live.problem.value}</span>
      <button type="button" onClick=${() => live.sync()}>Try again</button>
    </div>`;
  }
  return null;
}

function Away({ link, now, live }) {
  const seconds = Math.max(0, Math.ceil((link.until - now) / 1000));
  const text = {
    connecting: "Connecting to the server…",
    waiting: `The server cannot be reached. Next try in ${seconds} s.`,
    refused: link.reason,
    closed: "Disconnected.",
  }[link.phase];
  return html`<div class="banner" role="alert">
    <${Icon} name="alert" /><span>${text}</span>
    ${link.phase === "waiting" && html`<button type="button" onClick=${() => live.reconnect()}>Try now</button>`}
    ${(link.phase === "refused" || link.attempt >= LONG) &&
    html`<button type="button" onClick=${() => location.reload()}>Reload</button>`}
  </div>`;
}
