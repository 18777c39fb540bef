// What is made of masks: bytes in row-major order, 1 inside.
import { ERRORS } from "./looks.js";

/** Red, green and blue, 0 to 255, of a colour as in looks.js. */
export const rgb = (colour) => [1, 3, 5].map((start) => parseInt(colour.slice(start, start + 2), 16));

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

/**
 * The box around all pixels of two masks, x, y, width, height; one pixel where both are empty.
 * @param {number[]} size h, w
 */
export function extent(mask, truth, [h, w]) {
  let left = w, right = -1, top = h, bottom = -1;
  for (let y = 0, i = 0; y < h; y++) {
    for (let x = 0; x < w; x++, i++) {
      if (!mask[i] && !truth[i]) continue;
      if (x < left) left = x;
      if (x > right) right = x;
      if (y < top) top = y;
      bottom = y;
    }
  }
  return right < 0 ? [0, 0, 1, 1] : [left, top, right - left + 1, bottom - top + 1];
}

/**
 * Where the pixels of a panel show a mask. A pixel of the image covers at least one of the panel, however small it is drawn.
 * @param {Uint8Array} mask
 * @param {number[]} size h, w
 * @param {object} place of `placed`, in pixels of the device
 * @param {number[]} panel width, height, in pixels of the device
 * @returns {Uint8Array} width * height bytes in row-major order
 */
export function projected(mask, [h, w], { sx, sy, left, top }, [width, height]) {
  const shown = new Uint8Array(width * height), line = new Uint8Array(width);
  const ys = spans(h, sy, top, height), xs = spans(w, sx, left, width);
  for (let y = ys.from; y < ys.to; y++) {
    line.fill(0);
    let any = false;
    for (let x = xs.from, i = y * w + xs.from; x < xs.to; x++, i++) {
      if (!mask[i]) continue;
      any = true;
      for (let column = xs.first[x]; column < xs.end[x]; column++) line[column] = 1;
    }
    if (!any) continue;
    for (let row = ys.first[y]; row < ys.end[y]; row++) {
      for (let column = 0, i = row * width; column < width; column++, i++) shown[i] |= line[column];
    }
  }
  return shown;
}

/**
 * Along one axis: which pixels of the image the panel shows, [from, to), and of each the pixels of the panel, [first, end), whose
 * middle it holds, or else the nearest.
 */
function spans(count, scale, start, room) {
  const first = new Int32Array(count), end = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    const low = Math.ceil(start + i * scale - 0.5);
    first[i] = Math.max(low, 0);
    end[i] = Math.min(Math.max(Math.ceil(start + (i + 1) * scale - 0.5), low + 1), room);
  }
  const inside = (i) => Math.min(Math.max(i, 0), count);
  return { first, end, from: inside(Math.floor(-start / scale) - 1), to: inside(Math.ceil((room - start) / scale) + 1) };
}

/**
 * The border of what `projected` shows: its own pixels, or with `outside` those around it, that lie within `reach` of the other
 * side along each axis.
 * @returns {Uint8Array} of the same size
 */
export function border(shown, [width, height], reach, outside) {
  const other = outside ? 1 : 0; // what has to be near
  const near = new Uint8Array(width * height), found = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0, since = reach + 1; x < width; x++) {
      since = shown[y * width + x] === other ? 0 : since + 1;
      if (since <= reach) near[y * width + x] = 1;
    }
    for (let x = width - 1, since = reach + 1; x >= 0; x--) {
      since = shown[y * width + x] === other ? 0 : since + 1;
      if (since <= reach) near[y * width + x] = 1;
    }
  }
  const since = new Int32Array(width);
  const pass = (y) => {
    for (let x = 0, i = y * width; x < width; x++, i++) {
      since[x] = near[i] ? 0 : since[x] + 1;
      if (since[x] <= reach && shown[i] !== other) found[i] = 1;
    }
  };
  since.fill(reach + 1);
  for (let y = 0; y < height; y++) pass(y);
  since.fill(reach + 1);
  for (let y = height - 1; y >= 0; y--) pass(y);
  return found;
}
