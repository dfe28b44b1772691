// The prompt box: Enter sends, Shift+Enter breaks the line; it works while the agent does.

import { html, LiveContext, useContext, useEffect, useLayoutEffect, useRef, useState } from "../html.js";
import { recall, remember } from "../prefs.js";
import { Icon } from "./icon.js";
import { ModelButton, VariantSelect } from "./model.js";

const TALLEST = 0.4; // of the window
const LARGEST_FILE = 5 * 1024 * 1024;
const ATTACHED = /^(?:image\/(?:png|jpeg|gif|webp)|application\/pdf|text\/)/;

const EARLY = "early"; // typed before the directory was known

export function Composer() {
  const live = useContext(LiveContext);
  const draft = `draft.${live.sessionID.value ?? live.directory.value ?? EARLY}`;
  const [text, setText] = useState(() => recall(draft) ?? early());
  const [files, setFiles] = useState([]);
  const [sending, setSending] = useState(false);
  const box = useRef();
  const busy = live.status.value.type !== "idle";
  const ready = live.ready.value && live.link.value.phase === "open";
  const empty = !text.trim() && !files.length;

  useEffect(() => remember(draft, text), [draft, text]);
  useLayoutEffect(() => fit(box.current), [text]);
  useEffect(() => {
    if (matchMedia("(pointer: fine)").matches) box.current.focus();
  }, []);

  const send = async () => {
    if (empty || sending) return;
    setSending(true);
    const parts = [...(text.trim() ? [{ type: "text", text }] : []), ...files];
    const accepted = await live.send(parts);
    setSending(false);
    if (!accepted) return;
    remember(draft, null);
    setText("");
    setFiles([]);
  };
  const onKey = (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    if (ready) send();
  };
  const attach = async (list) => {
    const read = await Promise.all([...list].map((file) => live.attempt(part(file))));
    setFiles((before) => [...before, ...read.filter(Boolean)]);
  };
  const onPaste = (event) => {
    if (!event.clipboardData.files.length) return;
    event.preventDefault();
    attach(event.clipboardData.files);
  };
  const onDrop = (event) => {
    event.preventDefault();
    attach(event.dataTransfer.files);
  };

  return html`<form class="composer" onSubmit=${(event) => (event.preventDefault(), send())} onDrop=${onDrop} onDragOver=${(event) => event.preventDefault()}>
    <${Files} files=${files} onRemove=${(gone) => setFiles(files.filter((file) => file !== gone))} />
    <label class="offscreen" for="prompt">Prompt</label>
    <textarea id="prompt" ref=${box} rows="1" placeholder=${busy ? "Add to what is being done…" : "What should be done?"} value=${text} onInput=${(event) => setText(event.target.value)} onKeyDown=${onKey} onPaste=${onPaste} enterkeyhint="send"></textarea>
    <div class="controls">
      <${AttachButton} onFiles=${attach} />
      <${AgentSelect} />
      <${ModelButton} />
      <${VariantSelect} />
      <span class="spring"></span>
      ${busy && html`<button type="button" class="round stop" aria-label="Stop" title="Stop" onClick=${() => live.stop()}><${Icon} name="stop" /></button>`}
      ${(!busy || !empty) && html`<button type="submit" class="round send" aria-label="Send" title="Send (Enter)" disabled=${empty || sending || !ready}><${Icon} name="send" /></button>`}
    </div>
  </form>`;
}

function AgentSelect() {
  const live = useContext(LiveContext);
  const agents = live.agents.value;
  const { agent } = live.settled.value;
  if (agents.length < 2) return null;
  return html`<select class="quiet agent" aria-label="Agent" value=${agent} onChange=${(event) => live.choose({ agent: event.target.value })}>
    ${agents.map((one) => html`<option value=${one.name} title=${one.description}>${one.name}</option>`)}
  </select>`;
}

function AttachButton({ onFiles }) {
  const input = useRef();
  const take = (event) => {
    onFiles(event.target.files);
    event.target.value = "";
  };
  return html`<button type="button" class="plain" aria-label="Attach files" title="Attach files" onClick=${() => input.current.click()}><${Icon} name="attach" /></button>
    <input ref=${input} type="file" multiple hidden accept="image/png,image/jpeg,image/gif,image/webp,application/pdf,text/*" onChange=${take} />`;
}

function Files({ files, onRemove }) {
  if (!files.length) return null;
  return html`<ul class="files">
    ${files.map(
      (file) => html`<li>
        ${file.mime.startsWith("image/") ? html`<img src=${file.url} alt="" />` : html`<${Icon} name="file" />`}
        <span>${file.filename}</span>
        <button type="button" class="plain" aria-label=${`Remove ${file.filename}`} onClick=${() => onRemove(file)}><${Icon} name="close" /></button>
      </li>`,
    )}
  </ul>`;
}

function early() {
  const text = recall(`draft.${EARLY}`, "");
  remember(`draft.${EARLY}`, null);
  return text;
}

async function part(file) {
  const mime = file.type || "text/plain";
  if (!ATTACHED.test(mime)) throw new Error(`${file.name}: only images, PDF and text can be attached.`);
  if (file.size > LARGEST_FILE) throw new Error(`${file.name} is larger than 5 MB.`);
  const url = await new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(new Error(`${file.name} cannot be read.`));
    reader.readAsDataURL(file);
  });
  return { type: "file", mime, filename: file.name, url };
}

function fit(box) {
  box.style.height = "auto";
  box.style.height = `${Math.min(box.scrollHeight, innerHeight * TALLEST)}px`;
}
