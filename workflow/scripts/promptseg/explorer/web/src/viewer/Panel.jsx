import { useMemo } from "preact/hooks";
import { decode } from "../rle.js";
import { promptsOf } from "./answers.js";
import { ERRORS, MASK, TRUTH } from "./looks.js";
import { overlap } from "./masks.js";
import { prepareErrors } from "./paint.js";
import { Stage } from "./Stage.jsx";
import { number, pixels } from "./words.js";

/** The mask of an answer: {mask: bytes, counts}; null where there is none. */
function useMask(rle, truth) {
  return useMemo(() => {
    if (!rle) return null;
    const mask = decode(rle, ...truth.size);
    return { mask, counts: overlap(mask, truth.mask) };
  }, [rle, truth]);
}

/** A colour of the legend. */
export function Swatch({ colour, line }) {
  return <span class={line ? "swatch line" : "swatch"} style={{ background: colour }} aria-hidden="true" />;
}

/** How many pixels each colour covers. */
function Counts({ counts, look, area }) {
  const parts =
    look === "errors"
      ? Object.entries(ERRORS).map(([name, { colour, title }]) => [colour, title, counts[name]])
      : [[TRUTH, "truth", area], [MASK, "mask", counts.both + counts.extra]];
  return (
    <ul class="counts">
      {parts.map(([colour, title, count]) => (
        <li key={title}><Swatch colour={colour} line={look !== "errors"} /> {title} {pixels(count)}</li>
      ))}
    </ul>
  );
}

/** The masks that a method gave for one prompt, one of which is shown. */
function Candidates({ candidates, chosen, titles, choose }) {
  return (
    <div class="candidates" role="group" aria-label="Masks of this prompt">
      {candidates.map((one, index) => (
        <button type="button" key={index} aria-pressed={index === chosen} disabled={!one.rle} onClick={() => choose(index)}>
          <b>Mask {index + 1}</b> predicted IoU {number(one.score)}, true IoU {number(one.iou)}
          {one.selections?.length > 0 && <small>{one.selections.map((name) => titles[name]).join(", ")}</small>}
        </button>
      ))}
    </div>
  );
}

/**
 * One method's answer over the image.
 * @param {object} props answer: a row of `rowsOf`; truth: of `usePicture`; headline and words: its numbers, in short and whole;
 *   look: of `lookOf`; titles: of the selections; others as in `Stage`
 */
export function Panel({ answer, truth, words, headline, look, titles, choose, ...stage }) {
  const { method, setting, candidates, chosen, clicks, status } = answer;
  const mask = useMask(candidates[chosen]?.rle, truth);
  const errors = useMemo(
    () => mask && look.name === "errors" && prepareErrors(mask.mask, truth.mask, truth.size),
    [mask, truth, look.name],
  );
  const overlay = useMemo(() => {
    const given = look.prompts ? promptsOf(truth.prompts, setting, clicks) : { boxes: [], scribbles: [], lasso: [], clicks: [] };
    const lines = look.name === "outline" || (look.name === "errors" && !mask);
    return { ...given, errors, opacity: look.opacity / 100, outlines: lines && { truth: truth.mask, mask: mask?.mask } };
  }, [truth, mask, errors, setting, clicks, look.name, look.opacity, look.prompts]);
  const counted = mask && look.name !== "image";
  return (
    <figure class="panel" style={{ "--method": method.colour }}>
      <figcaption><b>{method.title}</b> <span>{status ? "" : headline}</span></figcaption>
      <Stage {...stage} overlay={overlay} label={`${method.title}, ${words}`} note={mask ? "" : status} />
      {counted && <Counts counts={mask.counts} look={look.name} area={truth.area} />}
      {candidates.length > 1 && <Candidates {...{ candidates, chosen, titles, choose }} />}
    </figure>
  );
}
