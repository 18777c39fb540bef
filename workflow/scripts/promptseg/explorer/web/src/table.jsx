import { useEffect, useState } from "preact/hooks";
import { opened } from "./opened.js";
import { format } from "./state.js";

const PAGE = 50;

const digits = (value, decimals) => value.toFixed(decimals).replace("-", "−");

function Head({ name, title, view, setState, number }) {
  const { sort, descending } = view.choice;
  const mine = sort === name;
  const turn = () => setState({ sort: name, dir: mine && !descending ? "desc" : "asc" });
  return (
    <th scope="col" class={number && "number"} aria-sort={mine ? (descending ? "descending" : "ascending") : "none"}>
      <button type="button" onClick={turn}>
        {title}
        <span aria-hidden="true">{mine ? (descending ? " ▼" : " ▲") : ""}</span>
      </button>
    </th>
  );
}

function Row({ store, view, state, setState, row, columns }) {
  const { run, objects } = store;
  const { n } = objects;
  const p = Math.floor(row / n);
  const i = row % n;
  const { method, setting } = view.choice.pairs[p];
  const status = run.statuses[view.values.status(p)[i]];
  const next = opened(store, view, row);
  const open = (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return; // a new tab or window
    event.preventDefault();
    setState(next);
  };
  const cell = (name) => {
    const value = view.values.column(name, p)[i];
    return (
      <td class="number">
        {Number.isFinite(value) ? digits(value, view.known[name].decimals) : view.complete ? "" : "…"}
      </td>
    );
  };
  const failed = status !== "ok";
  return (
    <tr onClick={(event) => event.target.closest("a") || open(event)}>
      <th scope="row">
        <a href={`#${format({ ...state, ...next })}`} data-row={row} onClick={open}>
          {objects.task(i).title} <small>{objects.image(i)}</small>
        </a>
      </th>
      <td>
        {objects.dataset(i).title} <small>{objects.patient(i)}</small>
      </td>
      <td class="number">{objects.area[i].toLocaleString("en")}</td>
      {columns.method && (
        <td>
          <span class="swatch" style={{ background: method.colour }} />
          {method.title} <small>{setting.title}</small>
        </td>
      )}
      {failed ? (
        <td class={status === "not_applicable" ? "status quiet" : "status"} colSpan={columns.numbers.length}>
          {run.titles.statuses[status] ?? status}
        </td>
      ) : (
        columns.numbers.map(cell)
      )}
    </tr>
  );
}

/** Which columns there are: method and setting only where there are several, what is compared beside its metric. */
function columnsOf({ choice, known, values }) {
  const first = [choice.of, "vs", "diff", "gap"];
  const names = [...first, ...Object.keys(known).filter((name) => name !== "area" && !first.includes(name))];
  const numbers = names.filter((name) => choice.pairs.some((_, p) => values.has(name, p)));
  return {
    method: choice.pairs.length > 1,
    numbers: numbers.length ? numbers : [choice.of],
  };
}

/** The rows of the filter, fifty on a page. It begins where row `left` is, which gets the focus. */
export function Table({ store, view, state, setState, left }) {
  const { order, known } = view;
  const pages = Math.max(1, Math.ceil(order.length / PAGE));
  const [turned, setTurned] = useState(() => ({ order, to: Math.floor(Math.max(0, order.indexOf(left)) / PAGE) }));
  const page = turned.order === order ? turned.to : 0; // another order begins at its first page
  useEffect(() => document.querySelector(`[data-row="${left}"]`)?.focus(), []);
  const columns = columnsOf(view);
  const rows = order.subarray(page * PAGE, (page + 1) * PAGE);
  const head = { view, setState };
  const turn = (to) => () => setTurned({ order, to: Math.min(pages - 1, Math.max(0, to)) });
  return (
    <section class="rows" aria-busy={view.busy}>
      <div class="scroll" tabIndex={0} role="region" aria-label="Objects">
        <table>
          <caption class="hidden">Objects of the filter, sortable by the buttons in the head</caption>
          <thead>
            <tr>
              <Head name="object" title="Object" {...head} />
              <th scope="col">Dataset, patient</th>
              <Head name="area" title="Area (px)" number {...head} />
              {columns.method && <th scope="col">Method, setting</th>}
              {columns.numbers.map((name) => (
                <Head key={name} name={name} title={known[name].title} number {...head} />
              ))}
            </tr>
          </thead>
          <tbody>
            {[...rows].map((row) => (
              <Row key={row} {...{ store, view, state, setState, row, columns }} />
            ))}
          </tbody>
        </table>
      </div>
      {order.length === 0 && <p class="empty">No row passes the filters.</p>}
      <nav class="bar" aria-label="Pages of the table">
        <button type="button" disabled={page === 0} onClick={turn(page - 1)}>
          Previous page
        </button>
        <label>
          Page{" "}
          <input
            type="number"
            min={1}
            max={pages}
            value={page + 1}
            onChange={({ target }) => turn(Number(target.value) - 1)()}
          />{" "}
          of {pages.toLocaleString("en")}
        </label>
        <button type="button" disabled={page + 1 >= pages} onClick={turn(page + 1)}>
          Next page
        </button>
      </nav>
    </section>
  );
}
