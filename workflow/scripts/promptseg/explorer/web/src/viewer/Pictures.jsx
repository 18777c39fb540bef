import { useMemo, useState } from "preact/hooks";
import { curves, metricsOf, otherCandidates, rowsOf } from "./compared.js";
import { Legend, Look, Zoom } from "./Controls.jsx";
import { Curve } from "./Curve.jsx";
import { useMasks, usePicture } from "./load.js";
import { Numbers } from "./Numbers.jsx";
import { Panel } from "./Panel.jsx";
import { around, aspect, fit, nextZoom, zoomed } from "./place.js";
import { lookOf, viewOf, viewText, windowing, windowOf } from "./shown.js";
import { useArrows } from "./use.js";
import { sentence } from "./words.js";

const FILTER = "viewer-window";

/** The panels of an object whose picture is kept, with what can be set for all of them, and the numbers. */
export function Pictures(all) {
  const { run, store, state, change, click, object, methods, setting, steps } = all;
  const [panel, setPanel] = useState(null);
  const { image, truth, error } = usePicture(store, object);
  const masks = useMasks(store, methods, object);
  const scene = useScene(image, truth, state["v.view"]);
  const rows = rowsOf(all, masks.value, all.numbers);
  useArrows((by) => change(setting.protocol ? {} : otherCandidates(rows, by)));
  const failure = error ?? masks.error;
  if (failure) return <p role="alert">{failure.message}</p>;
  if (!scene || !masks.value) return <p>Loading …</p>;

  const look = lookOf(state), range = windowOf(state);
  const metrics = metricsOf(run, rows, truth.spacing ? "mm" : "px");
  const see = (view) => change({ "v.view": view?.zoom ? viewText(view) : view });
  const zoomBy = (by) => {
    const view = scene.viewIn(panel);
    see(zoomed(view, nextZoom(view.zoom, by), [0, 0], scene.size, scene.ratio));
  };
  const lines = curves(run, rows, steps);
  const { selections } = run.titles;
  const own = (row) => (row.setting.selection === setting.selection ? "" : `${selections[row.setting.selection]}: `);
  const first = (row) => row.status || own(row) + sentence(row.values, metrics.slice(0, 1));
  return (
    <>
      <Filter {...range} />
      <div class="tools">
        <Look {...{ look, change, ...range }} />
        <Zoom zoom={panel && scene.viewIn(panel).zoom} to={see} by={zoomBy} />
      </div>
      <Legend look={look} setting={setting} prompts={truth.prompts} />
      <div class="panels" style={{ "--panels": Math.min(methods.length, 4) }}>
        {rows.map((row) => (
          <Panel
            key={row.method.name} {...{ truth, look, scene }} answer={row} change={see} onPanel={setPanel}
            headline={first(row)} words={`${row.setting.title}: ${row.status || sentence(row.values, metrics)}`}
            filter={range.level === 50 && range.width === 100 ? "none" : `url(#${FILTER})`}
            titles={selections} choose={(index) => change({ [`v.c.${row.method.name}`]: index + 1 })}
          />
        ))}
      </div>
      <p class="hidden" aria-live="polite">{setting.title}. {rows.map((row) => `${row.method.title}: ${first(row)}`).join(". ")}</p>
      <div class="below">
        <Numbers rows={rows} metrics={metrics} />
        {lines.length > 0 && <Curve lines={lines} steps={steps.map(({ step }) => step)} step={setting.step} choose={click} />}
      </div>
    </>
  );
}

/** What all panels share, see `Stage`. */
function useScene(image, truth, text) {
  return useMemo(() => {
    if (!truth) return null;
    const { size, bbox } = truth, ratio = aspect(truth.spacing), view = viewOf(text);
    const part = view === "whole" ? [0, 0, size[1], size[0]] : around(bbox, size, ratio);
    return { image, size, ratio, viewIn: (panel) => (view?.zoom ? view : fit(part, panel, ratio)) };
  }, [image, truth, text]);
}

/** The window as a filter of CSS. */
function Filter(range) {
  const { slope, intercept } = windowing(range);
  return (
    <svg class="hidden" aria-hidden="true">
      <filter id={FILTER} color-interpolation-filters="sRGB">
        <feComponentTransfer>
          {["feFuncR", "feFuncG", "feFuncB"].map((Channel) => <Channel key={Channel} type="linear" slope={slope} intercept={intercept} />)}
        </feComponentTransfer>
      </filter>
    </svg>
  );
}
