import { useEffect, useRef } from "preact/hooks";

/** What the keys do, for the help. */
export const KEYS = [
  ["j or ↓", "next object in the order of the table"],
  ["k or ↑", "previous object"],
  ["→ or .", "next click or candidate"],
  ["← or ,", "previous click or candidate"],
  ["Enter", "open the object that has the focus"],
  ["+, − or 0", "zoom of the image that has the focus, or its beginning"],
  ["Shift with an arrow", "move the image that has the focus"],
  ["Esc", "close the object"],
  ["?", "this help"],
];

const STEPS = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 };

/** Call step(1), step(-1), close() and help() at their keys, unless somebody types. */
export function useKeys(actions) {
  const latest = useRef();
  latest.current = actions; // those of the last drawing: a quick second key must not find those of the first
  useEffect(() => {
    const press = (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      if (event.target.closest?.("input, select, textarea, dialog")) return;
      const { step, close, help } = latest.current;
      if (event.key in STEPS) step(STEPS[event.key]);
      else if (event.key === "Escape") close();
      else if (event.key === "?") help();
      else return;
      event.preventDefault();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
}
