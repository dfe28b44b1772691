// What this browser remembers: theme, last model, drafts. Absent or forbidden storage is not an error.

/** The remembered value, or `fallback`. */
export function recall(name, fallback = null) {
  try {
    return JSON.parse(localStorage.getItem(`opencode.${name}`)) ?? fallback;
  } catch {
    return fallback;
  }
}

/** Remember a value; null forgets it. */
export function remember(name, value) {
  try {
    if (value === null || value === "") localStorage.removeItem(`opencode.${name}`);
    else localStorage.setItem(`opencode.${name}`, JSON.stringify(value));
  } catch {
    // private window or full storage: the page works without
  }
}
