import assert from "node:assert/strict";
import { test } from "node:test";
import { format, pair, parse } from "../src/state.js";

test("a state comes back from its hash", () => {
  const state = {
    d: ["abdomen_ct", "brain"],
    t: ["abdomen_ct:liver, left"],
    "r.iou": [null, 0.5],
    "r.area": [10, null],
    p: "50 % & more = less",
    k: 3,
    o: "abdomen_ct/z000:liver",
    "v.zoom": "1.5,3,4",
  };
  assert.deepEqual(parse(`#${format(state)}`), state);
});

test("what the page writes, address.py writes too", () => {
  assert.equal(
    format({ m: ["sam", "ritm"], s: ["iterative.corrected~a.5.first"], "r.iou": [0, 0.5], sort: "iou" }),
    "m=sam,ritm&r.iou=0..0.5&s=iterative.corrected~a.5.first&sort=iou",
  );
});

test("what is no number or no range is left out", () => {
  assert.deepEqual(parse("#k=two&r.iou=0.5&r.nsd=a..b&r.dice=0..1..2&r.hd95=..&r.area=..20"), {
    "r.hd95": [null, null],
    "r.area": [null, 20],
  });
});

test("empty parts and parts that are no pair are left out", () => {
  assert.deepEqual(parse("#d=&x&sort=iou&p=%E4%"), { sort: "iou" });
  assert.equal(format({ d: [], p: "", sort: undefined, dir: null, m: ["a"] }), "m=a");
});

test("either half of a comparison may be missing", () => {
  assert.deepEqual(pair("sam@mode1.first"), { method: "sam", setting: "mode1.first" });
  assert.deepEqual(pair("@mode1.first"), { method: "", setting: "mode1.first" });
  assert.deepEqual(pair("sam"), { method: "sam", setting: "" });
  assert.deepEqual(pair(undefined), { method: "", setting: "" });
});
