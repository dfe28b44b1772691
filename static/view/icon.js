// Icons of our own: strokes on a 20 by 20 grid, coloured by the text around them.

import { html } from "../html.js";

const PATHS = {
  alert: "M10 3.2 18 17H2L10 3.2ZM10 8.5v4M10 14.8v.1",
  attach: "M15.5 9.5 10 15a3.5 3.5 0 0 1-5-5l6-6a2.4 2.4 0 0 1 3.4 3.4L8.6 13.2a1.2 1.2 0 0 1-1.7-1.7L12 6.5",
  check: "M4 10.5 8.2 15 16 5.5",
  chevron: "M7.5 5 12.5 10 7.5 15",
  close: "M5 5l10 10M15 5 5 15",
  copy: "M7.5 7.5h8v8h-8zM12.5 7.5v-3h-8v8h3",
  down: "M10 4v12M5 11l5 5 5-5",
  edit: "M4 16l.8-3.4L13.4 4 16 6.6 7.4 15.2 4 16ZM11.8 5.6l2.6 2.6",
  eye: "M2.5 10S5 5 10 5s7.5 5 7.5 5-2.5 5-7.5 5-7.5-5-7.5-5ZM10 8a2 2 0 1 0 0 4 2 2 0 0 0 0-4Z",
  file: "M5.5 3h6l3.5 3.5V17h-9.5zM11 3v4h4",
  folder: "M2.8 5.2h5l1.6 1.8h7.8v8.8H2.8z",
  globe: "M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14ZM3 10h14M10 3c2.4 2 3.4 4.5 3.4 7s-1 5-3.4 7c-2.4-2-3.4-4.5-3.4-7s1-5 3.4-7Z",
  menu: "M3.5 6h13M3.5 10h13M3.5 14h13",
  moon: "M15.5 12.2A6.2 6.2 0 0 1 7.8 4.5a6.2 6.2 0 1 0 7.7 7.7Z",
  plus: "M10 4v12M4 10h12",
  question: "M7.2 7.6A2.9 2.9 0 1 1 10 11v1.2M10 15.2v.1",
  search: "M9 4a5 5 0 1 0 0 10A5 5 0 0 0 9 4ZM12.8 12.8 16.5 16.5",
  send: "M10 16V4M5 9l5-5 5 5",
  shell: "M4 5.5 8.5 10 4 14.5M10.5 15H16",
  stop: "M6 6h8v8H6z",
  sun: "M10 6.8a3.2 3.2 0 1 0 0 6.4 3.2 3.2 0 0 0 0-6.4ZM10 2v1.8M10 16.2V18M2 10h1.8M16.2 10H18M4.3 4.3l1.3 1.3M14.4 14.4l1.3 1.3M15.7 4.3l-1.3 1.3M5.6 14.4l-1.3 1.3",
  system: "M3 4.5h14v9H3zM7.5 16.5h5M10 13.5v3",
  task: "M5 4v7a3 3 0 0 0 3 3h7M12 11l3 3-3 3",
  think: "M10 3.5l1.3 4.2 4.2 1.3-4.2 1.3L10 14.5l-1.3-4.2L4.5 9l4.2-1.3L10 3.5ZM15.5 13.5l.5 1.5 1.5.5-1.5.5-.5 1.5-.5-1.5-1.5-.5 1.5-.5.5-1.5Z",
  todo: "M3.5 5.5 5 7l2.5-3M3.5 13 5 14.5l2.5-3M10.5 6H17M10.5 13.5H17",
  tool: "M12.5 3.5a4 4 0 0 0-3.8 5.3l-5.2 5.2 2.5 2.5 5.2-5.2a4 4 0 0 0 5.2-5l-2.6 2.5-2.2-.5-.5-2.2 2.5-2.5Z",
};

/** An icon; decoration for the eye, so hidden from screen readers. */
export function Icon({ name }) {
  return html`<svg class="icon" viewBox="0 0 20 20" aria-hidden="true"><path d=${PATHS[name]} /></svg>`;
}
