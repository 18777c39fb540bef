import assert from "node:assert/strict";
import { test } from "node:test";
import { density, extent, histogram } from "../src/bins.js";
import { byObject, count, filterRows, sortRows, summarise } from "../src/rows.js";

const f4 = (...values) => Float32Array.from(values);
const u1 = (...values) => Uint8Array.from(values);
const lists = (groups) => groups.map((group) => [...group]);

// Four objects in two pairs; status 0 is scored, 1 not applicable, 2 no row, 3 failed.
const STATUS = [u1(0, 0, 3, 0), u1(0, 1, 0, 2)];
const IOU = [f4(0.5, 0.25, NaN, 0.75), f4(0.5, NaN, 1, NaN)];
const ALL = u1(1, 1, 1, 1);
const ROWS = u1(1, 1, 0, 1);

test("a row passes by its object, its status and every range", () => {
  assert.deepEqual(lists(filterRows(ALL, STATUS, [], ROWS)), [
    [0, 1, 2, 3],
    [0, 1, 2],
  ]);
  assert.deepEqual(lists(filterRows(u1(0, 1, 1, 1), STATUS, [], u1(1, 0, 0, 0))), [[1, 3], [2]]);
  const range = (low, high) => lists(filterRows(ALL, STATUS, [{ values: IOU, low, high }], ROWS));
  assert.deepEqual(range(0.25, 0.5), [[0, 1], [0]]);
  assert.deepEqual(range(0.5, null), [
    [0, 3],
    [0, 2],
  ]);
  assert.deepEqual(range(null, null), [
    [0, 1, 3],
    [0, 2],
  ]);
  const tenths = [{ values: [f4(0.7, 0.8, 0.9)], low: 0.7, high: 0.8 }]; // of which no float is exactly one
  assert.deepEqual(lists(filterRows(u1(1, 1, 1), [u1(0, 0, 0)], tenths, ROWS)), [[0, 1]]);
});

test("rows are sorted by value, equal ones by pair and object, those without one last", () => {
  const groups = filterRows(ALL, STATUS, [], ROWS);
  assert.equal(count(groups), 7);
  assert.deepEqual([...sortRows(groups, 4, IOU, false)], [1, 0, 4, 3, 6, 2, 5]);
  assert.deepEqual([...sortRows(groups, 4, IOU, true)], [6, 3, 0, 4, 1, 2, 5]);
});

test("negative numbers, zeros of both signs and infinities are in their order", () => {
  const values = [f4(0, -1, Infinity, -0, 3e-40, -2.5, NaN, -Infinity)];
  const groups = [Uint32Array.of(0, 1, 2, 3, 4, 5, 6, 7)];
  assert.deepEqual([...sortRows(groups, 8, values, false)], [7, 5, 1, 0, 3, 4, 2, 6]);
  assert.deepEqual([...sortRows(groups, 8, values, true)], [2, 4, 0, 3, 1, 5, 7, 6]);
});

test("many rows are in the order of a plain sort", () => {
  const n = 5000;
  let seed = 1;
  const column = () => Float32Array.from({ length: n }, () => ((seed = (seed * 16807) % 2147483647) % 1000) / 500 - 1);
  const values = [column(), column()];
  const groups = values.map(() => Uint32Array.from({ length: n }, (_, i) => i));
  const of = (row) => values[Math.floor(row / n)][row % n];
  const expected = Array.from({ length: 2 * n }, (_, row) => row).sort((a, b) => of(a) - of(b) || a - b);
  assert.deepEqual([...sortRows(groups, n, values, false)], expected);
});

test("the order of objects holds their rows together", () => {
  const groups = filterRows(ALL, STATUS, [], ROWS);
  assert.deepEqual([...byObject(groups, 4, false)], [0, 4, 1, 5, 2, 6, 3]);
  assert.deepEqual([...byObject(groups, 4, true)], [3, 2, 6, 1, 5, 0, 4]);
});

test("means are those of summary.csv: of scored objects, and of the means of tasks", () => {
  const tasks = { task: Uint16Array.of(0, 0, 0, 2), tasks: 3 };
  const codes = { ok: 0, not_applicable: 1 };
  const objects = Uint32Array.of(0, 1, 2, 3);
  const made = summarise(objects, STATUS[0], codes, tasks, { iou: IOU[0], hd95: f4(NaN, 4, 8, Infinity) });
  assert.deepEqual(made, {
    scored: 3,
    failed: 1,
    notApplicable: 0,
    tasks: 2,
    objects: { iou: 0.5, hd95: 4 },
    perTask: { iou: (0.375 + 0.75) / 2, hd95: 4 },
  });
  const none = summarise(Uint32Array.of(1), STATUS[1], codes, tasks, { iou: IOU[1] });
  assert.deepEqual(none, {
    scored: 0,
    failed: 0,
    notApplicable: 1,
    tasks: 0,
    objects: { iou: NaN },
    perTask: { iou: NaN },
  });
});

test("plots count each value once, the ends included", () => {
  const groups = [Uint32Array.of(0, 1, 2, 3), Uint32Array.of(0, 2)];
  assert.deepEqual(extent(groups, IOU), [0.25, 1]);
  assert.deepEqual(extent([Uint32Array.of(2)], IOU), [0, 1]);
  assert.deepEqual(extent([Uint32Array.of(0)], IOU), [0, 1]);
  assert.deepEqual(lists(histogram(groups, IOU, [0, 1], 4)), [
    [0, 1, 1, 1],
    [0, 0, 1, 1],
  ]);
  const cells = density(
    groups,
    [IOU, IOU],
    [
      [0, 1],
      [0, 1],
    ],
    [2, 4],
  );
  assert.deepEqual([...cells], [0, 1, 0, 0, 0, 0, 2, 2]);
});
