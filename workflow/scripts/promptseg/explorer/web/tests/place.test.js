import assert from "node:assert/strict";
import { test } from "node:test";

import { around, aspect, fit, moved, nextZoom, placed, zoomed } from "../src/viewer/place.js";

const SQUARE = [1, 1];

test("pixels have their physical shape", () => {
  assert.deepEqual(aspect(null), [1, 1]);
  assert.deepEqual(aspect([3, 1.5]), [2, 1]);
  assert.deepEqual(aspect([0.5, 0.8]), [1, 1.6]);
});

test("the part around an object is that of the figures", () => {
  // pictures.window((40, 30, 59, 49), (100, 200), (1.0, 1.0)) + 0.5
  assert.deepEqual(around([40, 30, 59, 49], [100, 200], SQUARE), [25, 15, 75, 65]);
  // pictures.window((0, 0, 3, 3), (100, 200), (1.0, 1.0)) + 0.5
  assert.deepEqual(around([0, 0, 3, 3], [100, 200], SQUARE), [0, 0, 40, 40]);
  // pictures.window((10, 5, 19, 9), (20, 40), (2.0, 1.0)) + 0.5
  assert.deepEqual(around([10, 5, 19, 9], [20, 40], [2, 1]), [2.5, 1.25, 27.5, 13.75]);
  // pictures.window((0, 0, 199, 99), (100, 200), (1.0, 1.0)) + 0.5
  assert.deepEqual(around([0, 0, 199, 99], [100, 200], SQUARE), [0, -50, 200, 150]);
});

test("a part fills the panel along its longer side", () => {
  assert.deepEqual(fit([25, 15, 75, 65], [400, 300], SQUARE), { zoom: 6, x: 50, y: 40 });
  assert.deepEqual(fit([0, 0, 20, 10], [400, 300], [2, 1]), { zoom: 15, x: 10, y: 5 });
});

test("the image lies on whole pixels of the device", () => {
  assert.deepEqual(placed({ zoom: 4, x: 4.1, y: 3 }, [101, 80], SQUARE), { sx: 4, sy: 4, left: 34, top: 28 });
  assert.deepEqual(placed({ zoom: 4, x: 4.1, y: 3 }, [101, 80], [2, 1], 2), { sx: 4, sy: 8, left: 34, top: 16 });
});

test("a drag moves the image, but never out of sight", () => {
  const view = { zoom: 4, x: 50, y: 40 };
  assert.deepEqual(moved(view, 20, -8, [100, 200], SQUARE), { zoom: 4, x: 45, y: 42 });
  assert.deepEqual(moved(view, 20, -8, [100, 200], [2, 1]), { zoom: 4, x: 45, y: 41 });
  assert.deepEqual(moved(view, 5000, -5000, [100, 200], SQUARE), { zoom: 4, x: 0, y: 100 });
});

test("what lies under the pointer stays there while zooming", () => {
  assert.deepEqual(zoomed({ zoom: 4, x: 50, y: 40 }, 8, [40, -16], [100, 200], SQUARE), { zoom: 8, x: 55, y: 38 });
  assert.deepEqual(zoomed({ zoom: 4, x: 50, y: 40 }, 2, [0, 0], [100, 200], SQUARE), { zoom: 2, x: 50, y: 40 });
});

test("buttons go through the usual zooms", () => {
  assert.equal(nextZoom(4, 1), 6);
  assert.equal(nextZoom(5.1, -1), 4);
  assert.equal(nextZoom(128, 1), 256);
  assert.equal(nextZoom(0.125, -1), 0.0625);
});
