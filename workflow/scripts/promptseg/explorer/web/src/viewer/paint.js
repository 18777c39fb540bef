// Drawing on the two canvases of a panel: the image below, masks and prompts above. Images of a page opened from a disk may be
// drawn but not read, so the window is a filter on the lower canvas and nothing here looks at an image's pixels.
import { border, errors, extent, projected, rgb } from "./masks.js";
import { MASK, PROMPT, TRUTH } from "./looks.js";

const [THIN, LINE] = [1, 1.5]; // screen pixels, about: as wide at every zoom, but where pixels of the image are small
const DARK = "#000";

/** Give a canvas the size of its panel in pixels of the device, empty; returns a context that draws in screen pixels. */
function context(canvas, [width, height], ratio) {
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const ctx = canvas.getContext("2d");
  ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
  return ctx;
}

/** Draw a picture of h * w pixels: sharp pixels when it is enlarged, averages when it is made smaller. */
function picture(ctx, source, { sx, sy, left, top }, [h, w], ratio) {
  ctx.imageSmoothingEnabled = Math.min(sx, sy) * ratio < 1;
  ctx.imageSmoothingQuality = "high";
  ctx.drawImage(source, left, top, w * sx, h * sy);
}

/** The image of a panel. */
export function paintImage(canvas, image, place, size, panel, ratio) {
  picture(context(canvas, panel, ratio), image, place, size, ratio);
}

/**
 * A picture of the errors of a mask, one pixel for each of the image, and where it lies. Only the part with masks: browsers draw
 * no canvas as wide as a slide.
 */
export function prepareErrors(mask, truth, [h, w]) {
  const [x, y, width, height] = extent(mask, truth, [h, w]);
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  canvas.getContext("2d").putImageData(new ImageData(errors(mask, truth), w, h), -x, -y);
  return { canvas, x, y };
}

/**
 * What lies over the image of a panel.
 * @param {HTMLCanvasElement} canvas
 * @param {object} what outlines: {truth, mask}, bytes in row-major order; errors: of `prepareErrors`, with opacity, 0 to 1: what is
 *   not drawn is missing;
 *   boxes: [[x0, y0, x1, y1]], inclusive; clicks: [{x, y, label, earlier}]; scribbles: [[label, width, [[x, y]]]], in pixels;
 *   lasso: [[x, y]], closed
 */
export function paintOverlay(canvas, what, place, size, panel, ratio) {
  const ctx = context(canvas, panel, ratio);
  if (what.errors) {
    ctx.globalAlpha = what.opacity;
    const { canvas: part, x, y } = what.errors, { sx, sy, left, top } = place;
    picture(ctx, part, { sx, sy, left: left + x * sx, top: top + y * sy }, [part.height, part.width], ratio);
    ctx.globalAlpha = 1;
  }
  if (what.outlines) paintOutlines(ctx, what.outlines, place, size, ratio);
  for (const box of what.boxes) drawBox(ctx, box, place);
  for (const scribble of what.scribbles) drawScribble(ctx, scribble, place);
  if (what.lasso.length) drawLasso(ctx, what.lasso, place);
  for (const click of what.clicks) drawClick(ctx, click, place);
}

/** The truth outside its border and the mask inside, so that both are seen where they agree. */
function paintOutlines(ctx, { truth, mask }, { sx, sy, left, top }, size, ratio) {
  const { width, height } = ctx.canvas;
  const place = { sx: sx * ratio, sy: sy * ratio, left: left * ratio, top: top * ratio }, panel = [width, height];
  const lines = new ImageData(width, height), pixels = new Uint32Array(lines.data.buffer);
  const reach = Math.max(1, Math.round((Math.min(sx, sy) < 4 ? THIN : LINE) * ratio));
  const draw = (bytes, colour, outside) => {
    const value = new Uint32Array(Uint8Array.of(...rgb(colour), 255).buffer)[0];
    const line = border(projected(bytes, size, place, panel), panel, reach, outside);
    for (let i = 0; i < line.length; i++) if (line[i]) pixels[i] = value;
  };
  draw(truth, TRUTH, true);
  if (mask) draw(mask, MASK, false);
  ctx.putImageData(lines, 0, 0);
}

function drawBox(ctx, [x0, y0, x1, y1], { sx, sy, left, top }) {
  const path = new Path2D();
  path.rect(left + x0 * sx, top + y0 * sy, (x1 - x0 + 1) * sx, (y1 - y0 + 1) * sy);
  dash(ctx, path);
}

/** Dashes that are seen on any image. */
function dash(ctx, path) {
  ctx.save();
  ctx.lineWidth = 3;
  ctx.strokeStyle = DARK;
  ctx.setLineDash([7, 5]);
  ctx.stroke(path);
  ctx.lineWidth = 1.5;
  ctx.strokeStyle = PROMPT;
  ctx.stroke(path);
  ctx.restore();
}

/** A path through the middles of pixels. */
function through(pixels, { sx, sy, left, top }) {
  const path = new Path2D();
  for (const [x, y] of pixels) path.lineTo(left + (x + 0.5) * sx, top + (y + 0.5) * sy);
  return path;
}

function drawLasso(ctx, pixels, place) {
  const path = through(pixels, place);
  path.closePath();
  dash(ctx, path);
}

/** A stroke as wide as its brush, white on the background; a single pixel is a dot. */
function drawScribble(ctx, [label, width, pixels], place) {
  const path = through(pixels.length > 1 ? pixels : [pixels[0], pixels[0]], place);
  ctx.save();
  ctx.lineCap = ctx.lineJoin = "round";
  ctx.lineWidth = Math.max(2.5, width * Math.min(place.sx, place.sy)) + 1.5;
  ctx.strokeStyle = DARK;
  ctx.stroke(path);
  ctx.lineWidth -= 1.5;
  ctx.strokeStyle = label ? PROMPT : "#fff";
  ctx.stroke(path);
  ctx.restore();
}

/** A star on the object, a cross on what is not the object; earlier ones are smaller. */
function drawClick(ctx, { x, y, label, earlier }, { sx, sy, left, top }) {
  const radius = (label ? 9 : 7) * (earlier ? 0.6 : 1);
  ctx.save();
  ctx.translate(left + (x + 0.5) * sx, top + (y + 0.5) * sy);
  ctx.beginPath();
  for (const [px, py] of label ? STAR : CROSS) ctx.lineTo(px * radius, py * radius);
  ctx.closePath();
  ctx.lineJoin = "round";
  ctx.lineWidth = 2.5;
  ctx.strokeStyle = DARK;
  ctx.stroke();
  ctx.fillStyle = label ? PROMPT : "#fff";
  ctx.fill();
  ctx.restore();
}

const STAR = Array.from({ length: 10 }, (_, i) => {
  const angle = (Math.PI * i) / 5 - Math.PI / 2, radius = i % 2 ? 0.42 : 1;
  return [radius * Math.cos(angle), radius * Math.sin(angle)];
});
const ARM = 0.32;
const CROSS = [
  [0, -ARM], [1 - ARM, -1], [1, ARM - 1], [ARM, 0], [1, 1 - ARM], [1 - ARM, 1], [0, ARM], [ARM - 1, 1], [-1, 1 - ARM], [-ARM, 0],
  [-1, ARM - 1], [ARM - 1, -1],
];
