import "./filters.css";
import { facets, toggled } from "./settings.js";

/** A set of names as checkboxes. None checked means all of them, except where a choice is `needed`. */
function Checks({ legend, entries, checked, needed, onChange }) {
  if (entries.length < 2) return null;
  const toggle = (name) => {
    const next = entries.map((entry) => entry.name).filter((other) => (other === name) !== checked.includes(other));
    onChange(next.length === entries.length && !needed ? [] : next);
  };
  return (
    <fieldset>
      <legend>{legend}</legend>
      <div class="checks">
        {entries.map(({ name, title, colour }) => (
          <label key={name}>
            <input type="checkbox" checked={checked.includes(name)} onChange={() => toggle(name)} />
            {colour && <span class="swatch" style={{ background: colour }} />}
            <span>{title}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

/** The facets of the settings as buttons that are pressed or not. */
function Settings({ run, chosen, onChange }) {
  const all = facets(run.settings);
  const now = facets(chosen);
  const titles = {
    mode: ["Prompt", (mode) => run.titles.modes[mode]],
    protocol: ["Protocol of clicks", (name) => run.protocols[name] ?? name],
    step: ["Clicks", String],
    selection: ["Mask that counts", (name) => run.titles.selections[name]],
  };
  return Object.entries(titles).map(([facet, [legend, title]]) => {
    const ofClicks = facet === "protocol" || facet === "step";
    if (all[facet].length < 2 || (ofClicks && !now.protocol.length)) return null;
    return (
      <fieldset key={facet}>
        <legend>{legend}</legend>
        <div class={facet === "step" ? "chips digits" : "chips"}>
          {all[facet].map((value) => {
            const next = toggled(run.settings, chosen, facet, value);
            const pressed = now[facet].includes(value);
            return (
              <button
                key={value}
                type="button"
                aria-pressed={pressed}
                disabled={!next.length}
                onClick={() => onChange(next.map(({ id }) => id))}
              >
                {title(value)}
              </button>
            );
          })}
        </div>
      </fieldset>
    );
  });
}

const number = (text) => (text.trim() === "" || Number.isNaN(Number(text)) ? null : Number(text));

/** Lowest and highest value of quantities. */
function Ranges({ names, known, state, setState }) {
  return (
    <fieldset>
      <legend>Range of values</legend>
      <div class="ranges">
        {names.map((name) => {
          const ends = state[`r.${name}`] ?? [null, null];
          const { title, range } = known[name];
          const input = (at, label, empty) => (
            <input
              type="number"
              step="any"
              aria-label={`${title}, ${label}`}
              placeholder={range ? range[at] : empty}
              value={ends[at] ?? ""}
              onChange={({ target }) => {
                const next = ends.map((end, other) => (other === at ? number(target.value) : end));
                setState({ [`r.${name}`]: next[0] === null && next[1] === null ? null : next });
              }}
            />
          );
          return (
            <div key={name} class="range">
              <span>{title}</span>
              {input(0, "at least", "min")}
              {input(1, "at most", "max")}
            </div>
          );
        })}
      </div>
    </fieldset>
  );
}

/** What rows are compared with: a method, a setting, or both. */
function Versus({ run, state, setState }) {
  const [method = "", setting = ""] = (state.vs ?? "").split("@");
  const change = (one, other) => setState({ vs: one || other ? `${one}@${other}` : "" });
  return (
    <fieldset>
      <legend>Compare each row with</legend>
      <label>
        Method
        <select value={method} onChange={({ target }) => change(target.value, setting)}>
          <option value="">the same</option>
          {run.methods.map(({ name, title }) => (
            <option value={name}>{title}</option>
          ))}
        </select>
      </label>
      <label>
        Setting
        <select value={setting} onChange={({ target }) => change(method, target.value)}>
          <option value="">the same</option>
          {run.settings.map(({ id, title }) => (
            <option value={id}>{title}</option>
          ))}
        </select>
      </label>
      <label>
        Metric
        <select value={state.of ?? run.metrics[0].name} onChange={({ target }) => setState({ of: target.value })}>
          {run.metrics.map(({ name, title }) => (
            <option value={name}>{title}</option>
          ))}
        </select>
      </label>
    </fieldset>
  );
}

/** All filters. Each change is a step of the history, but letters of the search are not. */
export function Filters({ run, view, state, setState }) {
  const { asked, known } = view;
  const datasets = run.datasets.filter(
    ({ name, modality }) => (!state.d || state.d.includes(name)) && (!state.mod || state.mod.includes(modality)),
  );
  const tasks = datasets.flatMap((dataset) =>
    dataset.tasks.map(({ name, title }) => ({
      name: `${dataset.name}:${name}`,
      title: datasets.length > 1 ? `${title} (${dataset.title})` : title,
    })),
  );
  const modalities = [
    ...new Map(
      run.datasets.map(({ modality, modality_title }) => [modality, { name: modality, title: modality_title }]),
    ).values(),
  ];
  const list = (key) => (next) => setState({ [key]: next });
  const quantities = Object.keys(known).filter(
    (name) => name === "area" || view.choice.pairs.some((_, p) => view.values.has(name, p)),
  );
  const set = ["d", "t", "mod", "st", "p", ...Object.keys(state).filter((key) => key.startsWith("r."))].filter(
    (key) => state[key],
  );
  return (
    <>
      <button
        type="button"
        disabled={!set.length}
        onClick={() => setState(Object.fromEntries(set.map((key) => [key, null])))}
      >
        Lift all filters
      </button>
      <label class="search">
        Search objects and patients
        <input
          type="search"
          value={state.p ?? ""}
          onInput={({ target }) => setState({ p: target.value }, { replace: true })}
        />
      </label>
      <Checks
        legend="Methods"
        entries={run.methods.filter(({ name }) => run.columns[name])}
        checked={asked.methods.map(({ name }) => name)}
        needed
        onChange={list("m")}
      />
      <Settings run={run} chosen={asked.settings} onChange={list("s")} />
      <Versus run={run} state={state} setState={setState} />
      <Checks legend="Datasets" entries={run.datasets} checked={state.d ?? []} onChange={list("d")} />
      <Checks legend="Modality" entries={modalities} checked={state.mod ?? []} onChange={list("mod")} />
      <Checks legend="Tasks" entries={tasks} checked={state.t ?? []} onChange={list("t")} />
      <Ranges names={quantities} known={known} state={state} setState={setState} />
      <Checks
        legend="Status"
        entries={run.statuses.filter(Boolean).map((name) => ({ name, title: run.titles.statuses[name] ?? name }))}
        checked={state.st ?? []}
        onChange={list("st")}
      />
    </>
  );
}
