/** COCO's compressed run lengths, as `core/masks.encode` writes them (format: pycocotools, maskApi.c, rleFrString). */

/**
 * The run lengths of a code: pixels outside and inside by turns, down the columns, the first run outside.
 *
 * Numbers of five bits with a sign, least significant first; from the third run on differences to the one before the last.
 * @param {string} counts
 * @returns {number[]}
 */
export function runs(counts) {
  const found = [];
  for (let place = 0; place < counts.length;) {
    let value = 0, shift = 0, part;
    do {
      part = counts.charCodeAt(place++) - 48;
      value |= (part & 31) << shift;
      shift += 5;
    } while (part & 32);
    if (part & 16 && shift < 32) value |= -1 << shift;
    found.push(found.length > 2 ? value + found[found.length - 2] : value);
  }
  return found;
}

/**
 * A mask of h * w bytes in row-major order, 1 inside.
 * @param {string} counts
 * @param {number} h
 * @param {number} w
 * @returns {Uint8Array}
 * @throws {Error} the runs do not fill an image of this size.
 */
export function decode(counts, h, w) {
  const mask = new Uint8Array(h * w);
  let place = 0, inside = false;
  for (const run of runs(counts)) {
    const end = place + run;
    if (inside) {
      for (let x = Math.floor(place / h), y = place % h, i = place; i < end; i++) {
        mask[y * w + x] = 1;
        if (++y === h) { y = 0; x++; }
      }
    }
    place = end;
    inside = !inside;
  }
  if (place !== h * w) throw new Error(`a mask of ${place} pixels does not fit an image of ${h} by ${w}`);
  return mask;
}
