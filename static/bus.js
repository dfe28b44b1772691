// One WebSocket for everything: calls by operation id, events as notifications (JSON-RPC 2.0).
//
// The bus says honestly how it stands through `onState`: {phase: "connecting"}, {phase: "open"},
// {phase: "waiting", until, attempt} and {phase: "refused", reason}. It reconnects by itself; whoever
// listens fetches anew after each "open", since nothing is delivered while it is closed.

const SILENCE = 30_000; // the server sends a heartbeat every 10 s
const FIRST_WAIT = 250;
const LONGEST_WAIT = 10_000;
const CALL_LIMIT = 120_000;
const FINAL = { 4400: "The server did not accept this page's handshake.", 4401: "The server asks for its password: reload the page.", 4403: "The server does not allow this origin." };

/** An error answer: `status` and `body` are those of the operation, when it got that far. */
export class CallError extends Error {
  constructor(message, { code, status, body } = {}) {
    super(message);
    this.name = "CallError";
    this.code = code;
    this.status = status;
    this.body = body;
  }
}

export class Bus {
  #url;
  #socket = null;
  #calls = new Map();
  #nextID = 1;
  #attempt = 0;
  #silence = 0;
  #retry = 0;
  #closed = false;

  /** @param {{url: string, onEvent: function, onState: function, onResync?: function}} options */
  constructor({ url, onEvent, onState, onResync = () => {} }) {
    this.#url = url;
    this.onEvent = onEvent;
    this.onState = onState;
    this.onResync = onResync;
  }

  /** Connect now, also when a wait is running. */
  open() {
    clearTimeout(this.#retry);
    this.#closed = false;
    if (this.#socket) return;
    this.onState({ phase: "connecting", attempt: this.#attempt });
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    socket.onopen = () => this.#greet(socket);
    socket.onmessage = ({ data }) => socket === this.#socket && this.#receive(data);
    socket.onclose = ({ code }) => socket === this.#socket && this.#lost(code);
    this.#listen(socket);
  }

  /** Disconnect and stay so until `open`. */
  close() {
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#socket?.close(1000);
  }

  /** Call an operation; resolves to its result, or with `whole` to `{result, meta}`. */
  call(method, params = {}, { whole = false } = {}) {
    const socket = this.#socket;
    if (socket?.readyState !== WebSocket.OPEN) {
      return Promise.reject(new CallError("Not connected to the server."));
    }
    return new Promise((resolve, reject) => {
      const id = this.#nextID++;
      const timer = setTimeout(() => this.#fail(id, `${method} was not answered.`), CALL_LIMIT);
      this.#calls.set(id, { resolve, reject, timer, whole });
      socket.send(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
    });
  }

  async #greet(socket) {
    try {
      await this.call("initialize", { clientInfo: { name: "page", version: "1" }, subscribe: [{}] });
    } catch {
      socket.close(4000);
      return;
    }
    if (socket !== this.#socket) return;
    this.#attempt = 0;
    this.onState({ phase: "open" });
  }

  #listen(socket) {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => {
      socket.close();
      this.#lost(1006); // a dead peer never completes the closing handshake
    }, SILENCE);
  }

  #receive(data) {
    this.#listen(this.#socket);
    const message = JSON.parse(data);
    if (message.method === "event") return this.onEvent(message.params);
    if (message.method === "events") return message.params.items.forEach((item) => this.onEvent(item));
    if (message.method === "resync") return this.onResync(message.params);
    if ("id" in message && !message.method) this.#answer(message);
  }

  #answer({ id, result, meta, error }) {
    const call = this.#calls.get(id);
    if (!call) return;
    this.#calls.delete(id);
    clearTimeout(call.timer);
    if (error) call.reject(new CallError(error.message, { code: error.code, ...error.data }));
    else call.resolve(call.whole ? { result, meta: meta ?? {} } : result);
  }

  #fail(id, reason) {
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    clearTimeout(call?.timer);
    call?.reject(new CallError(reason));
  }

  #lost(code) {
    const socket = this.#socket;
    this.#socket = null;
    socket.onmessage = socket.onclose = null;
    clearTimeout(this.#silence);
    for (const id of [...this.#calls.keys()]) this.#fail(id, "The connection was lost before the server answered.");
    if (this.#closed) return this.onState({ phase: "closed" });
    if (FINAL[code]) return this.onState({ phase: "refused", reason: FINAL[code] });
    const wait = Math.min(FIRST_WAIT * 2 ** this.#attempt, LONGEST_WAIT) * (0.8 + 0.4 * Math.random());
    this.#attempt += 1;
    this.#retry = setTimeout(() => this.open(), wait);
    this.onState({ phase: "waiting", until: Date.now() + wait, attempt: this.#attempt });
  }
}
