// The codes are what pycocotools 2.0.11 makes of the masks beside them.
import assert from "node:assert/strict";
import { test } from "node:test";

import { decode, runs } from "../src/rle.js";

const rows = (counts, h, w) => {
  const mask = decode(counts, h, w);
  return Array.from({ length: h }, (_, y) => Array.from(mask.subarray(y * w, (y + 1) * w)).join(""));
};
const area = (counts, h, w) => decode(counts, h, w).reduce((sum, one) => sum + one, 0);

test("masks of a few pixels", () => {
  assert.deepEqual(rows("<", 3, 4), ["0000", "0000", "0000"]);
  assert.deepEqual(rows("0<", 3, 4), ["1111", "1111", "1111"]);
  assert.deepEqual(rows("01", 1, 1), ["1"]);
  assert.deepEqual(rows("5220003", 4, 5), ["00000", "01110", "01110", "00000"]);
  assert.deepEqual(rows("016010L0", 5, 4), ["1001", "0000", "0100", "0000", "0001"]);
  assert.deepEqual(rows("011010O10O10O10O10O0", 4, 6), ["101010", "010101", "101010", "010101"]);
});

test("a ring", () => {
  const code = "TX1=]14L4M2M4M2N2O0O2N2O0O2O]OZO0e0NA0>OD0<OF0:OH080H080H08OJ061H080H080H081F0:1D0<1B0?2[O0f0c01N101N2N101N2N3L3N3L4LjT1";
  const ring = rows(code, 60, 80);
  assert.equal(area(code, 60, 80), 1096);
  assert.equal(ring[10], "0".repeat(80));
  assert.equal(ring[30], `${"0".repeat(21)}${"1".repeat(12)}${"0".repeat(15)}${"1".repeat(12)}${"0".repeat(20)}`);
});

test("long runs and differences below zero", () => {
  assert.deepEqual(runs("PVgZ1`n1_ah`1aQN"), [1400000, 2000, 1597999, 1]);
  const mask = decode("PVgZ1`n1_ah`1aQN", 2000, 1500);
  assert.equal(mask[700] + mask[1999 * 1500 + 700] + mask[1999 * 1500 + 1499], 3);
  assert.equal(area("PVgZ1`n1_ah`1aQN", 2000, 1500), 2001);
});

test("a code of another size is refused", () => {
  assert.throws(() => decode("5220003", 4, 6), /20 pixels does not fit an image of 4 by 6/);
});
