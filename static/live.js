// The living state: signals over the reducer, kept current over the bus, and what a reader can do.
//
// After every connect everything on screen is fetched anew while arriving events are held; then the
// fetched state is put in place and the held events are applied in their order. Between connects,
// events are gathered and applied once per frame.

import { batch, computed, signal } from "./html.js";
import { recall, remember } from "./prefs.js";
import { format, parse } from "./route.js";
import { apply, applyAll, empty, lineage, logOf, settle } from "./state.js";

const PAGE = 100; // messages fetched at a time
const SESSIONS = 200;
const HIDDEN_PAUSE = 300; // a hidden tab draws no frames
const SETTINGS_EVENTS = new Set(["catalog.updated", "config.updated", "agent.updated", "integration.updated"]);
const RESYNC_EVENTS = new Set(["server.instance.disposed", "global.disposed"]);

export class Live {
  state = signal(empty());
  link = signal({ phase: "connecting", attempt: 0 });
  route = signal(parse(location.hash));
  home = signal(null); // the server's own directory
  paths = signal(null); // answer of path.get for the directory on screen
  projects = signal([]);
  providers = signal({ providers: [], default: {} });
  agents = signal([]);
  config = signal({});
  choice = signal({ model: recall("model"), variant: recall("variant"), agent: recall("agent") });
  ready = signal(false); // true once the first fetch is complete
  problem = signal(null); // why the last fetch failed
  notices = signal([]);

  directory = computed(() => this.route.value.directory ?? this.home.value);
  sessionID = computed(() => this.route.value.sessionID);
  session = computed(() => this.state.value.sessions[this.sessionID.value] ?? null);
  log = computed(() => this.state.value.logs[this.sessionID.value] ?? null);
  status = computed(() => this.state.value.status[this.sessionID.value] ?? { type: "idle" });

  #bus;
  #held = null; // events that wait for the fetch under way
  #loading = new Map(); // session id -> events held while its log is fetched
  #gathered = [];
  #scheduled = 0;
  #turn = 0;
  #synced = { directory: null };

  constructor(bus) {
    this.#bus = bus;
    bus.onEvent = (params) => this.#take(params.payload);
    bus.onState = (link) => this.#linked(link);
    bus.onResync = () => this.sync();
    addEventListener("hashchange", () => this.#routed(parse(location.hash)));
    addEventListener("online", () => bus.open());
    document.addEventListener("visibilitychange", () => this.#flush());
  }

  // ---- staying current

  /** Fetch everything on screen and put it in place. */
  async sync() {
    const turn = ++this.#turn;
    this.#flush();
    this.#held = [];
    try {
      const put = await this.#fetch();
      if (turn !== this.#turn) return;
      batch(put);
    } catch (error) {
      if (turn !== this.#turn) return;
      this.#release();
      this.problem.value = error.message;
      return;
    }
    this.#open(this.sessionID.value);
  }

  /** Fetch the messages before the oldest one shown. */
  async older() {
    const sessionID = this.sessionID.value;
    const before = this.log.value?.older;
    if (!before) return;
    const page = await this.attempt(this.#messages(sessionID, before));
    const current = this.state.value.logs[sessionID];
    if (!page || current?.older !== before) return;
    const messages = [...page.messages, ...current.messages];
    const parts = { ...page.parts, ...current.parts };
    this.#putLog(sessionID, { messages, parts, older: page.older });
  }

  async #fetch() {
    if (!this.home.value) this.home.value = (await this.#call("path.get")).directory;
    const directory = this.directory.value;
    const sessionID = this.sessionID.value;
    const scope = { directory };
    const [sessions, status, permissions, questions, opened] = await Promise.all([
      this.#call("session.list", { ...scope, roots: "true", limit: SESSIONS }),
      this.#call("session.status", scope),
      this.#call("permission.list", scope),
      this.#call("question.list", scope),
      sessionID ? this.#fetchSession(sessionID).catch((error) => this.#gone(error)) : null,
      this.#fetchSettings(scope),
    ]);
    const asked = [...permissions, ...questions].map((request) => request.sessionID);
    const known = new Set([...sessions, ...(opened?.sessions ?? [])].map((session) => session.id));
    const children = await this.#missing(asked.filter((id) => !known.has(id)));
    return () => {
      const all = [...sessions, ...children, ...(opened?.sessions ?? [])];
      const state = { ...empty(), sessions: byID(all), status, permissions: byID(permissions), questions: byID(questions) };
      this.#place(state, sessionID, opened);
    };
  }

  #place(fetched, sessionID, opened) {
    const held = this.#held;
    this.#held = null;
    let state = fetched;
    state.errors = this.state.value.errors;
    if (opened) {
      const own = held.filter((event) => isMessage(event, sessionID));
      state.logs = { [sessionID]: settle(opened.log, own) };
      state.todos = { [sessionID]: opened.todos };
    }
    const rest = held.filter((event) => !(opened && isMessage(event, sessionID)));
    this.state.value = applyAll(state, rest);
    this.#synced = { directory: this.directory.value };
    this.problem.value = null;
    this.ready.value = true;
    this.#adoptChoice(sessionID);
  }

  async #fetchSession(sessionID) {
    const scope = { sessionID };
    const [session, children, todos, log] = await Promise.all([
      this.#call("session.get", scope),
      this.#call("session.children", scope),
      this.#call("session.todo", scope),
      this.#messages(sessionID),
    ]);
    const parents = session.parentID ? await this.#missing([session.parentID]) : [];
    return { sessions: [...parents, session, ...children], todos, log };
  }

  async #messages(sessionID, before) {
    const params = { sessionID, limit: PAGE, ...(before ? { before } : {}) };
    const { result, meta } = await this.#bus.call("session.messages", params, { whole: true });
    if (!before) this.#contained(sessionID);
    return logOf(result, meta.nextCursor ?? null);
  }

  /** The answer just taken is the state between two events: those before it are in it. */
  #contained(sessionID) {
    this.#held = this.#held?.filter((event) => !isMessage(event, sessionID)) ?? null;
    this.#loading.get(sessionID)?.splice(0);
  }

  async #fetchSettings(scope) {
    const [paths, projects, providers, agents, config] = await Promise.all([
      this.#call("path.get", scope),
      this.#call("project.list", scope),
      this.#call("config.providers", scope),
      this.#call("app.agents", scope),
      this.#call("config.get", scope),
    ]);
    batch(() => {
      this.paths.value = paths;
      this.projects.value = projects;
      this.providers.value = providers;
      this.agents.value = agents.filter((agent) => agent.mode !== "subagent" && !agent.hidden);
      this.config.value = config;
    });
  }

