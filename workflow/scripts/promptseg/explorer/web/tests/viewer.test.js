import assert from "node:assert/strict";
import { test } from "node:test";

import { answers, kinds, overClicks, ownSetting, promptsOf, selections, settingOf } from "../src/viewer/answers.js";
import { curves, metricsOf, otherCandidates, rowsOf } from "../src/viewer/compared.js";
import { lookOf, shown, stepped, viewOf, viewText, windowing, windowOf } from "../src/viewer/shown.js";
import { number, pixels, reason, sentence } from "../src/viewer/words.js";

const clicks = (step, selection, changed = "") => ({
  id: `iterative.corrected${changed && `~${changed}`}.${step}.${selection}`, mode: "iterative", protocol: "corrected", switch: changed, step, selection,
});
const single = (mode, selection) => ({ id: `${mode}.${selection}`, mode, protocol: "", switch: "", step: 0, selection });
const run = {
  methods: [{ name: "perfect", control: true }, { name: "sam", title: "SAM", colour: "#111" }, { name: "ritm", title: "RITM", colour: "#222" }],
  settings: [
    single("mode1", "first"), single("mode1", "oracle"), single("mode3", "first"),
    ...[1, 2, 3].flatMap((step) => [clicks(step, "first"), clicks(step, "oracle")]), clicks(2, "first", "repeat_clicks"),
  ],
  metrics: [
    { name: "iou", title: "IoU", decimals: 3, unit: "" }, { name: "dice", title: "Dice", decimals: 3, unit: "" },
    { name: "hd95", title: "HD95", decimals: 1, unit: "mm" }, { name: "predicted_iou", title: "predicted IoU", decimals: 2, unit: "" },
  ],
};
run.columns = { sam: Object.fromEntries(run.settings.map(({ id }) => [id, []])), ritm: { "mode1.first": [], "iterative.corrected.2.first": [] } };
const setting = (id) => run.settings.find((one) => one.id === id);
const ids = (list) => list.map(({ id }) => id);

test("kinds of prompts and what belongs to them", () => {
  assert.deepEqual([...kinds(run).keys()], ["mode1", "mode3", "corrected", "corrected~repeat_clicks"]);
  assert.deepEqual(selections(run, "mode1"), ["first", "oracle"]);
  assert.deepEqual(selections(run, "corrected~repeat_clicks"), ["first"]);
  assert.deepEqual(ids(overClicks(run, setting("iterative.corrected.2.first"))), [1, 2, 3].map((step) => `iterative.corrected.${step}.first`));
  assert.deepEqual(overClicks(run, setting("mode1.first")), []);
  assert.equal(settingOf(run, "corrected", "oracle", 2).id, "iterative.corrected.2.oracle");
  assert.equal(settingOf(run, "corrected", "oracle", 9).id, "iterative.corrected.3.oracle");
  assert.equal(settingOf(run, "mode3", "oracle", 0), undefined);
});

test("what is shown without a wish is the row that was opened", () => {
  const of = (state) => {
    const { methods, setting: one } = shown(run, state);
    return [methods.map(({ name }) => name).join(), one.id];
  };
  assert.deepEqual(of({}), ["sam", "mode1.first"]);
  assert.deepEqual(of({ m: ["ritm", "sam"], s: ["mode3.first"] }), ["sam", "mode3.first"]);
  assert.deepEqual(of({ m: ["sam"], s: ["mode3.first"], at: "ritm@iterative.corrected.3.oracle" }), ["ritm", "iterative.corrected.3.oracle"]);
  assert.deepEqual(of({ at: "ritm@mode1.first", w: ["ritm", "perfect"], "v.s": "iterative.corrected.3.first", k: 2 }), ["perfect,ritm", "iterative.corrected.2.first"]);
  assert.deepEqual(of({ at: "none@none", w: ["none"], "v.s": "none", k: 2 }), ["sam", "mode1.first"]);
});

test("steps from click to click end at the first and the last", () => {
  const at = (k) => ({ "v.s": "iterative.corrected.3.first", k });
  assert.deepEqual(stepped(run, at(1), 1), { k: 2 });
  assert.equal(stepped(run, at(1), -1), null);
  assert.deepEqual(stepped(run, at(undefined), -1), { k: 2 });
  assert.equal(stepped(run, at(3), 1), null);
  assert.equal(stepped(run, { at: "sam@mode1.first" }, 1), null);
});

const masks = {
  sam: { 7: {
    single: { mode1: [
      { rle: "a", score: 0.9, iou: 0.5, selections: ["first"], status: "ok" }, { rle: "b", score: null, iou: 0.6, selections: ["oracle"], status: "ok" },
    ] },
    clicks: { "corrected.first": [
      { step: 1, rle: "c", score: 0.1, iou: 0.25, click: [4, 5, 1], status: "ok" }, { step: 2, rle: "d", score: 0.2, iou: 0.75, click: [6, 7, 0], status: "ok" },
      { step: 3, status: "out of memory" },
    ] },
  } },
  ritm: {},
};
const methods = run.methods.slice(1);
const rows = (id, state = {}, numbers = {}) => rowsOf({ run, methods, setting: setting(id), state, object: 7 }, masks, numbers);

