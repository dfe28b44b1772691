// The model asks: options to choose from, and room for own words.

import { html, LiveContext, useContext, useState } from "../html.js";
import { Icon } from "./icon.js";

/** The questions of this session, one card at a time. */
export function Questions() {
  const live = useContext(LiveContext);
  const [request] = live.asks.value.questions;
  return request ? html`<${Card} key=${request.id} request=${request} />` : null;
}

function Card({ request }) {
  const live = useContext(LiveContext);
  const [answers, setAnswers] = useState(() => request.questions.map(() => ({ chosen: [], own: "" })));
  const [sent, setSent] = useState(false);
  const change = (at, answer) => setAnswers(answers.with(at, answer));
  const given = answers.map(({ chosen, own }) => [...chosen, ...(own.trim() ? [own.trim()] : [])]);
  const act = async (action) => {
    setSent(true);
    await action;
    setSent(false);
  };
  const submit = (event) => {
    event.preventDefault();
    act(live.answer(request, given));
  };
  return html`<form class="card ask" aria-label="Question" onSubmit=${submit}>
    ${request.questions.map((question, at) => html`<${Question} question=${question} name=${`${request.id}-${at}`} answer=${answers[at]} onChange=${(answer) => change(at, answer)} />`)}
    <div class="actions">
      <button type="submit" class="primary" disabled=${sent || given.every((answer) => !answer.length)}>Answer</button>
      <button type="button" disabled=${sent} onClick=${() => act(live.dismiss(request))}>Dismiss</button>
    </div>
  </form>`;
}

function Question({ question, name, answer, onChange }) {
  const several = question.multiple === true;
  const toggle = (label) => {
    const has = answer.chosen.includes(label);
    if (!several) return onChange({ chosen: [label], own: "" });
    onChange({ ...answer, chosen: has ? answer.chosen.filter((one) => one !== label) : [...answer.chosen, label] });
  };
  const write = (own) => onChange({ chosen: several || !own ? answer.chosen : [], own });
  return html`<fieldset>
    <legend><${Icon} name="question" /><span>${question.question}</span></legend>
    ${question.options.map(
      (option) => html`<label class="option">
        <input type=${several ? "checkbox" : "radio"} name=${name} checked=${answer.chosen.includes(option.label)} onChange=${() => toggle(option.label)} />
        <span><b>${option.label}</b>${option.description && html`<small>${option.description}</small>`}</span>
      </label>`,
    )}
    ${question.custom !== false &&
    html`<input class="own" aria-label="Your own answer" placeholder="Your own answer" value=${answer.own} onInput=${(event) => write(event.target.value)} />`}
  </fieldset>`;
}
