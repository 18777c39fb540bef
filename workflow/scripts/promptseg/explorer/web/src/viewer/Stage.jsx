import { useLayoutEffect, useRef } from "preact/hooks";
import { useGestures } from "./gestures.js";
import { paintImage, paintOverlay } from "./paint.js";
import { placed } from "./place.js";
import { useSize } from "./use.js";

/**
 * The image of an object with what lies over it. With the focus on it, + and - zoom, 0 shows the beginning, Shift with
 * an arrow moves.
 * @param {object} props scene: {image, size: [h, w], ratio, viewIn: panel -> view}; overlay: see paintOverlay; filter: of CSS;
 *   label: the image in words; note: words over it; change: see useGestures; onPanel: told the size of the panel
 */
export function Stage({ scene, overlay, filter, label, note, change, onPanel }) {
  const box = useRef(), lower = useRef(), upper = useRef();
  const panel = useSize(box);
  const { image, size, ratio, viewIn } = scene;
  const view = panel && viewIn(panel);
  const density = window.devicePixelRatio || 1;
  useGestures(box, { view, size, ratio, panel }, change);
  useLayoutEffect(() => {
    if (panel) onPanel(panel);
  }, [panel]);
  const place = view && placed(view, panel, ratio, density);
  const where = place && Object.values(place).join();
  useLayoutEffect(() => {
    if (place) paintImage(lower.current, image, place, size, panel, density);
  }, [image, where, panel, density]);
  useLayoutEffect(() => {
    if (place) paintOverlay(upper.current, overlay, place, size, panel, density);
  }, [overlay, where, panel, density]);
  const whole = panel && { width: `${panel[0]}px`, height: `${panel[1]}px` }; // a panel may end within a pixel
  return (
    <div class="stage" ref={box} role="img" aria-label={label} tabIndex={0}>
      <canvas ref={lower} aria-hidden="true" style={{ filter, ...whole }} />
      <canvas ref={upper} aria-hidden="true" style={whole} />
      {note && <p class="said">{note}</p>}
    </div>
  );
}
