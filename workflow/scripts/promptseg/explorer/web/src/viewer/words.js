// Numbers and reasons as the viewer writes them.

const digits = new Intl.NumberFormat("en");

/** A count of pixels: "1,234 px". */
export const pixels = (count) => `${digits.format(count)} px`;

/** A value of a metric; a dash where there is none. */
export const number = (value, decimals = 3) => (value === undefined || value === null || Number.isNaN(value) ? "–" : value.toFixed(decimals));

/** The numbers of an answer in one sentence, those that it has. */
export function sentence(values, metrics) {
  const known = metrics.filter(({ name }) => values[name] !== undefined && !Number.isNaN(values[name]));
  return known.map(({ name, title, decimals, unit }) => [title, number(values[name], decimals), unit].filter(Boolean).join(" ")).join(", ");
}

/** Why there is no mask or score. */
export function reason(status) {
  if (!status) return "not part of this run";
  return status === "not_applicable" ? "this method does not take this prompt" : `no mask: ${status}`;
}