  async #missing(ids) {
    const unique = [...new Set(ids)];
    const answers = await Promise.allSettled(unique.map((sessionID) => this.#call("session.get", { sessionID })));
    return answers.filter((answer) => answer.status === "fulfilled").map((answer) => answer.value);
  }

  /** Leave a session that does not exist; any other error goes on. */
  #gone(error) {
    if (error.status !== 404 && error.status !== 400) throw error;
    this.notify("This session does not exist (any more).");
    this.go({ sessionID: null });
    return null;
  }

  async #open(sessionID) {
    if (!sessionID || this.state.value.logs[sessionID] || this.#loading.has(sessionID)) return;
    if (this.link.value.phase !== "open" || this.#held) return; // the sync under way, or the next, will
    const held = [];
    this.#loading.set(sessionID, held);
    const turn = this.#turn;
    try {
      const opened = await this.#fetchSession(sessionID).catch((error) => this.#gone(error));
      if (turn !== this.#turn || !opened) return;
      this.#flush();
      batch(() => {
        const state = this.state.value;
        const sessions = { ...state.sessions, ...byID(opened.sessions) };
        const todos = { ...state.todos, [sessionID]: opened.todos };
        this.state.value = { ...state, sessions, todos };
        this.#putLog(sessionID, settle(opened.log, held));
        this.#adoptChoice(sessionID);
      });
    } catch (error) {
      if (turn === this.#turn) this.problem.value = error.message;
    } finally {
      this.#loading.delete(sessionID);
    }
  }

  #putLog(sessionID, log) {
    const state = this.state.value;
    this.state.value = { ...state, logs: { ...state.logs, [sessionID]: log } };
  }

  #linked(link) {
    this.link.value = link;
    if (link.phase === "open") this.sync();
    else {
      this.#turn += 1;
      this.#release();
    }
  }

  #release() {
    const held = this.#held;
    this.#held = null;
    if (held?.length) this.state.value = applyAll(this.state.value, held);
  }

  #routed(route) {
    batch(() => {
      this.route.value = route;
    });
    if (this.link.value.phase !== "open") return;
    if (this.directory.value !== this.#synced.directory) this.sync();
    else this.#open(route.sessionID);
  }

  #take(event) {
    if (RESYNC_EVENTS.has(event.type)) return void this.sync();
    if (SETTINGS_EVENTS.has(event.type)) this.#refresh();
    for (const [sessionID, held] of this.#loading) if (isMessage(event, sessionID)) held.push(event);
    if (this.#held) return void this.#held.push(event);
    this.#gathered.push(event);
    this.#schedule();
  }

  #schedule() {
    if (this.#scheduled) return;
    const flush = () => this.#flush();
    this.#scheduled = document.hidden ? setTimeout(flush, HIDDEN_PAUSE) : requestAnimationFrame(flush);
  }

  #flush() {
    this.#scheduled = 0;
    const events = this.#gathered;
    if (!events.length) return;
    this.#gathered = [];
    this.state.value = applyAll(this.state.value, events);
    for (const { type, properties } of events) {
      if (type === "permission.asked" || type === "question.asked") this.#adopt(properties.sessionID);
    }
  }

