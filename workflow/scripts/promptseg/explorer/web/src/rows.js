// Rows of the table: object x (method, setting). No row is an object: row r is pair floor(r / n) and object r % n, and all
// work is done on typed arrays, so that a million rows stay fast.

/** The rows whose object is in `objects` (0 or 1 per object), and for which every range and the status hold.
 *
 * @param n number of objects
 * @param objects Uint8Array, 1 where the filters of objects hold
 * @param pairs [{status: array of codes}], one per method and setting
 * @param ranges [{values: [Float32Array per pair], low, high}], both ends inclusive; a missing value is in no range
 * @param allowed Uint8Array by status code, 1 where it is shown
 * @returns Uint32Array of rows, ascending
 */
export function filterRows(n, objects, pairs, ranges, allowed) {
  const rows = new Uint32Array(n * pairs.length);
  let count = 0;
  pairs.forEach(({ status }, p) => {
    const from = count;
    for (let i = 0; i < n; i++) if (objects[i] && allowed[status[i]]) rows[count++] = p * n + i;
    for (const { values, low, high } of ranges) {
      const column = values[p];
      const least = low ?? -Infinity;
      const most = high ?? Infinity;
      let kept = from;
      for (let r = from; r < count; r++) {
        const value = column[rows[r] - p * n];
        if (value >= least && value <= most) rows[kept++] = rows[r];
      }
      count = kept;
    }
  });
  return rows.subarray(0, count);
}

/** The same rows ordered by values[pair][object], equal ones in the order they had; rows without a value come last. */
export function sortRows(rows, n, values, descending) {
  const keys = new Uint32Array(rows.length);
  const floats = new Float32Array(1);
  const bits = new Uint32Array(floats.buffer);
  for (let r = 0; r < rows.length; r++) {
    const p = Math.floor(rows[r] / n);
    floats[0] = values[p][rows[r] - p * n] + 0; // -0 is 0
    // Bits of a float ascend with its value once the sign is turned over; those of negative ones all.
    const ascending = bits[0] & 0x80000000 ? ~bits[0] : bits[0] | 0x80000000;
    keys[r] = floats[0] !== floats[0] ? 0xffffffff : descending ? ~ascending : ascending;
  }
  return radix(rows, keys);
}

function radix(rows, keys) {
  let [order, spare] = [rows.slice(), new Uint32Array(rows.length)];
  let [from, to] = [keys, new Uint32Array(rows.length)];
  for (const shift of [0, 11, 22]) {
    const starts = new Uint32Array(2049);
    for (let r = 0; r < from.length; r++) starts[((from[r] >>> shift) & 2047) + 1]++;
    for (let b = 0; b < 2048; b++) starts[b + 1] += starts[b];
    for (let r = 0; r < from.length; r++) {
      const place = starts[(from[r] >>> shift) & 2047]++;
      spare[place] = order[r];
      to[place] = from[r];
    }
    [order, spare] = [spare, order];
    [from, to] = [to, from];
  }
  return order;
}

/** Rows by object, those of one object side by side; the rows come in ascending. */
export function byObject(rows, n, descending) {
  const keys = rows.map((row) => (descending ? n - 1 - (row % n) : row % n));
  return radix(rows, keys);
}

/**
 * Counts of one pair over some of its objects, and means of metrics: over objects, and over tasks of their means over
 * objects, as `<metric>_mean_images` and `<metric>_mean_tasks` of summary.csv.
 *
 * @param objects Uint32Array of numbers of objects
 * @param status codes by object
 * @param codes {ok, not_applicable}: codes of these statuses
 * @param task Uint16Array: the task of each object, counted over all datasets
 * @param columns {metric: Float32Array by object}
 * @returns {scored, failed, notApplicable, tasks, objects: {metric: mean}, perTask: {metric: mean}}, NaN where none has a value
 */
export function summarise(objects, status, codes, task, columns) {
  const scored = objects.filter((i) => status[i] === codes.ok);
  let notApplicable = 0;
  for (const i of objects) if (status[i] === codes.not_applicable) notApplicable++;
  const seen = new Uint8Array(65536);
  for (const i of scored) seen[task[i]] = 1;
  const result = {
    scored: scored.length,
    failed: objects.length - scored.length - notApplicable,
    notApplicable,
    tasks: seen.reduce((sum, one) => sum + one, 0),
    objects: {},
    perTask: {},
  };
  for (const [name, values] of Object.entries(columns)) {
    [result.objects[name], result.perTask[name]] = means(values, scored, task);
  }
  return result;
}

function means(values, objects, task) {
  const sums = new Float64Array(65536);
  const counts = new Uint32Array(65536);
  for (const i of objects) {
    if (!Number.isFinite(values[i])) continue;
    sums[task[i]] += values[i];
    counts[task[i]]++;
  }
  let [sum, count, ofTasks, tasks] = [0, 0, 0, 0];
  for (let t = 0; t < sums.length; t++) {
    if (!counts[t]) continue;
    sum += sums[t];
    count += counts[t];
    ofTasks += sums[t] / counts[t];
    tasks++;
  }
  return [sum / count, ofTasks / tasks];
}

/** The objects of each pair among rows that are in ascending order. */
export function objectsByPair(rows, n, pairs) {
  const result = [];
  for (let p = 0, from = 0; p < pairs; p++) {
    let to = from;
    while (to < rows.length && rows[to] < (p + 1) * n) to++;
    result.push(rows.subarray(from, to).map((row) => row - p * n));
    from = to;
  }
  return result;
}
