import assert from "node:assert/strict";
import { test } from "node:test";
import { choose } from "../src/choice.js";
import { neighbour } from "../src/neighbours.js";
import { facets, toggled } from "../src/settings.js";

const setting = (id) => {
  const [mode, ...rest] = id.split(".");
  const [protocol, step] = rest.length > 1 ? rest : [null, "0"];
  return { id, title: id, mode, protocol, switch: null, step: Number(step), selection: rest.at(-1) };
};
const IDS = [
  "mode1.first",
  "mode1.oracle",
  "mode3.first",
  "iterative.corrected.1.first",
  "iterative.corrected.2.first",
  "iterative.corrected.2.oracle",
];
const SETTINGS = IDS.map(setting);
const METRIC = { unit: "", higher: true, decimals: 4, range: [0, 1] };
const RUN = {
  datasets: [{ name: "heart", title: "Heart", modality: "mri", tasks: [{ name: "left", title: "left" }] }],
  methods: [
    { name: "perfect", control: true },
    { name: "sam", control: false },
    { name: "ritm", control: false },
  ],
  settings: SETTINGS,
  metrics: [
    { name: "iou", title: "IoU", ...METRIC },
    { name: "nsd", title: "NSD", ...METRIC },
  ],
  statuses: ["ok", "not_applicable", ""],
  columns: {
    perfect: { "mode1.first": ["iou", "status"] },
    sam: Object.fromEntries(IDS.map((id) => [id, ["iou", "nsd", "status"]])),
    ritm: { "mode1.first": ["iou", "nsd", "status"] },
  },
};
const ids = (settings) => settings.map(({ id }) => id);
const pairs = (choice) => choice.pairs.map(({ method, setting: { id } }) => `${method.name}@${id}`);

test("an empty state shows the first method that is no control", () => {
  const choice = choose(RUN, 10, {});
  assert.deepEqual(pairs(choice), ["sam@mode1.first"]);
  assert.deepEqual(
    [choice.sort, choice.descending, choice.of, choice.axes, choice.problems],
    ["iou", false, "iou", ["iou"], []],
  );
  assert.deepEqual(choice.pairs[0].oracle, { method: "sam", setting: "mode1.oracle" });
  assert.equal(choice.pairs[0].versus, null);
});

test("rows are what was run of the chosen methods and settings, compared as asked", () => {
  const choice = choose(RUN, 10, {
    m: ["ritm", "sam"],
    s: ["mode3.first", "mode1.first"],
    vs: "ritm@",
    plot: "vs,nsd",
  });
  assert.deepEqual(pairs(choice), ["sam@mode1.first", "sam@mode3.first", "ritm@mode1.first"]);
  assert.deepEqual(
    choice.pairs.map(({ versus }) => versus?.setting),
    ["mode1.first", undefined, "mode1.first"],
  );
  assert.deepEqual(choice.axes, ["vs", "nsd"]);
  const step = choose(RUN, 10, { s: ["iterative.corrected.2.first"], vs: "@iterative.corrected.1.first" });
  assert.deepEqual(step.pairs[0].versus, { method: "sam", setting: "iterative.corrected.1.first" });
});

test("unknown names of a link are told and left out", () => {
  const choice = choose(RUN, 10, {
    m: ["sam", "unet"],
    d: ["liver"],
    t: ["heart:right"],
    s: ["mode9.first"],
    sort: "age",
    "r.size": [1, 2],
    vs: "x@",
    of: "f1",
  });
  assert.deepEqual(choice.problems, [
    "This run has no dataset “liver”.",
    "This run has no task “heart:right”.",
    "This run has no method “unet”.",
    "This run has no setting “mode9.first”.",
    "This run has no metric “f1”.",
    "This run has no order “age”.",
    "This run has no quantity “size”.",
    "This run has no method “x”.",
  ]);
  assert.deepEqual(pairs(choice), ["sam@mode1.first"]);
  assert.equal(choice.sort, "iou");
});

test("a link that says the same nonsense twice is told so once, and axes that do not exist leave the first metric", () => {
  const choice = choose(RUN, 10, { m: ["a", "a"], plot: "__proto__,b" });
  assert.deepEqual(choice.problems, [
    "This run has no method “a”.",
    "This run has no quantity “__proto__”.",
    "This run has no quantity “b”.",
  ]);
  assert.deepEqual(choice.axes, ["iou"]);
  assert.deepEqual(choose(RUN, 10, { of: "nsd", plot: ",," }).axes, ["nsd"]);
});

test("of too many rows only some are shown, and that is told", () => {
  const choice = choose(RUN, 4e6, { m: ["sam", "ritm"] });
  assert.deepEqual(pairs(choice), ["sam@mode1.first"]);
  assert.match(choice.problems[0], /first 1 of 2 combinations/);
});

test("facets name what settings consist of", () => {
  assert.deepEqual(facets(SETTINGS), {
    mode: ["mode1", "mode3", "iterative"],
    protocol: ["corrected"],
    step: [1, 2],
    selection: ["first", "oracle"],
  });
});

test("switching a facet adds and removes settings", () => {
  const first = SETTINGS.slice(0, 1);
  assert.deepEqual(ids(toggled(SETTINGS, first, "mode", "mode3")), ["mode1.first", "mode3.first"]);
  assert.deepEqual(ids(toggled(SETTINGS, first, "selection", "oracle")), ["mode1.first", "mode1.oracle"]);
  assert.deepEqual(ids(toggled(SETTINGS, first, "mode", "mode1")), []);
  const clicks = toggled(SETTINGS, first, "mode", "iterative");
  assert.deepEqual(ids(clicks), ["mode1.first", "iterative.corrected.2.first"]);
  assert.deepEqual(ids(toggled(SETTINGS, clicks, "step", 1)), [
    "mode1.first",
    "iterative.corrected.1.first",
    "iterative.corrected.2.first",
  ]);
});

test("the next object is another one", () => {
  const order = Uint32Array.of(3, 13, 4, 14, 3);
  assert.deepEqual(
    [0, 1, 2, 4].map((at) => neighbour({ order }, 10, at, 1)),
    [2, 2, 4, -1],
  );
  assert.deepEqual(
    [0, 1, 3].map((at) => neighbour({ order }, 10, at, -1)),
    [-1, -1, 1],
  );
  assert.equal(neighbour({ order }, 10, -1, 1), 0); // of an object that the filter leaves out: the first row
});
