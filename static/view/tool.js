// A tool call: one line that says what it does, and below it a view that fits the tool.

import { html, LiveContext, memo, useContext } from "../html.js";
import { duration, plainOutput, shortPath } from "../text.js";
import { Attachments } from "./attachments.js";
import { Output } from "./code.js";
import { Added, Counts, countsOf, Diff } from "./diff.js";
import { Fold } from "./fold.js";
import { Icon } from "./icon.js";
import { Markdown } from "./markdown.js";
import { TodoList } from "./todos.js";

const QUICK = 1000; // ms; shorter times are not worth telling

/** How each tool is shown: icon, name, what the line says, its body, and whether it starts open. */
const VIEWS = {
  bash: { icon: "shell", name: "Shell", line: ({ input }) => input.description ?? input.command, body: Shell, open: true },
  read: { icon: "eye", name: "Read", line: ({ input, path }) => `${path(input.filePath)}${range(input)}`, body: Read },
  write: { icon: "edit", name: "Write", line: ({ input, path }) => path(input.filePath), body: Write, open: true },
  edit: { icon: "edit", name: "Edit", line: ({ input, path }) => path(input.filePath), body: Edit, open: true },
  apply_patch: { icon: "edit", name: "Patch", line: ({ state }) => state.metadata?.files?.map((file) => file.relativePath).join(", "), body: Edit, open: true },
  glob: { icon: "search", name: "Find", line: ({ input }) => input.pattern, aside: ({ state }) => counted(state.metadata?.count, "file"), body: Plain },
  grep: { icon: "search", name: "Search", line: ({ input }) => [input.pattern, input.include].filter(Boolean).join(" in "), aside: ({ state }) => counted(state.metadata?.matches, "match", "matches"), body: Plain },
  webfetch: { icon: "globe", name: "Fetch", line: ({ input }) => input.url, body: Plain },
  websearch: { icon: "globe", name: "Web search", line: ({ input }) => input.query, body: Plain },
  todowrite: { icon: "todo", name: "Plan", line: ({ input }) => counted(input.todos?.length, "step"), body: Todos, open: true },
  task: { icon: "task", name: "Sub-agent", line: ({ input }) => input.description, body: Task, open: true },
  question: { icon: "question", name: "Question", line: ({ input }) => input.questions?.map((one) => one.header).join(", "), body: Question, open: true },
  skill: { icon: "file", name: "Skill", line: ({ input }) => input.name, body: Plain },
  invalid: { icon: "alert", name: "Unknown tool", line: ({ input }) => input.tool, body: Plain },
};
const GENERIC = { icon: "tool", line: ({ state }) => state.title, body: Generic };

export const Tool = memo(function Tool({ part }) {
  const live = useContext(LiveContext);
  const { state, tool } = part;
  const view = VIEWS[tool] ?? GENERIC;
  const directory = live.session.value?.directory;
  const path = (text) => (text ? shortPath(text, { directory }) : "");
  const given = { state, input: state.input ?? {}, path };
  const failed = state.status === "error";
  const head = html`<b>${view.name ?? tool}</b> <span class="what">${view.line(given) || state.title || ""}</span>`;
  const shown = state.status === "pending" ? false : failed || (view.open ?? false);
  return html`<${Fold} kind=${`tool ${state.status}`} icon=${failed ? "alert" : view.icon} head=${head} aside=${html`<${Aside} view=${view} given=${given} />`} initially=${shown}>
    <${view.body} ...${given} />
    ${failed && html`<p class="tool-error">${state.error}</p>`}
    ${state.attachments?.length > 0 && html`<${Attachments} files=${state.attachments} />`}
  <//>`;
});

function Aside({ view, given }) {
  const { status, time, metadata } = given.state;
  if (status === "pending" || status === "running") return html`<i class="spinner" role="img" aria-label="running"></i>`;
  if (status === "error") return html`<span class="bad">failed</span>`;
  const patch = metadata?.diff ?? metadata?.filediff?.patch;
  if (patch) return html`<${Counts} ...${countsOf(patch)} />`;
  const took = time.end - time.start;
  return view.aside?.(given) || (took > QUICK ? duration(took) : "");
}

function Shell({ state, input }) {
  const running = state.status === "running";
  const output = plainOutput(state.output ?? state.metadata?.output ?? "");
  const exit = state.metadata?.exit;
  return html`
    <div class="terminal">
      <${Output} text=${`$ ${input.command ?? ""}`} />
      ${output && html`<${Output} text=${output} growing=${running} />`}
    </div>
    ${exit > 0 && html`<p class="tool-error">Exit code ${exit}</p>`}
  `;
}

function Read({ state, input }) {
  const display = state.metadata?.display;
  const text = display?.type === "file" ? display.text : (display?.entries?.join("\n") ?? state.output ?? "");
  const language = display?.type === "file" ? input.filePath?.split(".").at(-1) : undefined;
  return text && html`<${Output} text=${text} language=${language} />`;
}

function Write({ state, input }) {
  if (state.metadata?.diff) return html`<${Diff} patch=${state.metadata.diff} />`;
  return input.content ? html`<${Added} content=${input.content} />` : null;
}

function Edit({ state, input }) {
  const patch = state.metadata?.diff ?? state.metadata?.filediff?.patch;
  if (patch) return html`<${Diff} patch=${patch} />`;
  const text = input.patchText ?? [input.oldString, input.newString].filter(Boolean).join("\n→\n");
  return text ? html`<${Output} text=${text} language=${input.patchText ? "diff" : undefined} />` : null;
}

function Todos({ input, state }) {
  return html`<${TodoList} todos=${state.metadata?.todos ?? input.todos ?? []} />`;
}

function Task({ state, input }) {
  const live = useContext(LiveContext);
  const child = state.metadata?.sessionId;
  return html`
    <p class="task-line">
      <span>${input.subagent_type}</span>
      ${child && html`<button type="button" class="quiet" onClick=${() => live.go({ sessionID: child })}>Open its session<${Icon} name="chevron" /></button>`}
    </p>
    ${state.output && html`<${Markdown} text=${state.output.replace(/^<task [^>]*>\s*<task_result>\s*|\s*<\/task_result>\s*<\/task>\s*$/g, "")} />`}
  `;
}

function Question({ state, input }) {
  const answers = state.metadata?.answers;
  return html`<dl class="asked-list">
    ${(input.questions ?? []).map((question, at) => html`<dt>${question.question}</dt><dd>${answers?.[at]?.join(", ") || (state.status === "running" ? "waiting for you" : "no answer")}</dd>`)}
  </dl>`;
}

function Plain({ state }) {
  return state.output ? html`<${Output} text=${plainOutput(state.output)} />` : null;
}

function Generic({ state, input }) {
  return html`
    ${Object.keys(input).length > 0 && html`<${Output} text=${JSON.stringify(input, null, 2)} language="json" />`}
    ${state.output && html`<${Output} text=${plainOutput(state.output)} />`}
  `;
}

function range({ offset, limit }) {
  if (!offset && !limit) return "";
  const from = offset || 1;
  return limit ? `:${from}-${from + limit - 1}` : `:${from}`;
}

function counted(count, one, many = `${one}s`) {
  return count === undefined ? "" : `${count} ${count === 1 ? one : many}`;
}
