import { render } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import "uplot/dist/uPlot.min.css";
import "./styles.css";
import "./tables.css";
import { useAddress } from "./address.js";
import { copyLink, download } from "./files.js";
import { Filters } from "./filters.jsx";
import { KEYS, useKeys } from "./keys.js";
import { neighbour, place } from "./neighbours.js";
import { CLOSED, opened } from "./opened.js";
import { Plot } from "./plots.jsx";
import { shard, Store } from "./store.js";
import { Summary } from "./summary.jsx";
import { Table } from "./table.jsx";
import { useView } from "./view.js";
import Viewer from "./viewer/Viewer.jsx";

window.promptseg = { shard };

function Header({ store, view, help }) {
  const { run } = store;
  const [copied, setCopied] = useState(false);
  const copy = async () => setCopied(await copyLink());
  useEffect(() => {
    const timer = copied && setTimeout(setCopied, 2000, false);
    return () => clearTimeout(timer);
  }, [copied]);
  const [saving, setSaving] = useState(false);
  const save = async () => {
    setSaving(true);
    await download(store, view);
    setSaving(false);
  };
  const about = [run.made, `promptseg ${run.version}`, `commit ${run.commit.slice(0, 10)}`];
  return (
    <header>
      <div>
        <h1>{run.title}</h1>
        <p>{about.join(" · ")}</p>
      </div>
      <nav aria-label="Run">
        {run.pages.report && <a href={run.pages.report}>Report</a>}
        {[...new Set(Object.values(run.pages.volumes))].map((href) => (
          <a key={href} href={href}>
            Volumes
          </a>
        ))}
        <button type="button" onClick={copy}>
          {copied ? "Link copied" : "Copy link"}
        </button>
        <button type="button" disabled={!view?.complete || saving} onClick={save}>
          {saving ? "Writing …" : "Rows as CSV"}
        </button>
        <button type="button" onClick={help}>
          Help
        </button>
      </nav>
    </header>
  );
}

function Terms({ entries }) {
  return (
    <dl>
      {entries.map(([term, what]) => (
        <div key={term}>
          <dt>{term}</dt>
          <dd>{what}</dd>
        </div>
      ))}
    </dl>
  );
}

function Help({ run, open, close }) {
  const dialog = useRef();
  useEffect(() => (open ? dialog.current.showModal() : dialog.current.close()), [open]);
  return (
    <dialog ref={dialog} onClose={close} aria-labelledby="help">
      <div class="bar">
        <h2 id="help">Keys</h2>
        <button type="button" onClick={close}>
          Close
        </button>
      </div>
      <Terms entries={KEYS} />
      <h2>Datasets</h2>
      <Terms
        entries={run.datasets.map(({ title, modality_title, licence }) => [title, `${modality_title}, ${licence}`])}
      />
      <h2>Configuration</h2>
      <Terms entries={Object.entries(run.configuration)} />
    </dialog>
  );
}

/** What the reader has to know: that rows are missing, names that nobody knows, files that are not there. */
function Messages({ run, problems }) {
  return (
    <>
      {run.sampling && <p class="note">{run.sampling}</p>}
      {problems.length > 0 && (
        <div class="alert" role="alert">
          {problems.slice(0, 5).map((problem) => (
            <p key={problem}>{problem}</p>
          ))}
          {problems.length > 5 && <p>And {problems.length - 5} more like these.</p>}
        </div>
      )}
    </>
  );
}

function List({ store, view, state, setState, left }) {
  const { run } = store;
  const wide = matchMedia("(min-width: 900px)").matches;
  return (
    <div class="columns">
      <div class="filters" role="search">
        <details open={wide}>
          <summary>Filters</summary>
          <Filters {...{ run, view, state, setState }} />
        </details>
      </div>
      <main>
        <p role="status" class="count">
          <strong>{view.order.length.toLocaleString("en")}</strong> {combinations(view.choice)}
          <Ranges {...{ view, state, setState }} />
        </p>
        <div class="overview">
          <Summary {...{ run, view, state, setState }} />
          <Plot {...{ store, view, state, setState }} />
        </div>
        <h2>Objects</h2>
        <Table {...{ store, view, state, setState, left }} />
      </main>
    </div>
  );
}

function combinations({ methods, settings, pairs }) {
  if (pairs.length > 1) return `rows of ${pairs.length} combinations of method and setting`;
  if (pairs.length === 1) return `rows of ${pairs[0].method.title}, ${pairs[0].setting.title}`;
  return `rows: ${methods[0].title} was not run with ${settings[0].title}`;
}

