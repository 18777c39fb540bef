import { pair } from "./state.js";

/** The place in the order of the row that is open, or -1. */
export function place(store, { choice, order }, state, object) {
  const { method, setting } = pair(state.at);
  const p = choice.pairs.findIndex((one) => one.method.name === method && one.setting.id === setting);
  const { n } = store.objects;
  const exact = p < 0 ? -1 : order.indexOf(p * n + object);
  return exact >= 0 ? exact : order.findIndex((row) => row % n === object);
}

/** The place of the next (step 1) or previous (step -1) row of another object, or -1; from no place (-1) the first is next. */
export function neighbour({ order }, n, at, step) {
  let next = at + step;
  while (at >= 0 && next >= 0 && next < order.length && order[next] % n === order[at] % n) next += step;
  return next >= 0 && next < order.length ? next : -1;
}
