import assert from "node:assert/strict";
import { test } from "node:test";

import { border, errors, extent, overlap, projected } from "../src/viewer/masks.js";

const mask = (...rows) => Uint8Array.from(rows.join(""), Number);

test("counts of pixels", () => {
  assert.deepEqual(overlap(mask("0110", "0110"), mask("0011", "0001")), { both: 1, extra: 3, missed: 2 });
});

test("colours of errors", () => {
  assert.deepEqual([...errors(mask("1100"), mask("1010"))], [
    0xf0, 0xe4, 0x42, 255, 0xd5, 0x5e, 0x00, 255, 0x56, 0xb4, 0xe9, 255, 0, 0, 0, 0,
  ]);
});

const rows = (bytes, width) => Array.from({ length: bytes.length / width }, (_, y) => bytes.subarray(y * width, (y + 1) * width).join(""));
const place = (sx, sy, left, top) => ({ sx, sy, left, top });

test("pixels of the image in those of a panel", () => {
  const one = mask("010", "001"), size = [2, 3];
  assert.deepEqual(rows(projected(one, size, place(2, 2, 0, 0), [6, 4]), 6), ["001100", "001100", "000011", "000011"]);
  assert.deepEqual(rows(projected(one, size, place(2, 1, -1, 1), [5, 4]), 5), ["00000", "01100", "00011", "00000"]);
  assert.deepEqual(rows(projected(one, size, place(1.5, 1, 0, 0), [5, 2]), 5), ["01100", "00010"]);
  assert.deepEqual(rows(projected(one, size, place(9, 9, -12, -3), [4, 3]), 4), ["1111", "1111", "1111"]);
});

test("a small object is seen however small it is drawn", () => {
  const one = new Uint8Array(100 * 100);
  one[37 * 100 + 61] = 1;
  assert.deepEqual(rows(projected(one, [100, 100], place(0.05, 0.05, 0, 0), [5, 5]), 5), ["00000", "00000", "00010", "00000", "00000"]);
});

test("borders on both sides", () => {
  const shown = mask("0000000", "0111110", "0111110", "0111110", "0111110", "0000000");
  assert.deepEqual(rows(border(shown, [7, 6], 1, false), 7), ["0000000", "0111110", "0100010", "0100010", "0111110", "0000000"]);
  assert.deepEqual(rows(border(shown, [7, 6], 1, true), 7), ["1111111", "1000001", "1000001", "1000001", "1000001", "1111111"]);
  assert.deepEqual(rows(border(shown, [7, 6], 2, false), 7), ["0000000", "0111110", "0111110", "0111110", "0111110", "0000000"]);
});

test("what goes on beyond the panel has no border there", () => {
  const shown = mask("1111", "1110", "1111");
  assert.deepEqual(rows(border(shown, [4, 3], 1, false), 4), ["0011", "0010", "0011"]);
  assert.deepEqual(rows(border(shown, [4, 3], 1, true), 4), ["0000", "0001", "0000"]);
});

test("the extent of two masks is the box around all their pixels", () => {
  const [mask, truth, none] = [new Uint8Array(15), new Uint8Array(15), new Uint8Array(15)];
  mask[1 * 5 + 3] = truth[2 * 5 + 1] = 1; // (3, 1) and (1, 2) of an image of 3 rows and 5 columns
  assert.deepEqual(extent(mask, truth, [3, 5]), [1, 1, 3, 2]);
  assert.deepEqual(extent(mask, none, [3, 5]), [3, 1, 1, 1]);
  assert.deepEqual(extent(none, none, [3, 5]), [0, 0, 1, 1]);
});
