// What the viewer shows of an object, by the state. Its keys: w methods side by side; v.s the setting, else that of the row (at) or
// of the filter; k the click; v.c.<method> number of the candidate, from 1; look, with v.opacity of errors and v.prompts=off;
// v.view the part of the image, "whole" or "<zoom>,<x>,<y>"; v.level and v.width the window in percent of all greys.
import { pair } from "../state.js";
import { kindOf, overClicks, settingOf } from "./answers.js";

export const LOOKS = { outline: "Outlines", errors: "Errors", image: "Image only" };

/**
 * @returns {{methods: object[], setting: object, steps: object[]}} entries of the run; `steps` are the settings that differ from
 *   `setting` in the number of clicks only, empty for prompts without clicks
 */
export function shown(run, state) {
  const row = pair(state.at);
  const named = (names) => run.methods.filter(({ name }) => names?.includes(name));
  const rival = run.methods.find(({ control }) => !control) ?? run.methods[0];
  const methods = [named(state.w), named([row.method, pair(state.vs).method]), named(state.m).slice(0, 1)].find((list) => list.length) ?? [rival];
  const called = (id) => run.settings.find((setting) => setting.id === id);
  const asked = called(state["v.s"]) ?? called(row.setting) ?? called(state.s?.[0]) ?? run.settings[0];
  const setting = asked.protocol && state.k ? settingOf(run, kindOf(asked), asked.selection, state.k) : asked;
  return { methods, setting, steps: overClicks(run, setting) };
}

/** The change of the state that leads to the next (1) or previous (-1) click; null where there is none. */
export function stepped(run, state, by) {
  const { setting, steps } = shown(run, state);
  const next = steps[steps.indexOf(setting) + by];
  return setting.protocol && next ? { k: next.step } : null;
}

/** The view of the state: {zoom, x, y}, "whole", or null for the part around the object. */
export function viewOf(text) {
  if (!text || text === "whole") return text || null;
  const [zoom, x, y] = text.split(",").map(Number);
  return zoom > 0 && Number.isFinite(zoom + x + y) ? { zoom, x, y } : null;
}

/** A view as the state keeps it. */
export function viewText({ zoom, x, y }) {
  return [zoom, x, y].map((value) => Number(value.toPrecision(6))).join(",");
}

/** A number of the state within limits, or what stands for it. */
function numberOf(text, low, high, standard) {
  const value = Number(text);
  return text === undefined || text === null || text === "" || Number.isNaN(value) ? standard : Math.min(Math.max(value, low), high);
}

/** Level and width of the window, in percent of all greys. */
export function windowOf(state) {
  return { level: numberOf(state["v.level"], 0, 100, 50), width: numberOf(state["v.width"], 2, 200, 100) };
}

/** What lies over the image: {name: of LOOKS, opacity: percent, of errors, prompts: bool}. */
export function lookOf(state) {
  const name = Object.hasOwn(LOOKS, state.look ?? "") ? state.look : "outline";
  return { name, opacity: numberOf(state["v.opacity"], 10, 100, 60), prompts: state["v.prompts"] !== "off" };
}

/** What a window does to a grey value from 0 to 1: slope * value + intercept. */
export function windowing({ level, width }) {
  return { slope: 100 / width, intercept: 0.5 - level / width };
}
