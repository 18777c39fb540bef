// What leaves the page: the rows as CSV, and the link.

const OBJECT = ["dataset", "task", "case_id", "image_id", "object_id"];
const SETTING = ["method", "protocol", "switch", "mode", "step", "selection"];
const MADE = { diff: "difference", gap: "oracle_minus_first" };
const LINES = 20000; // at once

const quoted = (text) => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
const digits = (value) => (value - value === 0 ? String(Math.round(value * 1e6) / 1e6) : "");

/** Rows in their order as texts of many lines of CSV each, with the names of columns of scores.parquet. */
export function* csv({ run, objects }, { choice, values, order, known }) {
  const { n } = objects;
  const names = Object.keys(known).filter(
    (name) => name !== "area" && choice.pairs.some((_, p) => values.has(name, p)),
  );
  const titles = names.map((name) => (name === "vs" ? `compared_${choice.of}` : (MADE[name] ?? name)));
  const columns = choice.pairs.map((_, p) => names.map((name) => values.column(name, p)));
  const statuses = choice.pairs.map((_, p) => values.status(p));
  const settings = choice.pairs.map(({ method, setting: { protocol, switch: changed, mode, step, selection } }) =>
    [method.name, protocol ?? "", changed ?? "", mode, String(step), selection].map(quoted).join(),
  );
  const reasons = run.statuses.map(quoted);
  yield `${[...OBJECT, ...SETTING, ...titles, "area", "relative_area", "status"].join()}\n`;
  for (let from = 0; from < order.length; from += LINES) {
    let text = "";
    for (const row of order.subarray(from, from + LINES)) {
      const p = Math.floor(row / n);
      const i = row - p * n;
      const named = [
        objects.dataset(i).name,
        objects.task(i).name,
        objects.patient(i),
        objects.image(i),
        objects.id(i),
      ];
      const scores = columns[p].map((column) => digits(column[i])).join();
      const last = `${objects.area[i]},${digits(objects.relative_area[i])},${reasons[statuses[p][i]]}`;
      text += `${named.map(quoted).join()},${settings[p]},${scores},${last}\n`;
    }
    yield text;
  }
}

/** Give the rows of the view to the reader as a file; the page stays alive meanwhile. */
export async function download(store, view) {
  const parts = [];
  for (const part of csv(store, view)) {
    parts.push(new Blob([part]));
    await new Promise((resolve) => setTimeout(resolve));
  }
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(parts, { type: "text/csv" }));
  link.download = "objects.csv";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

/** Put the address into the clipboard, or show it where the browser does not allow that. Whether it was put there. */
export async function copyLink() {
  try {
    await navigator.clipboard.writeText(location.href);
    return true;
  } catch {
    prompt("The link to this state:", location.href);
    return false;
  }
}
