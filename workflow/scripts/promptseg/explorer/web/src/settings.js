// Settings are combinations of mode, protocol (with its switch), number of clicks and selection. The filters show these
// facets; the state holds the settings.

const FACETS = {
  mode: (setting) => setting.mode,
  protocol: ({ protocol, switch: changed }) => protocol && (changed ? `${protocol}~${changed}` : protocol),
  step: (setting) => (setting.protocol ? setting.step : null),
  selection: (setting) => setting.selection,
};

const unique = (values) => [...new Set(values.filter((value) => value !== null))];

/** All values of each facet, in the order of the settings: {mode: [...], protocol: [...], step: [...], selection: [...]}. */
export function facets(settings) {
  return Object.fromEntries(Object.entries(FACETS).map(([name, of]) => [name, unique(settings.map(of))]));
}

/** The settings that have a chosen value in every facet; modes without clicks have no protocol and no step. */
export function matching(settings, chosen) {
  return settings.filter((setting) =>
    Object.entries(FACETS).every(([name, of]) => of(setting) === null || chosen[name].includes(of(setting))),
  );
}

/**
 * The settings after a value of a facet was switched on or off, given those that are chosen now.
 *
 * A mode with clicks that comes in anew brings its first protocol and most clicks, where none is chosen. Where a chosen
 * mode has no setting with the chosen selections, its first one stands in. Empty where nothing would remain.
 */
export function toggled(settings, current, facet, value) {
  const chosen = facets(current);
  const on = chosen[facet].includes(value);
  chosen[facet] = on ? chosen[facet].filter((one) => one !== value) : [...chosen[facet], value];
  const clicks = settings.filter(({ mode, protocol }) => protocol && chosen.mode.includes(mode));
  const complete = (name, standIn) => {
    if (clicks.length && !chosen[name].length && name !== facet) chosen[name] = [standIn];
  };
  complete("protocol", clicks.length && FACETS.protocol(clicks[0]));
  complete("step", Math.max(...clicks.map(({ step }) => step)));
  return matching(settings, chosen);
}
