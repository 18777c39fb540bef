import { useCallback, useEffect, useState } from "preact/hooks";
import { format, parse } from "./state.js";

/**
 * The state in the hash, and how to change it: setState(patch) makes a step of the history, setState(patch, {replace: true})
 * changes the present one, for what is dragged or typed. A key set to null, "" or [] is left out.
 */
export function useAddress() {
  const [state, keep] = useState(() => parse(location.hash));
  const show = useCallback(() => {
    performance.mark("promptseg:change");
    keep(parse(location.hash));
  }, []);
  useEffect(() => {
    addEventListener("popstate", show); // also after an edit of the address
    return () => removeEventListener("popstate", show);
  }, []);
  const setState = useCallback((patch, { replace = false } = {}) => {
    const hash = `#${format({ ...parse(location.hash), ...patch })}`;
    if (hash === (location.hash || "#")) return;
    history[replace ? "replaceState" : "pushState"](null, "", hash);
    show();
  }, []);
  return [state, setState];
}
