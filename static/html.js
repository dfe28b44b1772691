// The view library in one place: preact, its hooks, signals, and htm's tagged templates in place of JSX.

import { Component, createContext, h, render } from "./vendor/preact.js";
import htm from "./vendor/htm.js";

export { useContext, useEffect, useLayoutEffect, useMemo, useRef, useState } from "./vendor/preact-hooks.js";
export { batch, computed, signal, useComputed, useSignal } from "./vendor/signals.js";
export { createContext, render };

export const html = htm.bind(h);

/** A component drawn again only when a property is another object, or a list with other members. */
export function memo(view) {
  return class extends Component {
    shouldComponentUpdate(next) {
      const names = new Set([...Object.keys(next), ...Object.keys(this.props)]);
      return [...names].some((name) => !same(next[name], this.props[name]));
    }
    render(props) {
      return h(view, props);
    }
  };
}

function same(a, b) {
  if (a === b || !Array.isArray(a) || !Array.isArray(b)) return a === b;
  return a.length === b.length && a.every((item, at) => item === b[at]);
}

/** The one `Live` object, handed to every view. */
export const LiveContext = createContext(null);