  async #adopt(sessionID) {
    if (this.state.value.sessions[sessionID]) return;
    for (const info of await this.#missing([sessionID])) {
      this.state.value = apply(this.state.value, { type: "session.updated", properties: { info } });
    }
  }

  #refresh() {
    this.#fetchSettings({ directory: this.directory.value }).catch(() => {}); // the next sync reports it
  }

  // ---- what a reader can do

  /** Go to a directory or a session. */
  go({ directory = this.directory.value, sessionID = null }) {
    const fragment = format({ directory, sessionID });
    if (fragment === location.hash) return;
    location.hash = fragment;
    this.#routed({ directory, sessionID });
  }

  /** Send a prompt, in a new session when none is open. Resolves to whether it was accepted. */
  async send(parts) {
    const { model, variant, agent } = this.settled.value;
    const directory = this.session.value?.directory ?? this.directory.value;
    const chosen = { ...(model && { model }), ...(agent && { agent }), ...(variant && { variant }) };
    const sent = (async () => {
      const sessionID = this.sessionID.value ?? (await this.#create(directory));
      try {
        await this.#call("session.prompt_async", { sessionID, directory, parts, ...chosen });
      } catch (error) {
        if (!this.sessionID.value) this.#call("session.delete", { sessionID, directory }).catch(() => {});
        throw error;
      }
      if (!this.sessionID.value) this.go({ sessionID });
      return true;
    })();
    return (await this.attempt(sent)) === true;
  }

  async #create(directory) {
    const info = await this.#call("session.create", { directory });
    this.state.value = apply(this.state.value, { type: "session.created", properties: { info } });
    return info.id;
  }

  stop() {
    return this.attempt(this.#call("session.abort", this.#own(this.sessionID.value)));
  }

  /** Answer a permission request: once, always or reject (with an optional message to the model). */
  permit(request, reply, message = "") {
    const params = { ...this.#own(request.sessionID), requestID: request.id, reply, ...(message && { message }) };
    delete params.sessionID;
    return this.attempt(this.#call("permission.reply", params));
  }

  /** Answer a question request: one list of labels or own words per question. */
  answer(request, answers) {
    const { directory } = this.#own(request.sessionID);
    return this.attempt(this.#call("question.reply", { directory, requestID: request.id, answers }));
  }

  dismiss(request) {
    const { directory } = this.#own(request.sessionID);
    return this.attempt(this.#call("question.reject", { directory, requestID: request.id }));
  }

  /** What the next prompt will use: the reader's choice where it is still possible. */
  settled = computed(() => {
    const { model, variant, agent } = this.choice.value;
    const { providers, default: defaults } = this.providers.value;
    const usable = (m) => providers.find((p) => p.id === m?.providerID)?.models[m.modelID] && m;
    const [providerID, ...rest] = (this.config.value.model ?? "").split("/");
    const configured = usable({ providerID, modelID: rest.join("/") });
    const first = providers.map((p) => ({ providerID: p.id, modelID: defaults[p.id] ?? Object.keys(p.models)[0] })).find(usable);
    const chosen = usable(model) || configured || first || null;
    const info = chosen && providers.find((p) => p.id === chosen.providerID).models[chosen.modelID];
    const names = this.agents.value.map((a) => a.name);
    return {
      model: chosen,
      info,
      variant: variant && info?.variants?.[variant] ? variant : null,
      agent: names.includes(agent) ? agent : (names[0] ?? null),
    };
  });

  choose(change) {
    this.choice.value = { ...this.choice.value, ...change };
    for (const [name, value] of Object.entries(change)) remember(name, value);
  }

  /** The requests that belong to the session on screen, its sub-sessions included. */
  asks = computed(() => {
    const state = this.state.value;
    const here = (request) => lineage(state, request.sessionID).includes(this.sessionID.value);
    return {
      permissions: Object.values(state.permissions).filter(here),
      questions: Object.values(state.questions).filter(here),
    };
  });

  /** Await an action; a failure is shown and resolves to undefined. */
  async attempt(promise) {
    try {
      return await promise;
    } catch (error) {
      this.notify(error.message);
    }
  }

  notify(text) {
    const notice = { text };
    this.notices.value = [...this.notices.value.filter((known) => known.text !== text), notice];
    setTimeout(() => this.hush(notice), 8000);
  }

  hush(notice) {
    this.notices.value = this.notices.value.filter((known) => known !== notice);
  }

  reconnect() {
    this.#bus.open();
  }

  #own(sessionID) {
    return { sessionID, directory: this.state.value.sessions[sessionID]?.directory ?? this.directory.value };
  }

  #adoptChoice(sessionID) {
    if (!sessionID) return;
    const user = this.state.value.logs[sessionID]?.messages.findLast((message) => message.role === "user");
    if (!user) return;
    const { providerID, modelID, variant = null } = user.model;
    this.choice.value = { model: { providerID, modelID }, variant, agent: user.agent };
  }

  #call(method, params) {
    return this.#bus.call(method, params);
  }
}

function byID(items) {
  return Object.fromEntries(items.map((item) => [item.id, item]));
}

function isMessage(event, sessionID) {
  return event.type.startsWith("message.") && event.properties.sessionID === sessionID;
}
