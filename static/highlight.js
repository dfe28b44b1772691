// Colours for code: highlight.js and its grammars, fetched when the first block of a language is shown.

const ALIASES = {
  bash: ["sh", "shell", "zsh", "console", "shellsession"],
  css: [],
  diff: ["patch"],
  go: ["golang"],
  javascript: ["js", "jsx", "mjs", "cjs"],
  json: ["jsonc", "json5"],
  markdown: ["md"],
  python: ["py", "python3", "pyi"],
  rust: ["rs"],
  sql: [],
  typescript: ["ts", "tsx", "mts"],
  xml: ["html", "svg", "xhtml", "vue"],
  yaml: ["yml"],
};
const GRAMMARS = new Map(Object.entries(ALIASES).flatMap(([name, more]) => [name, ...more].map((alias) => [alias, name])));
const LARGE = 60_000; // characters

/** The grammar for a language name or a file's extension; undefined when there is none. */
export function grammar(name) {
  return GRAMMARS.get(name?.toLowerCase());
}

/** The code as HTML of coloured spans, or null when it stays plain. */
export async function highlighted(code, name) {
  const language = grammar(name);
  if (!language || code.length > LARGE) return null;
  const [{ default: core }, { default: rules }] = await Promise.all([
    import("./vendor/highlight/core.js"),
    import(`./vendor/highlight/${language}.js`),
  ]);
  if (!core.getLanguage(language)) core.registerLanguage(language, rules);
  return core.highlight(code, { language, ignoreIllegals: true }).value;
}
