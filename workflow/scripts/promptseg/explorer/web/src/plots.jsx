import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { density, extent, histogram } from "./bins.js";
import { opened } from "./opened.js";
import { cells, diagonal, points, steps } from "./paint.js";

const MOST_POINTS = 4000; // more are drawn as density
const MOST_LINES = 8; // more histograms than these are drawn as one
const GRID = [120, 60]; // cells of a density
const HEIGHT = 230; // px
const NEAR = 8; // px from a dot

const DASHES = [[], [7, 4], [2, 3], [10, 3, 2, 3]];

/** How pairs are drawn: {title, colour, dash}, the colour of the method, a dash for each setting. */
function looksOf({ pairs, settings }) {
  return pairs.map(({ method, setting }) => ({
    title: settings.length > 1 ? `${method.title}, ${setting.title}` : method.title,
    colour: method.colour,
    dash: DASHES[settings.indexOf(setting) % DASHES.length],
  }));
}

/** Ticks of an axis of logarithms: 1, 2 and 5 times powers of ten, or these powers alone over a long range. */
function decades(u, _, low, high) {
  const steps = high - low > 3 ? [1] : [1, 2, 5];
  const powers = Array.from({ length: Math.ceil(high) - Math.floor(low) + 1 }, (_, k) => 10 ** (Math.floor(low) + k));
  return powers
    .flatMap((power) => steps.map((step) => Math.log10(step * power)))
    .filter((at) => at >= low && at <= high);
}

/** How an axis shows a quantity: areas by their logarithm, `back` leads to values again. */
function axis(name, { groups, values, known }, limits) {
  const columns = values.columns(name);
  const { range, title } = known[name];
  if (name !== "area")
    return { name, title, columns, span: (!limits && range) || extent(groups, columns), back: (at) => at };
  const logs = values.store.objects.area.map(Math.log10);
  const areas = columns.map(() => logs);
  return { name, title, columns: areas, span: extent(groups, areas), back: (at) => 10 ** at, splits: decades };
}

/** A little room on both sides, so that dots at the ends are whole. */
const wider = ([low, high]) => [low - (high - low) / 50, high + (high - low) / 50];

/** What is drawn of the rows: two axes, and functions that paint. */
function drawing(view, state, colours) {
  const [x, y] = view.choice.axes.map((name) => axis(name, view, state[`r.${name}`]));
  const { groups, order, choice } = view;
  const looks = looksOf(choice);
  if (!y) {
    const bins = order.length < 500 * looks.length ? 25 : 50;
    const counts = histogram(groups, x.columns, x.span, bins);
    const apart = counts.length <= MOST_LINES;
    const drawn = apart ? counts : [counts[0].map((_, bin) => counts.reduce((sum, one) => sum + one[bin], 0))];
    const most = drawn.reduce((high, one) => one.reduce((a, b) => Math.max(a, b), high), 1);
    const rows = { title: "Rows", span: [0, most * 1.05], back: (at) => at };
    return {
      x,
      y: rows,
      paint: [steps(drawn, x.span, apart ? looks : [{ colour: colours.accent, dash: [] }])],
      selects: [x],
    };
  }
  for (const side of [x, y]) side.span = wider(side.span);
  const [columns, spans] = [
    [x.columns, y.columns],
    [x.span, y.span],
  ];
  const many = order.length > MOST_POINTS;
  const rows = many
    ? cells(density(groups, columns, spans, GRID), spans, GRID, colours)
    : points(groups, columns, looks);
  const same = x.span.join() === y.span.join() ? [diagonal(colours.ink)] : [];
  return { x, y, paint: [rows, ...same], selects: [x, y] };
}

const short = (value) =>
  Math.abs(value) >= 1000 ? Math.round(value).toLocaleString("en") : String(Number(value.toPrecision(2)));

/** The row whose dot is nearest to a point of the plot (CSS pixels), -1 where none is near. */
function nearest({ groups }, n, u, { x, y }, [left, top]) {
  let [row, least] = [-1, NEAR ** 2];
  groups.forEach((objects, p) => {
    for (const i of objects) {
      const away = (u.valToPos(x.columns[p][i], "x") - left) ** 2 + (u.valToPos(y.columns[p][i], "y") - top) ** 2;
      if (away < least) [row, least] = [p * n + i, away];
    }
  });
  return row;
}

function options({ x, y, paint, selects }, width, colours, select) {
  const side = ({ title, back, splits }, size) => ({
    ...(splits && { splits }),
    label: title,
    labelSize: 20,
    size,
    stroke: colours.ink,
    font: "12px system-ui, sans-serif",
    labelFont: "12px system-ui, sans-serif",
    grid: { stroke: colours.line, width: 1 },
    ticks: { stroke: colours.line, width: 1 },
    values: (_, ticks) => ticks.map((tick) => short(back(tick))),
  });
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    scales: { x: { time: false, range: () => x.span }, y: { range: () => y.span } },
    axes: [side(x, 34), side(y, 52)],
    series: [{}, { show: false }],
    cursor: { points: { show: false }, drag: { x: true, y: selects.length > 1, setScale: false } },
    hooks: { draw: [(u) => clipped(u, paint)], setSelect: [(u) => select(u, selects)] },
  };
}

