// Data files that arrive, whole or not.
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { test } from "node:test";
import { shard, Store } from "../src/store.js";

const NONE = { values: [], codes: [] };
const OBJECTS = { n: 0, dataset: [], task: [], patient: NONE, image: NONE, area: [], relative_area: [], picture: [] };
const packed = (content) => gzipSync(content).toString("base64");

test("a damaged data file is named, a whole one is unpacked", async () => {
  const store = new Store({ datasets: [] }, OBJECTS);
  shard("truths/0", "json", packed('{"size":[6,10]}'));
  assert.deepEqual(await store.get("truths/0"), { size: [6, 10] });
  const damaged = { "truths/1": packed('{"size":[6,10]}').slice(0, 24), "truths/2": packed('{"size":'), "truths/3": "*" };
  for (const [name, text] of Object.entries(damaged)) {
    shard(name, "json", text);
    const message = `The data file data/${name}.js is damaged. Copy the folder "explorer" as a whole.`;
    await assert.rejects(store.get(name), { message });
  }
});
