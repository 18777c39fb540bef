/** The change of the state that opens row r of a view. */
export function opened({ objects }, { choice }, row) {
  const { method, setting } = choice.pairs[Math.floor(row / objects.n)];
  return { o: objects.key(row % objects.n), at: `${method.name}@${setting.id}`, k: null };
}
