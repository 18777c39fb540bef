import { kindOf, kinds, selections, settingOf } from "./answers.js";
import { ERRORS, MASK, PROMPT, TRUTH } from "./looks.js";
import { Swatch } from "./Panel.jsx";
import { LOOKS } from "./shown.js";

/** Which methods lie side by side. */
export function Methods({ run, methods, choose }) {
  const names = methods.map(({ name }) => name);
  const toggle = (name) => choose(run.methods.map((one) => one.name).filter((one) => (one === name) !== names.includes(one)));
  return (
    <details class="methods">
      <summary>Methods side by side: {methods.length} of {run.methods.length}</summary>
      <fieldset>
        <legend class="hidden">Methods side by side</legend>
        {run.methods.map(({ name, title, colour }) => (
          <label key={name}>
            <input type="checkbox" checked={names.includes(name)} disabled={methods.length === 1 && names.includes(name)} onChange={() => toggle(name)} />
            <Swatch colour={colour} /> {title}
          </label>
        ))}
      </fieldset>
    </details>
  );
}

/** Which prompt, and which of several masks. */
export function Prompt({ run, setting, change }) {
  const kind = kindOf(setting);
  const go = (toKind, selection) => {
    const there = selections(run, toKind);
    const next = settingOf(run, toKind, there.includes(selection) ? selection : there[0], setting.step);
    change({ "v.s": next.id, k: next.protocol ? next.step : null });
  };
  return (
    <>
      <label>
        Prompt
        <select value={kind} onChange={(event) => go(event.target.value, setting.selection)}>
          {[...kinds(run)].map(([name, one]) => <option value={name} key={name}>{[run.titles.modes[one.mode], run.protocols[name]].filter(Boolean).join(", ")}</option>)}
        </select>
      </label>
      <label>
        Mask that counts
        <select value={setting.selection} onChange={(event) => go(kind, event.target.value)}>
          {selections(run, kind).map((name) => <option value={name} key={name}>{run.titles.selections[name]}</option>)}
        </select>
      </label>
    </>
  );
}

/** The slider over clicks. */
export function Clicks({ setting, steps, choose }) {
  const index = steps.indexOf(setting);
  return (
    <div class="clicks">
      <label for="viewer-click">Click</label>
      <button type="button" aria-label="Previous click" disabled={index <= 0} onClick={() => choose(steps[index - 1].step)}>‹</button>
      <input
        id="viewer-click" type="range" min={0} max={steps.length - 1} value={index} aria-valuetext={`${setting.step} of ${steps.at(-1).step}`}
        onInput={(event) => choose(steps[Number(event.target.value)].step)}
      />
      <button type="button" aria-label="Next click" disabled={index >= steps.length - 1} onClick={() => choose(steps[index + 1].step)}>›</button>
      <output>{setting.step} of {steps.at(-1).step}</output>
    </div>
  );
}

function Slider({ label, value, min, max, change }) {
  return (
    <label class="slider">
      {label}
      <input type="range" min={min} max={max} value={value} aria-valuetext={`${value} %`} onInput={(event) => change(Number(event.target.value))} />
      <output>{value} %</output>
    </label>
  );
}

/** What lies over the image, and the window of its grey values. */
export function Look({ look, level, width, change }) {
  return (
    <>
      <fieldset>
        <legend>Show</legend>
        {Object.entries(LOOKS).map(([name, title]) => (
          <button type="button" key={name} aria-pressed={look.name === name} onClick={() => change({ look: name })}>{title}</button>
        ))}
        <label><input type="checkbox" checked={look.prompts} onChange={() => change({ "v.prompts": look.prompts ? "off" : null })} /> Prompts</label>
      </fieldset>
      {look.name === "errors" && <Slider label="Opacity" min={10} max={100} value={look.opacity} change={(value) => change({ "v.opacity": value })} />}
      <fieldset class="window">
        <legend>Window</legend>
        <Slider label="Level" min={0} max={100} value={level} change={(value) => change({ "v.level": value })} />
        <Slider label="Width" min={2} max={200} value={width} change={(value) => change({ "v.width": value })} />
        <button type="button" disabled={level === 50 && width === 100} onClick={() => change({ "v.level": null, "v.width": null })}>Reset</button>
      </fieldset>
    </>
  );
}

/** Buttons for the part of the image. */
export function Zoom({ zoom, to, by }) {
  return (
    <fieldset>
      <legend>Part</legend>
      <button type="button" onClick={() => to(null)}>Object</button>
      <button type="button" onClick={() => to("whole")}>Whole image</button>
      <button type="button" aria-label="Zoom out" onClick={() => by(-1)}>−</button>
      <button type="button" aria-label="Zoom in" onClick={() => by(1)}>+</button>
      <output>{zoom ? `${Math.round(100 * zoom)} %` : ""}</output>
    </fieldset>
  );
}

/** What colours and signs mean. */
export function Legend({ look, setting, prompts }) {
  const { points = [], boxes = [], scribbles = [], lasso = [] } = prompts[setting.mode] ?? {};
  const [stars, crosses] = setting.protocol ? [true, true] : [points.length > 0, points.some((point) => !point[2])];
  return (
    <ul aria-label="Legend">
      {look.name === "outline" && <><li><Swatch colour={TRUTH} line /> truth</li><li><Swatch colour={MASK} line /> mask of the method</li></>}
      {look.name === "errors" && Object.values(ERRORS).map(({ colour, title }) => <li key={title}><Swatch colour={colour} /> {title}</li>)}
      {look.prompts && stars && <li><span aria-hidden="true">★</span> point on the object</li>}
      {look.prompts && crosses && <li><span aria-hidden="true">✕</span> point on the background</li>}
      {look.prompts && setting.protocol && <li>earlier clicks are smaller</li>}
      {look.prompts && !setting.protocol && boxes.length > 0 && <li><span class="dashed" aria-hidden="true" /> box</li>}
      {look.prompts && scribbles.length > 0 && <li><Swatch colour={PROMPT} line /> scribble</li>}
      {look.prompts && lasso.length > 0 && <li><span class="dashed" aria-hidden="true" /> lasso</li>}
    </ul>
  );
}
