// The methods beside one another: their answers, numbers and curves.
import { answers, ownSetting } from "./answers.js";
import { reason } from "./words.js";

/**
 * The answer of a method with the candidate that is looked at: {method, setting: its own, candidates, taken, clicks, chosen,
 * values: {metric: number}, status: why there is no mask, else ""}.
 *
 * Of a mask that the setting does not take only its IoU is known, and Dice follows from it; distances were measured for the other.
 */
function row(method, given, setting, numbers, wanted) {
  const answer = answers(given, setting);
  const chosen = answer.candidates[wanted - 1]?.rle ? wanted - 1 : answer.taken;
  const one = answer.candidates[chosen];
  const own = chosen === answer.taken;
  const values = own ? numbers : { iou: one.iou, dice: (2 * one.iou) / (1 + one.iou), predicted_iou: one.score ?? NaN };
  return { method, setting, given, ...answer, chosen, values, status: one?.rle ? "" : reason(one?.status ?? numbers.status) };
}

/** Rows of all methods: masks and numbers are by method, as `useMasks` and `useNumbers` bring them. */
export function rowsOf({ run, methods, setting, state, object }, masks, numbers) {
  return methods.map((method) => {
    const { name } = method, own = ownSetting(run, method, setting);
    return row(method, masks?.[name]?.[object], own, numbers[name] ?? {}, Number(state[`v.c.${name}`]));
  });
}

/** The change of the state that leads each method to its next (1) or previous (-1) candidate, where it has one. */
export function otherCandidates(rows, by) {
  const next = rows.filter(({ candidates, chosen }) => candidates[chosen + by]?.rle);
  return Object.fromEntries(next.map(({ method, chosen }) => [`v.c.${method.name}`, chosen + by + 1]));
}

/**
 * The metrics that occur.
 * @param {string} unit of distances in this image, mm where its spacing is known, else px; that of the run if it is not given
 */
export function metricsOf({ metrics }, rows, unit) {
  const there = metrics.filter(({ name }) => rows.some(({ values }) => values[name] !== undefined));
  return there.map((metric) => (metric.unit && unit ? { ...metric, unit } : metric));
}

/** IoU after each click: [{title, colour, values: by step, null where there is none}], of methods that have any. */
export function curves(run, rows, steps) {
  if (steps.length < 2) return [];
  const lines = rows.map(({ method, given }) => {
    const last = ownSetting(run, method, steps.at(-1));
    const after = new Map(answers(given, last).clicks.map(({ step, iou }) => [step, iou]));
    return { title: method.title, colour: method.colour, values: steps.map(({ step }) => after.get(step) ?? null) };
  });
  return lines.filter(({ values }) => values.some((value) => value !== null));
}
