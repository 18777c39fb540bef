// Mouse, fingers and keys over an image: drags move it, the wheel and two fingers zoom at their place.
import { useEffect, useRef } from "preact/hooks";
import { moved, nextZoom, zoomed } from "./place.js";

const KEYS = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

/**
 * Follow gestures on an element.
 * @param {object} element ref
 * @param {object} at {view, size, ratio, panel} as it is now
 * @param {function} change called with the new view, or with null for that of the beginning
 */
export function useGestures(element, at, change) {
  const now = useRef(at);
  now.current = at;
  useEffect(() => listen(element.current, now, change), []);
}

function listen(node, now, change) {
  const fingers = new Map();
  const go = (view) => {
    now.current = { ...now.current, view }; // the next event may come before the next drawing
    change(view);
  };
  const drag = (dx, dy) => {
    const { view, size, ratio } = now.current;
    go(moved(view, dx, dy, size, ratio));
  };
  const zoom = (factor, x, y) => {
    const { view, size, ratio, panel } = now.current;
    const box = node.getBoundingClientRect();
    go(zoomed(view, view.zoom * factor, [x - box.left - panel[0] / 2, y - box.top - panel[1] / 2], size, ratio));
  };
  const ready = () => now.current.view && now.current.panel;

  const events = {
    pointerdown(event) {
      if (!ready() || event.button > 0) return;
      node.setPointerCapture(event.pointerId);
      fingers.set(event.pointerId, [event.clientX, event.clientY]);
    },
    pointermove(event) {
      const before = fingers.get(event.pointerId);
      if (!before) return;
      const place = [event.clientX, event.clientY];
      fingers.set(event.pointerId, place);
      const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
      if (!other) return drag(place[0] - before[0], place[1] - before[1]);
      const apart = (one) => Math.hypot(one[0] - other[0], one[1] - other[1]);
      drag((place[0] - before[0]) / 2, (place[1] - before[1]) / 2);
      if (apart(before) > 0) zoom(apart(place) / apart(before), (place[0] + other[0]) / 2, (place[1] + other[1]) / 2);
    },
    pointerup: (event) => fingers.delete(event.pointerId),
    pointercancel: (event) => fingers.delete(event.pointerId),
    wheel(event) {
      if (!ready()) return;
      event.preventDefault();
      const lines = event.deltaMode === 1 ? 30 : 1;
      const by = Math.min(Math.max(event.deltaY * lines, -240), 240); // a pinch of a touchpad is a wheel with Ctrl, in small steps
      zoom(Math.exp(-by * (event.ctrlKey ? 0.01 : 0.002)), event.clientX, event.clientY);
    },
    dblclick: () => change(null),
    keydown(event) {
      if (!ready() || event.ctrlKey || event.metaKey || event.altKey) return;
      const { view, panel, size, ratio } = now.current;
      const step = event.shiftKey && KEYS[event.key];
      if (step) drag((step[0] * panel[0]) / 8, (step[1] * panel[1]) / 8);
      else if ("+=".includes(event.key)) go(zoomed(view, nextZoom(view.zoom, 1), [0, 0], size, ratio));
      else if (event.key === "-") go(zoomed(view, nextZoom(view.zoom, -1), [0, 0], size, ratio));
      else if (event.key === "0") change(null);
      else return;
      event.preventDefault();
      event.stopPropagation();
    },
  };
  for (const [name, handler] of Object.entries(events)) node.addEventListener(name, handler, { passive: false });
  return () => {
    for (const [name, handler] of Object.entries(events)) node.removeEventListener(name, handler);
  };
}
