// Colours of Okabe and Ito, as in the figures. Those of the errors differ in lightness as well as in hue, so that they are
// told apart with every kind of colour vision.
export const TRUTH = "#56B4E9";
export const MASK = "#E69F00";
export const PROMPT = "#F0E442";
export const ERRORS = {
  both: { colour: "#F0E442", title: "true positive" },
  extra: { colour: "#D55E00", title: "false positive" },
  missed: { colour: "#56B4E9", title: "false negative" },
};
