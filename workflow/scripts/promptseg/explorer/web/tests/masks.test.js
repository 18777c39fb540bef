import assert from "node:assert/strict";
import { test } from "node:test";

import { errors, outlines, overlap } from "../src/viewer/masks.js";

const mask = (...rows) => Uint8Array.from(rows.join(""), Number);

test("counts of pixels", () => {
  assert.deepEqual(overlap(mask("0110", "0110"), mask("0011", "0001")), { both: 1, extra: 3, missed: 2 });
});

test("colours of errors", () => {
  assert.deepEqual([...errors(mask("1100"), mask("1010"))], [
    0xf0, 0xe4, 0x42, 255, 0xd5, 0x5e, 0x00, 255, 0x56, 0xb4, 0xe9, 255, 0, 0, 0, 0,
  ]);
});

test("outlines go along the edges of pixels", () => {
  assert.deepEqual(outlines(mask("000", "000"), 2, 3), []);
  assert.deepEqual(outlines(mask("1"), 1, 1), [[1, 0, 1, 1, 0, 1, 0, 0]]);
  assert.deepEqual(outlines(mask("0110", "0110", "0000"), 3, 4), [[3, 0, 3, 2, 1, 2, 1, 0]]);
  assert.deepEqual(outlines(mask("110", "010"), 2, 3), [[2, 0, 2, 2, 1, 2, 1, 1, 0, 1, 0, 0]]);
});

test("holes are outlines of their own, and pixels that touch at a corner are apart", () => {
  assert.deepEqual(outlines(mask("111", "101", "111"), 3, 3), [[3, 0, 3, 3, 0, 3, 0, 0], [2, 2, 2, 1, 1, 1, 1, 2]]);
  assert.deepEqual(outlines(mask("10", "01"), 2, 2), [[1, 0, 1, 1, 0, 1, 0, 0], [2, 1, 2, 2, 1, 2, 1, 1]]);
  assert.deepEqual(outlines(mask("01", "10"), 2, 2), [[2, 0, 2, 1, 1, 1, 1, 0], [1, 1, 1, 2, 0, 2, 0, 1]]);
});

test("outlines fill what they came from", () => {
  // The area of closed ways by the formula of the trapezium is that of the mask, holes taken off.
  let state = 7;
  const random = () => (state = (state * 1103515245 + 12345) % 2147483648) / 2147483648;
  for (let round = 0; round < 50; round++) {
    const one = Uint8Array.from({ length: 12 * 9 }, () => Number(random() < 0.6));
    const area = outlines(one, 12, 9).reduce((sum, way) => {
      for (let i = 0; i < way.length; i += 2) {
        const [x, y, x1, y1] = [way[i], way[i + 1], way[(i + 2) % way.length], way[(i + 3) % way.length]];
        sum += (x * y1 - x1 * y) / 2;
      }
      return sum;
    }, 0);
    assert.equal(area, one.reduce((sum, pixel) => sum + pixel, 0));
  }
});