test("the mask that the setting takes, or another candidate", () => {
  const given = masks.sam[7];
  assert.equal(answers(given, setting("mode1.oracle")).taken, 1);
  const [taken] = rows("mode1.first", {}, { sam: { iou: 0.5, hd95: 3, status: "ok" } });
  assert.deepEqual([taken.chosen, taken.values.hd95, taken.status], [0, 3, ""]);
  const [other, none] = rows("mode1.first", { "v.c.sam": "2" }, { sam: { iou: 0.5, hd95: 3, status: "ok" } });
  assert.deepEqual([other.chosen, other.values, other.status], [1, { iou: 0.6, dice: 0.7499999999999999, predicted_iou: NaN }, ""]);
  assert.deepEqual([none.candidates, none.status], [[], "not part of this run"]);
  assert.equal(rows("mode1.first", { "v.c.sam": "3" })[0].chosen, 0);
  assert.deepEqual(otherCandidates([taken, none], 1), { "v.c.sam": 2 });
  assert.deepEqual(otherCandidates([taken, none], -1), {});
});

test("a method with a single mask is shown by it, whatever the others are asked for", () => {
  const own = (method, id) => ownSetting(run, { name: method }, setting(id)).id;
  assert.equal(own("sam", "mode1.oracle"), "mode1.oracle");
  assert.equal(own("ritm", "mode1.oracle"), "mode1.first");
  assert.equal(own("ritm", "iterative.corrected.2.oracle"), "iterative.corrected.2.first");
  assert.equal(own("ritm", "iterative.corrected.1.oracle"), "iterative.corrected.1.oracle");
  assert.equal(rows("mode1.oracle")[1].setting.id, "mode1.first");
});

test("clicks so far, the last one large", () => {
  const at = setting("iterative.corrected.2.first");
  const { candidates, clicks: given } = answers(masks.sam[7], at);
  assert.equal(candidates[0].rle, "d");
  assert.deepEqual(promptsOf({}, at, given), {
    boxes: [], scribbles: [], lasso: [], clicks: [{ x: 4, y: 5, label: 1, step: 1, earlier: true }, { x: 6, y: 7, label: 0, step: 2, earlier: false }],
  });
  const prompts = { mode3: { points: [], boxes: [[1, 2, 3, 4]] }, mode1: { points: [[1, 2, 1]], boxes: [] } };
  assert.deepEqual(promptsOf(prompts, setting("mode3.first"), []), { boxes: [[1, 2, 3, 4]], scribbles: [], lasso: [], clicks: [] });
  assert.deepEqual(promptsOf(prompts, setting("mode1.first"), []).clicks, [{ x: 1, y: 2, label: 1, earlier: false }]);
  const drawn = { mode3: { points: [], boxes: [], scribbles: [[1, 3, [[1, 1], [2, 1]]]] }, mode1: { points: [], boxes: [], lasso: [[0, 0]] } };
  assert.deepEqual(promptsOf(drawn, setting("mode3.first"), []).scribbles, [[1, 3, [[1, 1], [2, 1]]]]);
  assert.deepEqual(promptsOf(drawn, setting("mode1.first"), []).lasso, [[0, 0]]);
});

test("a failed answer says why", () => {
  const [failed, none] = rows("iterative.corrected.3.first", {}, { ritm: { status: "not_applicable" } });
  assert.deepEqual([failed.status, none.status], ["no mask: out of memory", "this method does not take this prompt"]);
  assert.equal(reason(undefined), "not part of this run");
});

test("curves have a gap where there is no mask", () => {
  const steps = overClicks(run, setting("iterative.corrected.1.first"));
  assert.deepEqual(curves(run, rows("iterative.corrected.1.first"), steps), [{ title: "SAM", colour: "#111", values: [0.25, 0.75, null] }]);
  assert.deepEqual(curves(run, rows("mode1.first"), []), []);
});

test("the state of the picture", () => {
  assert.deepEqual(viewOf("4,10.5,20"), { zoom: 4, x: 10.5, y: 20 });
  assert.deepEqual([viewOf("whole"), viewOf(undefined), viewOf("0,1,2"), viewOf("4,x,2"), viewOf("4,1")], ["whole", null, null, null, null]);
  assert.equal(viewText({ zoom: 1 / 3, x: 10, y: 1234.56789 }), "0.333333,10,1234.57");
  assert.deepEqual(windowOf({ "v.level": "40", "v.width": "0" }), { level: 40, width: 2 });
  assert.deepEqual(windowOf({}), { level: 50, width: 100 });
  assert.deepEqual(lookOf({ look: "errors", "v.opacity": "100", "v.prompts": "off" }), { name: "errors", opacity: 100, prompts: false });
  assert.equal(lookOf({ look: "toString" }).name, "outline");
});

test("a window maps its lower end to black and its upper end to white", () => {
  assert.deepEqual(windowing({ level: 50, width: 100 }), { slope: 1, intercept: 0 });
  const { slope, intercept } = windowing({ level: 40, width: 20 });
  assert.ok(Math.abs(slope * 0.3 + intercept) < 1e-12 && Math.abs(slope * 0.5 + intercept - 1) < 1e-12);
});

test("numbers in words", () => {
  assert.equal(pixels(12345), "12,345 px");
  assert.deepEqual([number(0.5), number(NaN), number(undefined), number(null), number(2.25, 1)], ["0.500", "–", "–", "–", "2.3"]);
  assert.equal(sentence({ iou: 0.5, dice: NaN, hd95: 3, status: "ok" }, run.metrics), "IoU 0.500, HD95 3.0 mm");
  const there = metricsOf(run, [{ values: { iou: 1, hd95: 2 } }], "px");
  assert.deepEqual(there.map(({ title, unit }) => [title, unit]), [["IoU", ""], ["HD95", "px"]]);
});
