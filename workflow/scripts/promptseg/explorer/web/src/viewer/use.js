// Hooks of the viewer.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";

const LATER = 250; // ms until the address follows a gesture

/** What a promise brings: {value} or {error}; empty while it is under way, also when the key changes. */
export function useLoaded(key, load) {
  const [result, setResult] = useState({});
  useEffect(() => {
    let wanted = true;
    load().then(
      (value) => wanted && setResult({ key, value }),
      (error) => wanted && setResult({ key, error }),
    );
    return () => { wanted = false; };
  }, [key]);
  return result.key === key ? result : {};
}

/** The picture at an address. */
export function useImage(url) {
  return useLoaded(url, () => new Promise((resolve, reject) => {
    const image = new Image();
    image.onload = () => resolve(image);
    image.onerror = () => reject(new Error(`The picture ${url} is missing. Copy the folder "explorer" as a whole.`));
    image.src = url;
  }));
}

/**
 * The state with changes that are not in the address yet: [state, change]; the address follows after a moment. The part of the
 * image and the candidates that were chosen are those of one object: with another one, or when the viewer goes, they are dropped.
 */
export function useLive(state, setState, object) {
  const [early, setEarly] = useState({});
  const waiting = useRef({ patch: {}, timer: 0 });
  const change = (patch) => {
    const wait = waiting.current;
    clearTimeout(wait.timer);
    wait.patch = { ...wait.patch, ...patch };
    setEarly(wait.patch);
    wait.timer = setTimeout(() => {
      setState(wait.patch, { replace: true });
      wait.patch = {};
      setEarly({});
    }, LATER);
  };
  const held = useRef();
  held.current = state;
  useEffect(
    () => () => {
      clearTimeout(waiting.current.timer);
      waiting.current.patch = {};
      setEarly({});
      const own = Object.keys(held.current).filter((key) => key.startsWith("v.c.") || (key === "v.view" && held.current[key] !== "whole"));
      if (own.length) setState(Object.fromEntries(own.map((key) => [key, null])), { replace: true });
    },
    [object],
  );
  return [useMemo(() => ({ ...state, ...early }), [state, early]), change];
}

const ARROWS = { ArrowRight: 1, ".": 1, ArrowLeft: -1, ",": -1 };

/** Call go(1) or go(-1) at the keys for the next and the previous click or candidate, unless somebody types. */
export function useArrows(go) {
  useEffect(() => {
    const press = (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || !(event.key in ARROWS)) return;
      if (event.target.closest?.("input, select, textarea, dialog")) return;
      event.preventDefault();
      go(ARROWS[event.key]);
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  });
}

/** [width, height] of an element in CSS pixels, whole numbers; null before it is laid out. */
export function useSize(element) {
  const [size, setSize] = useState(null);
  useEffect(() => {
    const watch = new ResizeObserver(([{ contentRect }]) => {
      const [width, height] = [Math.floor(contentRect.width), Math.floor(contentRect.height)];
      if (width && height) setSize((old) => (old && old[0] === width && old[1] === height ? old : [width, height]));
    });
    watch.observe(element.current);
    return () => watch.disconnect();
  }, []);
  return size;
}

/** Whether the reader wants dark pages. */
export function useDark() {
  const query = useMemo(() => matchMedia("(prefers-color-scheme: dark)"), []);
  const [dark, setDark] = useState(query.matches);
  useEffect(() => {
    const follow = () => setDark(query.matches);
    query.addEventListener("change", follow);
    return () => query.removeEventListener("change", follow);
  }, []);
  return dark;
}
