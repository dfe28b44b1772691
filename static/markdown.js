// Markdown of the model as safe HTML, block by block, so that a growing text redraws only its last block.
//
// Nothing the model writes is trusted. HTML it writes itself is shown as text, but for a few bare tags;
// what marked makes of the rest goes through DOMPurify, which keeps a short list of elements; links lead
// only to http, https and mailto. Images from elsewhere become links: the page loads nothing
// from other hosts, and an image address is a way to leak.

import DOMPurify from "./vendor/dompurify.js";
import { Marked } from "./vendor/marked.js";

const TAGS =
  "a blockquote br code del details dd div dl dt em h1 h2 h3 h4 h5 h6 hr i img input kbd li ol p pre s span strong sub summary sup table tbody td th thead tr ul b";
const ATTRIBUTES = ["href", "title", "alt", "src", "start", "align", "class", "type", "checked", "disabled", "open"];
const LINK = /^(?:https?:|mailto:)/i;
const IMAGE = /^data:image\/(?:png|jpe?g|gif|webp);base64,/i;
const CLASS = /^(?:language-[\w+#.-]+|hljs-\w+(?: \w+_)*)$/;
const LARGE = 400_000; // characters; beyond, plain text is kinder to the reader's machine

const BARE = /&lt;(\/?(?:b|br|dd|del|details|dl|dt|em|hr|i|kbd|p|s|strong|sub|summary|sup))\s*\/?&gt;/gi;

const renderer = { html: ({ text }) => escape(text).replace(BARE, "<$1>") };
const marked = new Marked({ gfm: true, breaks: false, async: false, renderer });
const purifier = DOMPurify(window);

purifier.addHook("uponSanitizeAttribute", (_, data) => {
  if (data.attrName === "class") data.keepAttr = CLASS.test(data.attrValue);
  if (data.attrName === "href") data.keepAttr = LINK.test(data.attrValue.trim());
  if (data.attrName === "src") data.keepAttr = true; // judged with its element below
  if (data.attrName === "type") data.keepAttr = data.attrValue === "checkbox";
});
purifier.addHook("afterSanitizeAttributes", (node) => {
  if (node.tagName === "A") {
    node.setAttribute("rel", "noopener noreferrer nofollow");
    node.setAttribute("target", "_blank");
  }
  if (node.tagName === "IMG") withoutForeign(node);
  if (node.tagName === "INPUT") {
    if (node.getAttribute("type") !== "checkbox") node.remove();
    else node.setAttribute("disabled", "");
  }
});

/** The blocks of a text: `{key, raw, html}` each. `known` is the former answer, whose blocks are reused. */
export function blocks(text, known = []) {
  if (text.length > LARGE) return [{ key: 0, raw: text, html: `<pre><code>${escape(text)}</code></pre>` }];
  const tokens = marked.lexer(text);
  const links = tokens.links;
  const targets = Object.keys(links).length; // a link defined later changes blocks that stay the same
  return tokens
    .filter((token) => token.type !== "space" && token.type !== "def")
    .map((token, key) => {
      if (known[key]?.raw === token.raw && known[key].targets === targets) return known[key];
      const list = Object.assign([token], { links });
      return { key, raw: token.raw, targets, html: clean(marked.parser(list)) };
    });
}

/** HTML reduced to what may be shown. */
export function clean(html) {
  return purifier.sanitize(html, { ALLOWED_TAGS: TAGS.split(" "), ALLOWED_ATTR: ATTRIBUTES, ALLOW_DATA_ATTR: false, ALLOW_ARIA_ATTR: false });
}

export function escape(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function withoutForeign(image) {
  const source = image.getAttribute("src") ?? "";
  if (IMAGE.test(source)) return;
  const link = image.ownerDocument.createElement("a");
  link.textContent = image.getAttribute("alt") || source || "image";
  if (LINK.test(source)) {
    link.setAttribute("href", source);
    link.setAttribute("rel", "noopener noreferrer nofollow");
    link.setAttribute("target", "_blank");
  }
  image.replaceWith(link);
}
