// What the data files say of one object: which of its answers a setting shows. Formats: docs/explorer.md.

/** The kind of prompt of a setting: its mode, or the protocol of its clicks with the switch. */
export function kindOf({ mode, protocol, switch: switched }) {
  return protocol ? `${protocol}${switched ? `~${switched}` : ""}` : mode;
}

/** The kinds of prompts of a run, each with one of its settings, in order. */
export function kinds(run) {
  const found = new Map();
  for (const setting of run.settings) if (!found.has(kindOf(setting))) found.set(kindOf(setting), setting);
  return found;
}

/** The settings that differ from one in the number of clicks only, itself included, fewest clicks first. */
export function overClicks(run, setting) {
  return run.settings
    .filter((other) => other.protocol && kindOf(other) === kindOf(setting) && other.selection === setting.selection)
    .sort((a, b) => a.step - b.step);
}

/** The selections that occur for a kind of prompt, in order. */
export function selections(run, kind) {
  return [...new Set(run.settings.filter((setting) => kindOf(setting) === kind).map(({ selection }) => selection))];
}

/** The setting of a kind and a selection that has the wanted number of clicks or else the most; undefined if none. */
export function settingOf(run, kind, selection, step) {
  const there = run.settings.filter((other) => kindOf(other) === kind && other.selection === selection);
  return there.find((other) => other.step === step) ?? there.at(-1);
}

/** The setting by which a method is shown: one that gives a single mask has the selection "first" only, which stands for others. */
export function ownSetting({ settings, columns }, method, setting) {
  const there = (one) => columns[method.name]?.[one.id];
  const alike = (one) => kindOf(one) === kindOf(setting) && one.step === setting.step && one.selection === "first";
  return there(setting) ? setting : (settings.find((one) => alike(one) && there(one)) ?? setting);
}

/**
 * The answers of a method for an object in a setting.
 * @param {object|undefined} given what data/masks/<method>/<picture> holds of the object
 * @param {object} setting of run.settings
 * @returns {{candidates: object[], taken: number, clicks: object[]}} the masks to choose from, which of them the setting
 *   takes, and all clicks so far with what was answered after each (empty for other prompts); no candidates where the
 *   method was not asked
 */
export function answers(given, setting) {
  if (!setting.protocol) {
    const candidates = given?.single?.[setting.mode] ?? [];
    const taken = candidates.findIndex((one) => one.selections?.includes(setting.selection));
    return { candidates, taken: Math.max(taken, 0), clicks: [] };
  }
  const all = given?.clicks?.[`${kindOf(setting)}.${setting.selection}`] ?? [];
  const clicks = all.filter(({ step }) => step <= setting.step);
  return { candidates: all.filter(({ step }) => step === setting.step), taken: 0, clicks };
}

/**
 * The prompts to draw: boxes, clicks with whether they are earlier ones, scribbles ([label, width, pixels]) and the lasso.
 * @param {object} prompts of the object, by mode, of data/truths
 * @param {object} setting
 * @param {object[]} clicks of `answers`
 */
export function promptsOf(prompts, setting, clicks) {
  if (setting.protocol) {
    const given = clicks.filter(({ click }) => click);
    const at = ({ step, click: [x, y, label] }) => ({ x, y, label, step, earlier: step < setting.step });
    return { boxes: [], scribbles: [], lasso: [], clicks: given.map(at) };
  }
  const { points = [], boxes = [], scribbles = [], lasso = [] } = prompts?.[setting.mode] ?? {};
  return { boxes, scribbles, lasso, clicks: points.map(([x, y, label]) => ({ x, y, label, earlier: false })) };
}
