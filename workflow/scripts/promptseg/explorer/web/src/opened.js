/** What of the state is of an object that is open, and goes with it. */
export const CLOSED = { o: null, at: null, k: null, "v.s": null };

/** The change of the state that opens row r of a view, in the setting of the row. */
export function opened({ objects }, { choice }, row) {
  const { method, setting } = choice.pairs[Math.floor(row / objects.n)];
  return { ...CLOSED, o: objects.key(row % objects.n), at: `${method.name}@${setting.id}` };
}
