// Rows of the table: object x pair of method and setting. No row is an object: what a filter keeps is one array of numbers
// of objects per pair (a group), and row p * n + i is object i of n in pair p. So a million rows stay fast.

/**
 * The objects of each pair that pass.
 *
 * @param objects Uint8Array, 1 for each object that the filters of objects keep
 * @param statuses array of codes by object, one per pair
 * @param ranges [{values: [Float32Array by object, one per pair], low, high}], both ends inclusive, null where open; a
 *   missing value is in no range
 * @param allowed Uint8Array by code of a status, 1 where it is shown
 * @returns [Uint32Array of objects, ascending] per pair
 */
export function filterRows(objects, statuses, ranges, allowed) {
  const kept = new Uint32Array(objects.length);
  return statuses.map((status, p) => {
    let count = 0;
    for (let i = 0; i < objects.length; i++) if (objects[i] && allowed[status[i]]) kept[count++] = i;
    for (const { values, low, high } of ranges) {
      const column = values[p];
      const [least, most] = [Math.fround(low ?? -Infinity), Math.fround(high ?? Infinity)]; // as the values were rounded
      const before = count;
      count = 0;
      for (let r = 0; r < before; r++) {
        const value = column[kept[r]];
        if (value >= least && value <= most) kept[count++] = kept[r];
      }
    }
    return kept.slice(0, count);
  });
}

/** Rows ordered by values[pair][object], equal ones by pair and object; those without a value come last. */
export function sortRows(groups, n, values, descending) {
  const keys = new Uint32Array(count(groups));
  let r = 0;
  groups.forEach((objects, p) => {
    const { buffer, byteOffset, length } = values[p];
    const bits = new Uint32Array(buffer, byteOffset, length);
    for (const i of objects) keys[r++] = place(bits[i], descending);
  });
  return radix(rowsOf(groups, n), keys);
}

/** From the bits of a float to an integer with the same order: its sign turned over, or all bits of a negative one. */
function place(bits, descending) {
  if ((bits & 0x7fffffff) > 0x7f800000) return 0xffffffff; // NaN
  const ascending = bits === 0x80000000 ? 0x80000000 : bits & 0x80000000 ? ~bits : bits | 0x80000000; // -0 is 0
  return descending ? ~ascending : ascending;
}

/** Rows ordered by object, those of one object by pair. */
export function byObject(groups, n, descending) {
  const rows = rowsOf(groups, n);
  return radix(
    rows,
    rows.map((row) => (descending ? n - 1 - (row % n) : row % n)),
  );
}

/** How many rows there are. */
export function count(groups) {
  return groups.reduce((sum, objects) => sum + objects.length, 0);
}

function rowsOf(groups, n) {
  const rows = new Uint32Array(count(groups));
  let r = 0;
  groups.forEach((objects, p) => {
    for (const i of objects) rows[r++] = p * n + i;
  });
  return rows;
}

const BITS = 11;

/** `rows` ordered by their keys, equal ones as they stood: a radix sort, which needs no comparison. Overwrites both. */
function radix(rows, keys) {
  let [from, to] = [keys, new Uint32Array(rows.length)];
  let [order, next] = [rows, new Uint32Array(rows.length)];
  for (const shift of [0, BITS, 2 * BITS]) {
    const starts = new Uint32Array((1 << BITS) + 1);
    const mask = (1 << BITS) - 1;
    for (let r = 0; r < from.length; r++) starts[((from[r] >>> shift) & mask) + 1]++;
    if (starts.includes(rows.length)) continue; // all alike
    for (let b = 0; b < mask; b++) starts[b + 1] += starts[b];
    for (let r = 0; r < from.length; r++) {
      const at = starts[(from[r] >>> shift) & mask]++;
      next[at] = order[r];
      to[at] = from[r];
    }
    [order, next] = [next, order];
    [from, to] = [to, from];
  }
  return order;
}

/**
 * Counts of one pair over some of its objects, and means of metrics: over objects, and over tasks of their means over
 * objects, as `<metric>_mean_images` and `<metric>_mean_tasks` of summary.csv.
 *
 * @param objects Uint32Array of numbers of objects
 * @param status codes by object
 * @param codes {ok, not_applicable}: codes of these statuses
 * @param task the number of the task of each object, counted over all datasets
 * @param tasks how many tasks there are
 * @param columns {metric: Float32Array by object}
 * @returns {scored, failed, notApplicable, tasks, objects: {metric: mean}, perTask: {metric: mean}}, NaN where there is none
 */
export function summarise(objects, status, codes, { task, tasks }, columns) {
  const scored = new Uint32Array(objects.length);
  const seen = new Uint8Array(tasks);
  let [known, notApplicable] = [0, 0];
  for (const i of objects) {
    if (status[i] === codes.ok) {
      scored[known++] = i;
      seen[task[i]] = 1;
    } else if (status[i] === codes.not_applicable) notApplicable++;
  }
  const result = {
    scored: known,
    failed: objects.length - known - notApplicable,
    notApplicable,
    tasks: seen.reduce((sum, one) => sum + one, 0),
    objects: {},
    perTask: {},
  };
  for (const [name, values] of Object.entries(columns)) {
    [result.objects[name], result.perTask[name]] = means(values, scored.subarray(0, known), task, tasks);
  }
  return result;
}

/** Mean of finite values over objects, and over tasks of their means. */
function means(values, objects, task, tasks) {
  const sums = new Float64Array(tasks);
  const counts = new Uint32Array(tasks);
  for (let r = 0; r < objects.length; r++) {
    const i = objects[r];
    const value = values[i];
    if (value - value !== 0) continue; // NaN or infinite
    sums[task[i]] += value;
    counts[task[i]]++;
  }
  let [sum, all, ofTasks, withValues] = [0, 0, 0, 0];
  for (let t = 0; t < tasks; t++) {
    if (!counts[t]) continue;
    sum += sums[t];
    all += counts[t];
    ofTasks += sums[t] / counts[t];
    withValues++;
  }
  return [sum / all, ofTasks / withValues];
}
