// The model's list of what it means to do.

import { html, LiveContext, useContext } from "../html.js";
import { Fold } from "./fold.js";

const SAID = { completed: "done", in_progress: "in progress", cancelled: "cancelled", pending: "to do" };

export function Todos() {
  const live = useContext(LiveContext);
  const todos = live.state.value.todos[live.sessionID.value] ?? [];
  const open = todos.filter((todo) => todo.status === "pending" || todo.status === "in_progress");
  if (!open.length) return null;
  const now = todos.find((todo) => todo.status === "in_progress") ?? open[0];
  const done = todos.length - open.length;
  return html`<section class="card todos" aria-label="Plan">
    <${Fold} icon="todo" head=${html`<b>Plan</b> ${now.content}`} aside=${`${done} of ${todos.length}`}>
      <${TodoList} todos=${todos} />
    <//>
  </section>`;
}

export function TodoList({ todos }) {
  return html`<ul class="todo-list">
    ${todos.map(
      (todo) => html`<li class=${todo.status}>
        <i role="img" aria-label=${SAID[todo.status] ?? todo.status}></i><span>${todo.content}</span>
      </li>`,
    )}
  </ul>`;
}
