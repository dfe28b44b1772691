// Where the reader is, as the address' fragment: `#/<directory in base64url>/<session id>`.
//
// A fragment works under any path a proxy may put the page at, and never reaches the server's log.

/** `{directory, sessionID}` of a fragment; both null when it names nothing. */
export function parse(fragment) {
  const [, encoded, sessionID] = fragment.replace(/^#/, "").split("/");
  return { directory: encoded ? decode(encoded) : null, sessionID: sessionID || null };
}

/** The fragment of a place. */
export function format({ directory, sessionID = null }) {
  const encoded = encode(directory);
  return sessionID ? `#/${encoded}/${sessionID}` : `#/${encoded}`;
}

function encode(text) {
  const bytes = String.fromCharCode(...new TextEncoder().encode(text));
  return btoa(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function decode(encoded) {
  try {
    const bytes = atob(encoded.replaceAll("-", "+").replaceAll("_", "/"));
    return new TextDecoder().decode(Uint8Array.from(bytes, (char) => char.charCodeAt(0)));
  } catch {
    return null;
  }
}
