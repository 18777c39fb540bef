import { useEffect, useMemo, useState } from "preact/hooks";
import { answers } from "./answers.js";
import { Clicks, Legend, Look, Methods, Prompt, Zoom } from "./Controls.jsx";
import { Curve } from "./Curve.jsx";
import { Header } from "./Header.jsx";
import { useMasks, useNumbers, usePicture } from "./load.js";
import { Numbers, sentence } from "./Numbers.jsx";
import { Panel } from "./Panel.jsx";
import { around, aspect, fit, nextZoom, zoomed } from "./place.js";
import { lookOf, shown, viewOf, viewText, windowing, windowOf } from "./shown.js";
import { useLive } from "./use.js";
import "./viewer.css";

/** Why there is no mask or score, in words. */
function reason(status) {
  if (status === undefined) return "not part of this run";
  return status === "not_applicable" ? "this method does not take this prompt" : `no mask: ${status}`;
}

/**
 * One object: its image, the truth, and the masks of methods.
 * @param {object} props object: its number; previous, next, close: functions, or null where there is nothing to go to; position:
 *   where it is among the rows, in words
 */
export default function Viewer({ run, store, state: address, setState, object, ...way }) {
  const [state, change] = useLive(address, setState, object);
  const { methods, setting, steps } = shown(run, state);
  const numbers = useNumbers(store, methods, setting, object);
  const common = { run, store, state, change, object, methods, setting, steps, numbers: numbers.value ?? {} };
  const click = (k) => change({ k });
  return (
    <article class="viewer" aria-label={`Object ${store.objects.id(object)}`}>
      <Header {...{ run, store, object }} {...way} />
      <div class="bar">
        <Prompt run={run} setting={setting} change={setState} />
        {steps.length > 1 && <Clicks setting={setting} steps={steps} choose={click} />}
        <Methods run={run} methods={methods} choose={(w) => setState({ w })} />
      </div>
      {numbers.error && <p role="alert">{numbers.error.message}</p>}
      {store.objects.picture[object] < 0 ? <NotKept {...common} /> : <Kept {...common} click={click} />}
    </article>
  );
}

function metricsOf({ metrics }, rows, spacing) {
  const there = metrics.filter(({ name }) => rows.some(({ values }) => values[name] !== undefined));
  return there.map((metric) => (metric.unit === "mm" && spacing === null ? { ...metric, unit: "px" } : metric));
}

function NotKept({ run, methods, numbers }) {
  const rows = methods.map((method) => {
    const values = numbers[method.name] ?? {};
    return { method, values, status: values.status === "ok" ? "" : reason(values.status) };
  });
  return (
    <>
      <p class="absent">The picture of this object is not in this explorer. {run.sampling}</p>
      <Numbers rows={rows} metrics={metricsOf(run, rows)} />
    </>
  );
}

/** An answer with the candidate that is looked at, and the numbers of that one. */
function looked({ given, setting, numbers = {}, wanted }) {
  const answer = answers(given, setting);
  const chosen = answer.candidates[wanted - 1]?.rle ? wanted - 1 : answer.taken;
  const one = answer.candidates[chosen];
  const failed = !one?.rle;
  const own = chosen === answer.taken;
  // Of a mask that the setting does not take, what follows from its IoU; distances were measured for the other one.
  const values = own ? numbers : { iou: one.iou, dice: (2 * one.iou) / (1 + one.iou), predicted_iou: one.score ?? NaN };
  return { ...answer, chosen, values, status: failed ? reason(one?.status ?? numbers.status) : "" };
}

function curves(rows, steps) {
  return rows.map(({ method, given }) => {
    const all = new Map(steps.length ? answers(given, steps.at(-1)).clicks.map(({ step, iou }) => [step, iou]) : []);
    return { title: method.title, colour: method.colour, values: steps.map(({ step }) => all.get(step) ?? null) };
  });
}

function Kept({ run, store, state, change, object, methods, setting, steps, numbers, click }) {
  const [panel, setPanel] = useState(null);
  const picture = usePicture(store, object);
  const masks = useMasks(store, methods, object);
  const { image, truth } = picture;
  const scene = useMemo(() => {
    if (!truth) return null;
    const { size } = truth, ratio = aspect(truth.spacing), view = viewOf(state["v.view"]);
    const part = view === "whole" ? [0, 0, size[1], size[0]] : around(truth.bbox, size, ratio);
    return { image, size, ratio, viewIn: (room) => (view?.zoom ? view : fit(part, room, ratio)) };
  }, [image, truth, state["v.view"]]);
  const error = picture.error ?? masks.error;
  if (error) return <p role="alert">{error.message}</p>;
  if (!scene || !masks.value) return <p class="loading">Loading</p>;

  const { level, width } = windowOf(state), look = lookOf(state);
  const { slope, intercept } = windowing(level, width);
  const rows = methods.map((method) => {
    const given = masks.value[method.name]?.[object];
    return { method, given, ...looked({ given, setting, numbers: numbers[method.name], wanted: Number(state[`v.c.${method.name}`]) }) };
  });
  const metrics = metricsOf(run, rows, truth.spacing);
  const see = (view) => change({ "v.view": view && (view === "whole" ? view : viewText(view)) });
  const zoomBy = (by) => {
    const view = scene.viewIn(panel);
    see(zoomed(view, nextZoom(view.zoom, by), [0, 0], scene.size, scene.ratio));
  };
  const lines = curves(rows, steps).filter(({ values }) => values.some((value) => value !== null));
  return (
    <>
      <svg width="0" height="0" class="hidden" aria-hidden="true">
        <filter id="viewer-window" color-interpolation-filters="sRGB">
          <feComponentTransfer>
            {["feFuncR", "feFuncG", "feFuncB"].map((Channel) => <Channel key={Channel} type="linear" slope={slope} intercept={intercept} />)}
          </feComponentTransfer>
        </filter>
      </svg>
      <div class="bar">
        <Look {...{ look, level, width, change }} />
        <Zoom zoom={panel && scene.viewIn(panel).zoom} to={see} by={zoomBy} />
      </div>
      <Legend look={look} setting={setting} />
      <div class="panels" style={{ "--panels": Math.min(methods.length, 4) }}>
        {rows.map(({ method, values, ...answer }) => {
          const score = sentence(values, metrics);
          return (
            <Panel
              key={method.name} {...{ method, answer, truth, setting, look, scene }} change={see} onPanel={setPanel}
              headline={answer.status ? "" : sentence(values, metrics.slice(0, 1))}
              words={[setting.title, answer.status || score].join(": ")}
              filter={level === 50 && width === 100 ? "none" : "url(#viewer-window)"}
              titles={(name) => run.selections[name]} choose={(index) => change({ [`v.c.${method.name}`]: index + 1 })}
            />
          );
        })}
      </div>
      <p class="hidden" aria-live="polite">{setting.title}. {rows.map(({ method, values, status }) => `${method.title}: ${status || sentence(values, metrics.slice(0, 1))}`).join(". ")}</p>
      <div class="below">
        <Numbers rows={rows} metrics={metrics} />
        {steps.length > 1 && lines.length > 0 && <Curve lines={lines} steps={steps.map(({ step }) => step)} step={setting.step} choose={click} />}
      </div>
    </>
  );
}
