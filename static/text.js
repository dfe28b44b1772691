// Small readings of values as text: times, amounts, paths, terminal output, diffs.

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** "now", "5 min", "3 h", "2 d", or a date. */
export function ago(time, now = Date.now()) {
  const passed = now - time;
  if (passed < MINUTE) return "now";
  if (passed < HOUR) return `${Math.floor(passed / MINUTE)} min`;
  if (passed < DAY) return `${Math.floor(passed / HOUR)} h`;
  if (passed < 7 * DAY) return `${Math.floor(passed / DAY)} d`;
  return new Date(time).toLocaleDateString(undefined, { day: "numeric", month: "short" });
}

/** "0.4 s", "12 s", "3 min 5 s". */
export function duration(ms) {
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** "950", "12.3k", "1.2M". */
export function amount(count) {
  if (count < 1000) return String(count);
  if (count < 1e6) return `${(count / 1e3).toFixed(count < 1e4 ? 1 : 0)}k`;
  return `${(count / 1e6).toFixed(1)}M`;
}

/** "$0.00", "$0.0031", "$1.27". */
export function money(cost) {
  return `$${cost.toFixed(cost > 0 && cost < 0.01 ? 4 : 2)}`;
}

/** A session's title; the one it has before the model found a better one is shortened. */
export function titleOf(session) {
  return session.title.replace(/^(New session|Child session) - \d{4}-.*/, "$1") || "Untitled";
}

/** A path as seen from a directory, or with the home directory as "~". */
export function shortPath(path, { directory = "", home = "" } = {}) {
  if (directory && path === directory) return ".";
  if (directory && path.startsWith(`${directory}/`)) return path.slice(directory.length + 1);
  if (home && (path === home || path.startsWith(`${home}/`))) return `~${path.slice(home.length)}`;
  return path;
}

export function baseName(path) {
  return path.split("/").filter(Boolean).at(-1) ?? path;
}

/** Terminal output without its control sequences; a carriage return overwrites its line. */
export function plainOutput(text) {
  // eslint-disable-next-line no-control-regex
  const bare = text.replace(/\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])/g, "");
  return bare.replaceAll("\r\n", "\n").replace(/[^\n]*\r(?!\n)/g, "");
}

/** The lines of a unified diff: `{kind: "add" | "del" | "same" | "gap", before, after, text}`, and its files. */
export function diffLines(patch) {
  const lines = [];
  let before = 0;
  let after = 0;
  let inside = false;
  for (const line of patch.replace(/\n$/, "").split("\n")) {
    const hunk = /^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@/.exec(line);
    if (hunk) {
      if (lines.length) lines.push({ kind: "gap", text: "" });
      [before, after, inside] = [Number(hunk[1]), Number(hunk[2]), true];
    } else if (/^(?:Index: |diff --git |={20,})/.test(line)) inside = false;
    else if (!inside || line.startsWith("\\")) continue;
    else if (line.startsWith("+")) lines.push({ kind: "add", after: after++, text: line.slice(1) });
    else if (line.startsWith("-")) lines.push({ kind: "del", before: before++, text: line.slice(1) });
    else lines.push({ kind: "same", before: before++, after: after++, text: line.slice(1) });
  }
  return lines;
}

/** Copy text, also where the page has no secure origin. Resolves to whether it worked. */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "offscreen";
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}
