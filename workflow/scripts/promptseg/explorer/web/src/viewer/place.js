// Where the image lies in a panel. A view is {zoom, x, y}: screen pixels for one image pixel along the closer spaced axis,
// and the place in the image (pixel i reaches from i to i + 1) that is in the middle of the panel.

const ZOOMS = [0.125, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128];

/**
 * How much longer a pixel is drawn than the zoom says: [along y, along x].
 * @param {number[]|null} spacing (y, x); null for square pixels
 */
export function aspect(spacing) {
  const [y, x] = spacing ?? [1, 1], least = Math.min(y, x);
  return [y / least, x / least];
}

/**
 * The part of an image to look at first, as in the figures (figures/pictures.py): a square in mm around the object, 2.5 times
 * its longer side, at least 40 % of the image's shorter side; it never leaves the image further than it must.
 * @param {number[]} bbox x0, y0, x1, y1, inclusive
 * @param {number[]} size h, w
 * @param {number[]} ratio of `aspect`
 * @returns {number[]} left, top, right, bottom
 */
export function around(bbox, [h, w], [ry, rx]) {
  const [x0, y0, x1, y1] = [bbox[0] * rx, bbox[1] * ry, (bbox[2] + 1) * rx, (bbox[3] + 1) * ry];
  const [height, width] = [h * ry, w * rx];
  const longer = 2.5 * Math.max(x1 - x0, y1 - y0);
  const side = Math.min(Math.max(longer, 0.4 * Math.min(height, width)), Math.max(height, width));
  const start = (middle, room) => (room > 0 ? Math.min(Math.max(middle - side / 2, 0), room) : room / 2);
  const left = start((x0 + x1) / 2, width - side), top = start((y0 + y1) / 2, height - side);
  return [left / rx, top / ry, (left + side) / rx, (top + side) / ry];
}

/**
 * The view that shows a part of the image as large as the panel allows.
 * @param {number[]} part left, top, right, bottom
 * @param {number[]} panel width, height in screen pixels
 * @param {number[]} ratio of `aspect`
 */
export function fit([left, top, right, bottom], [width, height], [ry, rx]) {
  const zoom = Math.min(width / ((right - left) * rx), height / ((bottom - top) * ry));
  return { zoom, x: (left + right) / 2, y: (top + bottom) / 2 };
}

/** Screen pixels for an image pixel, and where the image's corner lies in the panel, on whole pixels of the device. */
export function placed(view, [width, height], [ry, rx], ratio = 1) {
  const sx = view.zoom * rx, sy = view.zoom * ry;
  const whole = (value) => Math.round(value * ratio) / ratio;
  return { sx, sy, left: whole(width / 2 - view.x * sx), top: whole(height / 2 - view.y * sy) };
}

/** The view after a drag by screen pixels; the middle stays in the image. */
export function moved(view, dx, dy, [h, w], [ry, rx]) {
  const inside = (value, most) => Math.min(Math.max(value, 0), most);
  return { ...view, x: inside(view.x - dx / (view.zoom * rx), w), y: inside(view.y - dy / (view.zoom * ry), h) };
}

/**
 * The view at another zoom that keeps a place of the panel where it is.
 * @param {number[]} from x, y in screen pixels from the middle of the panel
 */
export function zoomed(view, zoom, from, size, ratio) {
  const kept = Math.min(Math.max(zoom, ZOOMS[0] / 2), 2 * ZOOMS.at(-1));
  const [dx, dy] = from.map((value) => value * (1 - kept / view.zoom)); // how far the place would go
  return moved({ ...view, zoom: kept }, dx, dy, size, ratio);
}

/** The next larger (1) or smaller (-1) of the usual zooms. */
export function nextZoom(zoom, direction) {
  const beyond = direction > 0 ? ZOOMS.find((one) => one > zoom * 1.01) : ZOOMS.findLast((one) => one < zoom / 1.01);
  return beyond ?? zoom * 2 ** direction;
}
