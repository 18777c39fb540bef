// What the page shows, in the hash of its address: a link or a bookmark leads back to it. Keys are those of
// explorer/address.py; keys that begin with "v." are the viewer's own.

const LISTS = new Set(["d", "t", "mod", "m", "s", "st", "w"]);

function number(text) {
  if (text === "" || !Number.isFinite(Number(text))) throw new RangeError(text);
  return Number(text);
}

function value(key, text) {
  if (LISTS.has(key)) return text.split(",").filter(Boolean).map(decodeURIComponent);
  const whole = decodeURIComponent(text);
  if (key.startsWith("r.")) {
    const [low, high, ...more] = whole.split("..");
    if (high === undefined || more.length) throw new RangeError(whole);
    return [low, high].map((end) => (end === "" ? null : number(end)));
  }
  return key === "k" ? number(whole) : whole;
}

const READABLE = { "%2F": "/", "%3A": ":", "%40": "@" };
const quoted = (content) => encodeURIComponent(content).replace(/%2F|%3A|%40/g, (code) => READABLE[code]);

function text(key, content) {
  if (LISTS.has(key)) return content.map(quoted).join(",");
  if (key.startsWith("r.")) return content.map((end) => end ?? "").join("..");
  return quoted(content);
}

/**
 * A state from a hash: {d: [datasets], t: ["dataset:task"], mod, m: [methods], s: [settings], st: [statuses], w: [methods],
 * p: text, "r.iou": [low or null, high or null], sort, dir, vs, of, o, at, k: number, look, plot, "v....": text}.
 * Keys that do not occur are missing. `of` is the metric that is compared; `at` is "<method>@<setting>", the row
 * through which the object was opened.
 */
export function parse(hash) {
  const state = {};
  for (const part of hash.replace(/^#/, "").split("&")) {
    const [key, ...rest] = part.split("=");
    if (!rest.length || rest[0] === "") continue;
    try {
      state[decodeURIComponent(key)] = value(key, rest.join("="));
    } catch {
      continue; // cut off within a character, or no number where one belongs
    }
  }
  return state;
}

/** The hash of a state, its keys in a fixed order, so that equal states have equal links. */
export function format(state) {
  const present = ([, content]) => content !== null && content !== undefined && content !== "" && content.length !== 0;
  return Object.entries(state)
    .filter(present)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, content]) => `${encodeURIComponent(key)}=${text(key, content)}`)
    .join("&");
}

/** The part of a state that says which method and setting a text "<method>@<setting>" names; either may be empty. */
export function pair(at) {
  const [method = "", setting = ""] = (at ?? "").split("@");
  return { method, setting };
}
