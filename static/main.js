// The start: one bus, one living state, one tree of views.

import { Bus } from "./bus.js";
import { html, LiveContext, render } from "./html.js";
import { Live } from "./live.js";
import { App } from "./view/app.js";

const address = new URL("ws", document.baseURI);
address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
address.hash = "";
address.search = "";

const bus = new Bus({ url: address.href, onEvent() {}, onState() {} });
const live = new Live(bus);
render(html`<${LiveContext.Provider} value=${live}><${App} /><//>`, document.getElementById("app"));
bus.open();
