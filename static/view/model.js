// Which model answers: a searchable list of the connected providers' models.

import { html, LiveContext, useContext, useEffect, useRef, useState } from "../html.js";
import { amount } from "../text.js";
import { Dialog } from "./dialog.js";

const MOST = 200; // rows drawn at once; the search narrows the rest

export function ModelButton() {
  const live = useContext(LiveContext);
  const [open, setOpen] = useState(false);
  const { info } = live.settled.value;
  return html`<button type="button" class="quiet model" aria-haspopup="dialog" onClick=${() => setOpen(true)}>
      <span class="offscreen">Model: </span>${info?.name ?? "No model"}
    </button>
    ${open && html`<${ModelDialog} onClose=${() => setOpen(false)} />`}`;
}

/** How hard the model thinks, where it lets one choose. */
export function VariantSelect() {
  const live = useContext(LiveContext);
  const { info, variant } = live.settled.value;
  const names = Object.keys(info?.variants ?? {});
  if (!names.length) return null;
  const choose = (event) => live.choose({ variant: event.target.value || null });
  return html`<select class="quiet" aria-label="Thinking effort" value=${variant ?? ""} onChange=${choose}>
    <option value="">Effort</option>
    ${names.map((name) => html`<option value=${name}>${name} effort</option>`)}
  </select>`;
}

function ModelDialog({ onClose }) {
  const live = useContext(LiveContext);
  const [words, setWords] = useState("");
  const [at, setAt] = useState(0);
  const list = useRef();
  const rows = found(live.providers.value.providers, words).slice(0, MOST);
  const { model } = live.settled.value;
  const choose = (row) => {
    live.choose({ model: { providerID: row.provider.id, modelID: row.model.id }, variant: null });
    onClose();
  };
  const onKey = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) setAt((at + step + rows.length) % Math.max(1, rows.length));
    else if (event.key === "Enter" && rows[at]) choose(rows[at]);
    else return;
    event.preventDefault();
  };
  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
  }, [at]);
  if (!live.providers.value.providers.length) return html`<${Dialog} title="Choose a model" onClose=${onClose}><${NoModels} /><//>`;
  return html`<${Dialog} title="Choose a model" onClose=${onClose}>
    <input class="search" type="search" data-first role="combobox" aria-expanded="true" aria-controls="models" aria-activedescendant=${`model-${at}`} aria-label="Search models" placeholder="Search models" value=${words} onKeyDown=${onKey} onInput=${(event) => (setWords(event.target.value), setAt(0))} />
    <ul id="models" class="choices" role="listbox" aria-label="Models" ref=${list}>
      ${rows.map((row, index) => {
        const current = model?.providerID === row.provider.id && model?.modelID === row.model.id;
        return html`<li key=${`${row.provider.id}/${row.model.id}`} id=${`model-${index}`} role="option" aria-selected=${index === at} class=${current ? "current" : ""} onClick=${() => choose(row)}>
          <span><b>${row.model.name}</b><small>${row.provider.name}</small></span>
          <em>${row.model.limit?.context ? `${amount(row.model.limit.context)} context` : ""}</em>
        </li>`;
      })}
    </ul>
    ${!rows.length && html`<p class="hint">No model matches.</p>`}
  <//>`;
}

/** What to do when nothing is connected. */
export function NoModels() {
  return html`<div class="hint">
    <p>No model is connected yet. Any of these is enough:</p>
    <ul>
      <li>a key in the environment of the server, such as <code>OPENAI_API_KEY</code> or <code>ANTHROPIC_API_KEY</code>;</li>
      <li>a <code>provider</code> in <code>opencode.json</code>;</li>
      <li>a model server on this machine: Ollama, LM Studio or llama.cpp.</li>
    </ul>
  </div>`;
}

function found(providers, words) {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  return providers
    .flatMap((provider) => Object.values(provider.models).map((model) => ({ provider, model })))
    .filter(({ provider, model }) => {
      const text = `${provider.name} ${provider.id} ${model.name} ${model.id}`.toLowerCase();
      return wanted.every((word) => text.includes(word));
    });
}
