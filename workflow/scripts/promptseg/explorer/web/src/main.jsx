import { render } from "preact";
import { useCallback, useEffect, useState } from "preact/hooks";
import { format, parse } from "./state.js";
import { shard, Store } from "./store.js";
import { Table } from "./table.jsx";
import "uplot/dist/uPlot.min.css";
import "./styles.css";
import Viewer from "./viewer/Viewer.jsx";

window.promptseg = { shard };

/** The state in the hash, and how to change it: setState(patch) adds to the history, setState(patch, {replace: true}) not. */
function useAddress() {
  const [state, keep] = useState(() => parse(location.hash));
  useEffect(() => {
    const read = () => keep(parse(location.hash));
    addEventListener("popstate", read);
    return () => removeEventListener("popstate", read);
  }, []);
  const setState = useCallback((patch, { replace = false } = {}) => {
    const next = { ...parse(location.hash), ...patch };
    history[replace ? "replaceState" : "pushState"](null, "", `#${format(next)}`);
    keep(parse(location.hash));
  }, []);
  return [state, setState];
}

function App({ store }) {
  const [state, setState] = useAddress();
  const { run } = store;
  const object = state.o ? store.objects.find(state.o) : -1;
  return (
    <main>
      <h1>{run.title}</h1>
      {object >= 0 ? (
        <Viewer run={run} store={store} state={state} setState={setState} object={object} />
      ) : (
        <Table store={store} state={state} setState={setState} />
      )}
    </main>
  );
}

addEventListener("DOMContentLoaded", async () => {
  const root = document.getElementById("app");
  try {
    const store = await Store.open();
    document.title = `${store.run.title}: every object`;
    render(<App store={store} />, root);
  } catch (error) {
    render(<p role="alert">{error.message}</p>, root);
  }
});
