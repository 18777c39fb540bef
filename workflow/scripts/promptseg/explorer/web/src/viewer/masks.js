// What is made of masks: bytes in row-major order, 1 inside.
import { ERRORS } from "./looks.js";

const rgb = (colour) => [1, 3, 5].map((start) => parseInt(colour.slice(start, start + 2), 16));

/**
 * Pixels of a mask that are right, too many and missing.
 * @param {Uint8Array} mask
 * @param {Uint8Array} truth of the same length
 * @returns {{both: number, extra: number, missed: number}}
 */
export function overlap(mask, truth) {
  let both = 0, extra = 0, missed = 0;
  for (let i = 0; i < mask.length; i++) {
    if (mask[i]) {
      if (truth[i]) both++;
      else extra++;
    } else if (truth[i]) missed++;
  }
  return { both, extra, missed };
}

/**
 * The colours of `ERRORS`, opaque, four bytes a pixel; nothing where neither mask is.
 * @param {Uint8Array} mask
 * @param {Uint8Array} truth
 * @returns {Uint8ClampedArray}
 */
export function errors(mask, truth) {
  const pixels = new Uint8ClampedArray(4 * mask.length);
  const [both, extra, missed] = ["both", "extra", "missed"].map((name) => [...rgb(ERRORS[name].colour), 255]);
  for (let i = 0; i < mask.length; i++) {
    if (mask[i] || truth[i]) pixels.set(mask[i] ? (truth[i] ? both : extra) : missed, 4 * i);
  }
  return pixels;
}

const STEPS = [[1, 0], [0, 1], [-1, 0], [0, -1]]; // right, down, left, up; the mask lies to the right of the way

/**
 * The outlines of a mask along the edges of its pixels, holes included: corners x, y, x, y, ... of closed ways.
 *
 * The mask lies to the right of each way, and pixels that touch at a corner only belong to different ways.
 * @param {Uint8Array} mask
 * @param {number} h
 * @param {number} w
 * @returns {number[][]}
 */
export function outlines(mask, h, w) {
  const inside = (x, y) => x >= 0 && y >= 0 && x < w && y < h && mask[y * w + x] === 1;
  const seen = new Uint8Array(h * w); // upper edges of pixels that are part of a way
  const ways = [];
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < w; x++) {
      if (!mask[y * w + x] || seen[y * w + x] || inside(x, y - 1)) continue;
      ways.push(follow(inside, x, y, (px, py) => { seen[py * w + px] = 1; }));
    }
  }
  return ways;
}

function follow(inside, startX, startY, passed) {
  const way = [];
  let x = startX, y = startY, turn = 0;
  do {
    if (turn === 0) passed(x, y);
    const [dx, dy] = STEPS[turn];
    x += dx;
    y += dy;
    // The two pixels ahead, to the left and to the right of the way.
    const left = inside(x + (dx + dy - 1) / 2, y + (dy - dx - 1) / 2);
    const right = inside(x + (dx - dy - 1) / 2, y + (dy + dx - 1) / 2);
    const next = !right ? (turn + 1) % 4 : left ? (turn + 3) % 4 : turn;
    if (next !== turn) way.push(x, y);
    turn = next;
  } while (x !== startX || y !== startY || turn !== 0);
  return way;
}