function clipped(u, paint) {
  u.ctx.save();
  u.ctx.beginPath();
  u.ctx.rect(u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height);
  u.ctx.clip();
  for (const draw of paint) draw(u);
  u.ctx.restore();
}

/** The ranges of what was dragged over, four digits each, rounded outwards so that nothing drawn inside is lost. */
function dragged(u, selects) {
  const { left, top, width, height } = u.select;
  const outwards = (value, up) => {
    const digit = 10 ** (Math.floor(Math.log10(Math.abs(value) || 1)) - 3);
    return Number(((up ? Math.ceil : Math.floor)(value / digit) * digit).toPrecision(4));
  };
  const ends = [
    [u.posToVal(left, "x"), u.posToVal(left + width, "x")],
    [u.posToVal(top + height, "y"), u.posToVal(top, "y")],
  ];
  return Object.fromEntries(
    selects.map(({ name, back }, at) => [`r.${name}`, ends[at].map((end, up) => outwards(back(end), up === 1))]),
  );
}

function useWidth(box) {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const watch = new ResizeObserver(([{ contentRect }]) => setWidth(Math.floor(contentRect.width)));
    watch.observe(box.current);
    return () => watch.disconnect();
  }, []);
  return width;
}

/** Changes when the system turns to dark or light. */
function useDark() {
  const query = useMemo(() => matchMedia("(prefers-color-scheme: dark)"), []);
  const [dark, setDark] = useState(query.matches);
  useEffect(() => {
    const read = () => setDark(query.matches);
    query.addEventListener("change", read);
    return () => query.removeEventListener("change", read);
  }, []);
  return dark;
}

/** What the colours and dashes mean. */
function Legend({ choice, many, lines }) {
  const looks = lines ? looksOf(choice) : choice.methods.map(({ title, colour }) => ({ title, colour, dash: [] }));
  if (many || looks.length < 2) return null;
  return (
    <ul class="legend">
      {looks.map(({ title, colour, dash }) => (
        <li key={title}>
          <svg width="28" height="8" aria-hidden="true">
            <line
              x1="0"
              x2="28"
              y1="4"
              y2="4"
              stroke={colour}
              stroke-width={lines ? 3 : 8}
              stroke-dasharray={dash.join(" ")}
            />
          </svg>
          {title}
        </li>
      ))}
    </ul>
  );
}

/** A histogram of a quantity, or one quantity against another; dragging keeps the rows inside. */
export function Plot({ store, view, state, setState }) {
  const box = useRef();
  const width = useWidth(box);
  const dark = useDark();
  const { order, known, choice, values } = view;
  const [x, y = ""] = choice.axes;
  const dots = y && order.length <= MOST_POINTS;
  useEffect(() => {
    if (!width) return undefined;
    const style = getComputedStyle(box.current);
    const [ink, line, accent] = ["--quiet", "--line", "--accent"].map((name) => style.getPropertyValue(name));
    const drawn = drawing(view, state, { ink, line, accent });
    const select = (u, selects) => u.select.width > 0 && u.select.height > 0 && setState(dragged(u, selects));
    const plot = new uPlot(
      options(drawn, width, { ink, line, accent }, select),
      [
        [0, 1],
        [0, 1],
      ],
      box.current,
    );
    const open = () => {
      const row =
        plot.select.width > 0 ? -1 : nearest(view, store.objects.n, plot, drawn, [plot.cursor.left, plot.cursor.top]);
      if (row >= 0) setState(opened(store, view, row));
    };
    if (dots) plot.over.addEventListener("click", open);
    return () => plot.destroy();
  }, [order, width, dark, x, y, view.complete]);

  const names = Object.keys(known).filter((name) => choice.pairs.some((_, p) => values.has(name, p)));
  const choose = (label, value, change, none) => (
    <label>
      {label}{" "}
      <select value={value} onChange={({ target }) => change(target.value)}>
        {none && <option value="">{none}</option>}
        {names.map((name) => (
          <option value={name}>{known[name].title}</option>
        ))}
      </select>
    </label>
  );
  const shown = y ? `${known[y].title} against ${known[x].title}` : `Histogram of ${known[x].title}`;
  return (
    <section class="plot">
      <div class="bar">
        <h2>Plot</h2>
        {choose("Across", x, (name) => setState({ plot: [name, y].filter(Boolean).join() }))}
        {choose("Up", y, (name) => setState({ plot: [x, name].filter(Boolean).join() }), "number of rows")}
      </div>
      <div ref={box} class="canvas" role="img" aria-label={`${shown}, ${order.length.toLocaleString("en")} rows`} />
      <Legend choice={choice} lines={!y} many={y ? !dots : choice.pairs.length > MOST_LINES} />
      <p class="hint">
        Drag over the plot to keep the rows inside; the same ranges can be typed among the filters.{" "}
        {dots && "Click a dot to open its object."}
      </p>
    </section>
  );
}
