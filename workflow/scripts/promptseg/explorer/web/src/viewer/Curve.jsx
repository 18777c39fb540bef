import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { Swatch } from "./Panel.jsx";
import { useDark, useSize } from "./use.js";
import { number } from "./words.js";

const DASHES = [[], [8, 3], [2, 3], [10, 3, 2, 3]]; // a curve is told by its dashes as well as by its colour
const HEIGHT = 190;

function options({ lines, steps, step, ink, faint, width, choose }) {
  const axis = (label) => ({ label, stroke: ink, grid: { stroke: faint, width: 1 }, ticks: { stroke: faint }, labelSize: 18, size: label ? 38 : 30 });
  const mark = (plot) => {
    const x = plot.valToPos(step, "x", true), { top, height } = plot.bbox;
    plot.ctx.save();
    plot.ctx.strokeStyle = ink;
    plot.ctx.lineWidth = 2 * devicePixelRatio;
    plot.ctx.beginPath();
    plot.ctx.moveTo(x, top);
    plot.ctx.lineTo(x, top + height);
    plot.ctx.stroke();
    plot.ctx.restore();
  };
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { drag: { x: false, y: false }, points: { size: 8 } },
    scales: { x: { time: false, range: [steps[0] - 0.3, steps.at(-1) + 0.3] }, y: { range: [0, 1.02] } },
    axes: [
      { ...axis("clicks"), splits: () => steps, values: (_, ticks) => ticks.map(String) },
      { ...axis("IoU"), splits: () => [0, 0.25, 0.5, 0.75, 1], values: (_, ticks) => ticks.map(String), size: 44 },
    ],
    series: [
      {},
      ...lines.map(({ colour }, index) => ({
        stroke: colour, width: 2, dash: DASHES[index % DASHES.length], points: { show: true, size: 6, fill: colour, stroke: colour },
      })),
    ],
    hooks: {
      drawAxes: [mark],
      ready: [(plot) => plot.over.addEventListener("click", () => choose(steps[plot.posToIdx(plot.cursor.left)]))],
    },
  };
}

/**
 * IoU after each click, and the same numbers as a table.
 * @param {object} props lines: [{title, colour, values: by step, null where there is none}]; steps: numbers of clicks;
 *   step: the one that is shown; choose: called with a number of clicks
 */
export function Curve({ lines, steps, step, choose }) {
  const holder = useRef();
  const size = useSize(holder);
  const dark = useDark();
  const width = size?.[0];
  const values = JSON.stringify(lines);
  useEffect(() => {
    if (!width) return undefined;
    const style = getComputedStyle(holder.current);
    const [ink, faint] = [style.color, style.getPropertyValue("--line") || "#8886"];
    const plot = new uPlot(options({ lines, steps, step, ink, faint, width, choose }), [steps, ...lines.map((line) => line.values)], holder.current);
    plot.over.style.cursor = "pointer";
    return () => plot.destroy();
  }, [width, dark, values, steps.join(), step]);
  return (
    <section class="curve" aria-label="IoU over clicks">
      <h3>IoU over clicks</h3>
      <div class="plot" ref={holder} aria-hidden="true" style={{ minHeight: `${HEIGHT}px` }} />
      <div class="scroll" tabIndex={0} role="region" aria-label="IoU after each click">
        <table>
          <thead>
            <tr><th scope="col">Clicks</th>{steps.map((one) => <th scope="col" class="number" key={one} aria-current={one === step ? "step" : undefined}>{one}</th>)}</tr>
          </thead>
          <tbody>
            {lines.map(({ title, colour, values: row }) => (
              <tr key={title}>
                <th scope="row"><Swatch colour={colour} line /> {title}</th>
                {row.map((value, index) => <td key={steps[index]} class={steps[index] === step ? "number now" : "number"}>{number(value)}</td>)}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
