// What a state means in a run: names are looked up, what it leaves open is filled in, what is unknown is told.

import { pair } from "./state.js";

const MOST_ROWS = 6e6; // four bytes each, several times

const START = "mode1.first";

const named = (list, key = "name") => new Map(list.map((entry) => [entry[key], entry]));

/** Numbers by which rows can be sorted, filtered and drawn: {name: {title, decimals, range}}. */
export function quantities(run, of) {
  const { title, decimals, range, unit } = run.metrics.find(({ name }) => name === of);
  const whole = ({ title, unit }) => (unit ? `${title} (${unit})` : title);
  return {
    ...Object.fromEntries(run.metrics.map((metric) => [metric.name, { ...metric, title: whole(metric) }])),
    area: { title: "Area (px)", decimals: 0, range: null },
    vs: { title: `Compared ${whole({ title, unit })}`, decimals, range },
    diff: { title: `Difference, ${whole({ title, unit })}`, decimals, range: range && [-range[1], range[1]] },
    gap: { title: `Gap to oracle, ${whole({ title, unit })}`, decimals, range: null },
  };
}

/**
 * @returns {methods, settings: entries of the run; pairs: [{method, setting, versus, first, oracle}] of all that were run, each
 *   an entry {method, setting} or null; of, sort, descending; ranges: names of quantities; axes: [x] or [x, y];
 *   problems: [sentence]}
 */
export function choose(run, kept, state) {
  const problems = [];
  const known = (what, list, names, key) => {
    const entries = named(list, key);
    const found = (names ?? []).filter((name) => {
      if (!entries.has(name)) problems.push(`This run has no ${what} “${name}”.`);
      return entries.has(name);
    });
    return list.filter((entry) => found.includes(entry[key ?? "name"]));
  };
  const has = (method, setting) => Boolean(run.columns[method]?.[setting]);

  const tasks = run.datasets.flatMap(({ name, tasks }) => tasks.map((task) => ({ name: `${name}:${task.name}` })));
  known("dataset", run.datasets, state.d);
  known("task", tasks, state.t);
  known(
    "modality",
    run.datasets.map(({ modality }) => ({ name: modality })),
    state.mod,
  );
  known(
    "status",
    run.statuses.map((name) => ({ name })),
    state.st,
  );

  // Without a choice: the first method that is no control and has scores of one click, or the first there is.
  const scored = (method, setting) => run.columns[method]?.[setting]?.length > 1; // more than the status
  const rivals = run.methods.filter(({ control }) => !control);
  let methods = known("method", run.methods, state.m);
  if (!methods.length) methods = [rivals.find(({ name }) => scored(name, START)) ?? rivals[0] ?? run.methods[0]];
  let settings = known("setting", run.settings, state.s, "id");
  if (!settings.length) {
    const there = run.settings.filter(({ id }) => methods.some(({ name }) => scored(name, id)));
    settings = [there.find(({ id }) => id === START) ?? there[0] ?? run.settings[0]];
  }

  const of = known("metric", run.metrics, state.of ? [state.of] : [])[0]?.name ?? run.metrics[0].name;
  const names = Object.entries(quantities(run, of)).map(([name]) => ({ name }));
  const sort = known("order", [...names, { name: "object" }], state.sort ? [state.sort] : [])[0]?.name ?? "iou";
  const numbers = (list) => known("quantity", names, list).map(({ name }) => name);
  const ranges = numbers(Object.keys(state).flatMap((key) => (key.startsWith("r.") ? [key.slice(2)] : [])));
  const drawn = (state.plot ?? of).split(",").filter(Boolean);
  const there = numbers(drawn);
  const axes = drawn.filter((name) => there.includes(name)).slice(0, 2); // in the order of the link
  if (!axes.length) axes.push(of);
  const versus = pair(state.vs);
  known("method", run.methods, versus.method ? [versus.method] : []);
  known("setting", run.settings, versus.setting ? [versus.setting] : [], "id");

  if (!state.vs && [sort, ...ranges, ...axes].some((name) => name === "vs" || name === "diff")) {
    problems.push("Nothing to compare with: choose a method or a setting below “Compare each row with”.");
  }

  const pairs = [];
  for (const method of methods) {
    for (const setting of settings) {
      if (!has(method.name, setting.id)) continue;
      const selected = (selection) => {
        const id = setting.id.replace(/[^.]+$/, selection);
        return has(method.name, id) ? { method: method.name, setting: id } : null;
      };
      const other = { method: versus.method || method.name, setting: versus.setting || setting.id };
      const compared = state.vs && has(other.method, other.setting) ? other : null;
      pairs.push({ method, setting, versus: compared, first: selected("first"), oracle: selected("oracle") });
    }
  }
  const most = Math.max(1, Math.floor(MOST_ROWS / Math.max(1, kept)));
  const shown = pairs.slice(0, most);
  if (shown.length < pairs.length) {
    problems.push(
      `That is too many rows: only the first ${most} of ${pairs.length} combinations of method and setting are shown.`,
    );
  }
  return { methods, settings, pairs: shown, of, sort, ranges, axes, descending: state.dir === "desc", problems: [...new Set(problems)] };
}
