// Bundles src/ into ../built/: app.js, app.css and the licences of the libraries inside. `make explorer` calls it.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { build } from "esbuild";

const here = new URL("./", import.meta.url).pathname;
const built = new URL("../built/", import.meta.url).pathname;

/** The SHA-256 of everything that the bundle is made of: tests/explorer/test_built.py computes the same. */
function digest() {
  const sources = readdirSync(`${here}src`, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath}/${entry.name}`.slice(here.length));
  const hash = createHash("sha256");
  for (const path of ["build.mjs", "package.json", "package-lock.json", ...sources].sort()) {
    hash
      .update(`${path}\0`)
      .update(readFileSync(here + path))
      .update("\0");
  }
  return hash.digest("hex");
}

function licences(inputs) {
  const names = new Set(inputs.map((path) => path.match(/node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1]).filter(Boolean));
  const texts = [...names].sort().map((name) => {
    const folder = `${here}node_modules/${name}/`;
    const { version, license } = JSON.parse(readFileSync(`${folder}package.json`));
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
    if (!file) throw new Error(`${name} has no file with its licence`);
    return `${name} ${version} (${license})\n\n${readFileSync(folder + file, "utf8").trim()}\n`;
  });
  return `Libraries in app.js and app.css.\n\n${texts.join(`\n${"-".repeat(80)}\n\n`)}`;
}

const banner = `/* promptseg explorer, built from the sources with SHA-256 ${digest()} */`;
const result = await build({
  absWorkingDir: here,
  entryPoints: { app: "src/main.jsx" },
  outdir: built,
  bundle: true,
  minify: true,
  metafile: true,
  charset: "utf8",
  target: "es2022",
  format: "iife",
  jsx: "automatic",
  jsxImportSource: "preact",
  legalComments: "none",
  banner: { js: banner, css: banner },
});
writeFileSync(`${built}licences.txt`, licences(Object.keys(result.metafile.inputs)));
for (const [path, { bytes }] of Object.entries(result.metafile.outputs))
  console.log(`${path}: ${(bytes / 1e3).toFixed(1)} kB`);
