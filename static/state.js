// What the page knows, and how an event changes it. Pure: no I/O, no clock, no view.
//
// A state is never changed in place; untouched branches keep their identity, which is how the views
// know what to draw again. `logs` holds the messages of the sessions that were opened; events of other
// sessions' messages are dropped, because opening a session fetches it.

/** The state before anything was fetched. */
export function empty() {
  return {
    sessions: {}, // id -> Session
    status: {}, // session id -> {type: "busy" | "retry", ...}; idle sessions are absent
    permissions: {}, // id -> request that waits for a person
    questions: {}, // id -> request that waits for a person
    todos: {}, // session id -> Todo[]
    errors: {}, // session id -> the last error that was reported, until the next prompt
    logs: {}, // session id -> {messages: Message[], parts: {message id -> Part[]}, older: cursor | null}
  };
}

/** The log of a session from the answer of `session.messages`. */
export function logOf(items, older = null) {
  const log = { messages: [], parts: {}, older };
  for (const { info, parts } of items) {
    log.messages.push(info);
    log.parts[info.id] = parts;
  }
  log.messages.sort(byTime);
  return log;
}

/** The state after one event `{type, properties}`. Unknown events change nothing. */
export function apply(state, event) {
  const change = CHANGES[event.type];
  return change ? change(state, event.properties) : state;
}

/** The state after several events, neighbouring deltas of one part taken as one. */
export function applyAll(state, events) {
  return joined(events).reduce(apply, state);
}

/** A fetched log with the events that came after the answer that brought it. */
export function settle(log, events) {
  const own = events.map(({ type, properties }) => ({ type, properties: { ...properties, sessionID: "_" } }));
  return applyAll({ ...empty(), logs: { _: log } }, own).logs._;
}

/** The session and, above it, its parents: [session, parent, ...]; unknown ones end the line. */
export function lineage(state, sessionID) {
  const line = [];
  for (let id = sessionID; id && !line.includes(id); id = state.sessions[id]?.parentID) line.push(id);
  return line;
}

const CHANGES = {
  "session.created": (state, { info }) => put(state, "sessions", info.id, info),
  "session.updated": (state, { info }) => put(state, "sessions", info.id, { ...state.sessions[info.id], ...info }),
  "session.deleted": (state, { info, sessionID }) => forget(state, info?.id ?? sessionID),
  "session.status": (state, { sessionID, status }) =>
    status.type === "idle" ? drop(state, "status", sessionID) : put(state, "status", sessionID, status),
  "session.idle": (state, { sessionID }) => drop(state, "status", sessionID),
  "session.error": (state, { sessionID, error }) =>
    sessionID && error ? put(state, "errors", sessionID, error) : state,
  "todo.updated": (state, { sessionID, todos }) => put(state, "todos", sessionID, todos),
  "permission.asked": (state, request) => put(state, "permissions", request.id, request),
  "permission.replied": (state, { requestID }) => drop(state, "permissions", requestID),
  "question.asked": (state, request) => put(state, "questions", request.id, request),
  "question.replied": (state, { requestID }) => drop(state, "questions", requestID),
  "question.rejected": (state, { requestID }) => drop(state, "questions", requestID),
  "message.updated": (state, { sessionID, info }) => {
    const known = inLog(state, sessionID, (log) => ({ ...log, messages: withMessage(log.messages, info) }));
    const fresh = info.role === "user" && !state.logs[sessionID]?.messages.some((m) => m.id === info.id);
    return fresh ? drop(known, "errors", sessionID) : known;
  },
  "message.removed": (state, { sessionID, messageID }) =>
    inLog(state, sessionID, (log) => ({
      ...log,
      messages: log.messages.filter((message) => message.id !== messageID),
      parts: without(log.parts, messageID),
    })),
  "message.part.updated": (state, { sessionID, part }) =>
    inParts(state, sessionID, part.messageID, (parts) => withPart(parts, part)),
  "message.part.removed": (state, { sessionID, messageID, partID }) =>
    inParts(state, sessionID, messageID, (parts) => parts.filter((part) => part.id !== partID)),
  "message.part.delta": (state, { sessionID, messageID, partID, field, delta }) => {
    if (!state.logs[sessionID]?.parts[messageID]?.some((part) => part.id === partID)) return state;
    return inParts(state, sessionID, messageID, (parts) =>
      parts.map((part) => (part.id === partID ? { ...part, [field]: (part[field] ?? "") + delta } : part)),
    );
  },
};

function put(state, name, id, value) {
  return { ...state, [name]: { ...state[name], [id]: value } };
}

function drop(state, name, id) {
  return id in state[name] ? { ...state, [name]: without(state[name], id) } : state;
}

function without(table, id) {
  const { [id]: _, ...rest } = table;
  return rest;
}

function forget(state, sessionID) {
  let next = state;
  for (const name of ["sessions", "status", "todos", "errors", "logs"]) next = drop(next, name, sessionID);
  for (const name of ["permissions", "questions"]) {
    for (const request of Object.values(next[name])) {
      if (request.sessionID === sessionID) next = drop(next, name, request.id);
    }
  }
  return next;
}

function inLog(state, sessionID, change) {
  const log = state.logs[sessionID];
  return log ? put(state, "logs", sessionID, change(log)) : state;
}

function inParts(state, sessionID, messageID, change) {
  return inLog(state, sessionID, (log) => ({
    ...log,
    parts: { ...log.parts, [messageID]: change(log.parts[messageID] ?? []) },
  }));
}

function withMessage(messages, info) {
  const at = messages.findIndex((message) => message.id === info.id);
  if (at >= 0) return messages.with(at, info);
  return [...messages, info].sort(byTime);
}

function withPart(parts, part) {
  const at = parts.findIndex((known) => known.id === part.id);
  if (at >= 0) return parts.with(at, part);
  const after = parts.findIndex((known) => known.id > part.id);
  return after < 0 ? [...parts, part] : parts.toSpliced(after, 0, part);
}

function byTime(a, b) {
  return a.time.created - b.time.created || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}

function joined(events) {
  const out = [];
  for (const event of events) {
    const last = out.at(-1);
    if (follows(last, event)) {
      const delta = last.properties.delta + event.properties.delta;
      out[out.length - 1] = { ...last, properties: { ...last.properties, delta } };
    } else out.push(event);
  }
  return out;
}

function follows(last, event) {
  return (
    last?.type === "message.part.delta" &&
    event.type === "message.part.delta" &&
    last.properties.partID === event.properties.partID &&
    last.properties.field === event.properties.field
  );
}