/** The ranges that hold, each with a button that lifts it. */
function Ranges({ view, state, setState }) {
  const written = (end, name) => Number(end.toFixed(view.known[name].decimals));
  return view.choice.ranges.map((name) => {
    const [low, high] = state[`r.${name}`];
    const { title } = view.known[name];
    const text = [low !== null && `≥ ${written(low, name)}`, high !== null && `≤ ${written(high, name)}`].filter(
      Boolean,
    );
    return (
      <button key={name} type="button" class="range-chip" onClick={() => setState({ [`r.${name}`]: null })}>
        {title} {text.join(", ")} <span aria-hidden="true">×</span>
        <span class="hidden">: lift this range</span>
      </button>
    );
  });
}

function Opened({ store, view, state, setState, object, at, go, close }) {
  const { n } = store.objects;
  const heading = useRef();
  useLayoutEffect(() => heading.current.focus(), []);
  const move = (step, text) => (
    <button type="button" disabled={neighbour(view, n, at, step) < 0} onClick={() => go(step)}>
      {text}
    </button>
  );
  return (
    <main class="opened">
      <div class="bar">
        <button type="button" onClick={close}>
          Back to the table
        </button>
        <h2 ref={heading} tabIndex={-1}>
          {store.objects.task(object).title} <small>{store.objects.image(object)}</small>
        </h2>
        {move(-1, "Previous")}
        {move(1, "Next")}
        <span role="status">
          {at < 0
            ? "not in the filter"
            : `row ${(at + 1).toLocaleString("en")} of ${view.order.length.toLocaleString("en")}`}
        </span>
      </div>
      <Viewer run={store.run} store={store} state={state} setState={setState} object={object} />
    </main>
  );
}

function App({ store }) {
  const [state, setState] = useAddress();
  const [help, setHelp] = useState(false);
  const view = useView(store, state);
  const { n } = store.objects;
  const object = useMemo(() => (state.o ? store.objects.find(state.o) : -1), [state.o]);
  const at = object >= 0 && view ? place(store, view, state, object) : -1;
  const left = useRef(); // the row whose object is open, or was last
  if (at >= 0) left.current = view.order[at];

  const go = (step) => {
    if (object < 0) return focusRow(step);
    const next = neighbour(view, n, at, step);
    const kept = { k: state.k, "v.s": state["v.s"] }; // the click and the prompt that the reader looks at
    return next >= 0 && setState({ ...opened(store, view, view.order[next]), ...kept });
  };
  const close = () => setState(CLOSED);
  useKeys({ step: go, close: () => object >= 0 && close(), help: () => setHelp(true) });
  const unknown = state.o && object < 0 ? [`The object “${state.o}” is not kept here.`] : [];
  return (
    <>
      <Header store={store} view={view} help={() => setHelp(true)} />
      <Messages run={store.run} problems={[...unknown, ...(view?.problems ?? [])]} />
      {!view && <p class="empty">Loading …</p>}
      {view && object < 0 && <List {...{ store, view, state, setState, left: left.current }} />}
      {view && object >= 0 && <Opened {...{ store, view, state, setState, object, at, go, close }} />}
      <Help run={store.run} open={help} close={() => setHelp(false)} />
    </>
  );
}

function focusRow(step) {
  const links = [...document.querySelectorAll("[data-row]")];
  const now = links.indexOf(document.activeElement);
  links[now < 0 ? 0 : Math.min(links.length - 1, Math.max(0, now + step))]?.focus();
}

/** An error that nothing expected is said: a page that stands still without a word looks as if it were loading. */
function tell() {
  if (document.getElementById("broken")) return;
  const said = document.createElement("p");
  Object.assign(said, { id: "broken", className: "alert", role: "alert" });
  said.textContent = "Something went wrong on this page. The console of the browser says what.";
  document.body.prepend(said);
}
addEventListener("error", tell);
addEventListener("unhandledrejection", tell);

addEventListener("DOMContentLoaded", async () => {
  const root = document.getElementById("app");
  try {
    const store = await Store.open();
    if (window.parent !== window) store.run.pages = { volumes: {} }; // a report of Snakemake holds this folder only
    document.title = `${store.run.title}: every object`;
    render(<App store={store} />, root);
  } catch (error) {
    render(
      <p class="alert" role="alert">
        {error.message}
      </p>,
      root,
    );
  }
});
