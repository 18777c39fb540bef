// From the state to the rows that are shown: which files that needs, what the filter keeps, in which order.

import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { choose, quantities } from "./choice.js";
import { byObject, filterRows, sortRows, summarise } from "./rows.js";
import { Values } from "./values.js";

/** Ask for files; true once each of them is there or has failed. Draws again then. */
function useFiles(store, names) {
  const [, again] = useState(0);
  const missing = names.filter((name) => !store.settled(name));
  useEffect(() => {
    let wanted = missing.length > 0;
    Promise.allSettled(missing.map((name) => store.get(name))).then(() => wanted && again((count) => count + 1));
    return () => (wanted = false);
  }, [missing.join("\n")]);
  return !missing.length;
}

/** 1 for each object of the datasets, tasks and modalities, and whose patient, image or task holds the text. */
function chosenObjects({ run, objects }, { d, t, mod, p }) {
  const text = (p ?? "").trim().toLowerCase();
  const allowed = run.datasets.map(({ name, modality, tasks }) =>
    tasks.map(
      (task) =>
        (!d || d.includes(name)) && (!mod || mod.includes(modality)) && (!t || t.includes(`${name}:${task.name}`)),
    ),
  );
  const mask = new Uint8Array(objects.n);
  for (let i = 0; i < objects.n; i++) {
    mask[i] = allowed[objects.datasets[i]][objects.tasks[i]] && (!text || objects.text(i).includes(text)) ? 1 : 0;
  }
  return mask;
}

const key = (...parts) => JSON.stringify(parts);

function keep(run, state, { pairs, ranges }, values, mask) {
  const allowed = new Uint8Array(65536);
  const shown = (name) => name && (!state.st || state.st.includes(name)); // "" where there is no row
  run.statuses.forEach((name, code) => (allowed[code] = shown(name) ? 1 : 0));
  const limits = ranges.map((name) => {
    const [low, high] = state[`r.${name}`];
    return { values: values.columns(name), low, high };
  });
  const statuses = pairs.map((_, p) => values.status(p));
  return filterRows(mask, statuses, limits, allowed);
}

/** Whether distances of these objects have different units, so that their mean is none. */
function mixed({ run, objects }, some) {
  const units = new Set();
  const seen = new Uint8Array(run.datasets.length);
  for (const i of some) seen[objects.datasets[i]] = 1;
  run.datasets.forEach((dataset, code) => seen[code] && dataset.units.forEach((unit) => units.add(unit)));
  return units.size > 1;
}

function meansOf(store, values, groups) {
  const { run, objects } = store;
  const codes = { ok: run.statuses.indexOf("ok"), not_applicable: run.statuses.indexOf("not_applicable") };
  return groups.map((some, p) => {
    const summable = run.metrics.filter(({ unit }) => !unit || !mixed(store, some));
    const columns = Object.fromEntries(summable.map(({ name }) => [name, values.column(name, p)]));
    return summarise(some, values.status(p), codes, objects.taskNumbers, columns);
  });
}

/** Note how long a change took until its rows stood on the page: promptseg:ready, promptseg:filter, promptseg:sort. */
function useTimes(groups, order) {
  const before = useRef();
  useLayoutEffect(() => {
    if (!order) return;
    const name = before.current ? (before.current === groups ? "sort" : "filter") : "ready";
    const [change] = performance.getEntriesByName("promptseg:change").slice(-1);
    performance.measure(`promptseg:${name}`, { start: name === "ready" ? 0 : (change?.startTime ?? 0) });
    before.current = groups;
  }, [order]);
}

/**
 * Everything that the page shows of a state; while a change waits for files, the state before stays. Rows are as in rows.js.
 *
 * @returns null until there is something, then {choice, values, known: quantities by name, groups: objects of each pair,
 *   order: sorted rows, means: per pair, busy: whether files are on the way, complete: whether all columns are there,
 *   asked: the choice of the state, problems: [sentence]}
 */
export function useView(store, state) {
  const { run, objects } = store;
  const { n } = objects;
  const { m, s, d, t, mod, st, p, of, vs, sort, dir, plot } = state;
  const ranges = Object.keys(state).filter((key) => key.startsWith("r."));
  const limits = key(ranges.map((name) => [name, state[name]]));
  const choice = useMemo(() => choose(run, n, state), [key(m, s, d, t, mod, st, of, vs, sort, dir, plot, ranges)]);
  const values = useMemo(() => new Values(store, choice), [key(m, s, of, vs)]);
  const mask = useMemo(() => chosenObjects(store, state), [key(d, t, mod, p)]);

  const filterable = useFiles(store, values.files(["status", ...choice.ranges]));
  const sortable = useFiles(store, values.files([choice.sort, ...choice.axes]));
  const ready = filterable && sortable;
  const complete =
    useFiles(store, ready ? values.files([...run.metrics.map(({ name }) => name), "vs", "gap"]) : []) && ready;

  const groups = useMemo(
    () => filterable && keep(run, state, choice, values, mask),
    [filterable, values, mask, limits, key(st)],
  );
  const order = useMemo(() => {
    if (!groups || !sortable) return null;
    if (choice.sort === "object") return byObject(groups, n, choice.descending);
    return sortRows(groups, n, values.columns(choice.sort), choice.descending);
  }, [groups, sortable, choice.sort, choice.descending]);
  const means = useMemo(() => groups && meansOf(store, values, groups), [groups, complete]);

  useTimes(groups, order);
  const shown = useRef(null);
  if (ready) shown.current = { choice, values, known: quantities(run, choice.of), groups, order, means };
  const problems = [...choice.problems, ...store.failures.values()];
  const { sort: by, pairs } = choice;
  if (by !== "object" && pairs.length && !pairs.some((_, at) => values.has(by, at))) {
    problems.push(`None of these rows has a value of “${quantities(run, choice.of)[by].title}”, by which they are ordered.`);
  }
  return shown.current && { ...shown.current, asked: choice, busy: !ready, complete, problems };
}
