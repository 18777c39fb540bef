// What plots draw into the canvas of uPlot: each function gives a function of the plot `u`.

/** Histograms as steps, a look {colour, dash} each: counts [Uint32Array] of equal parts of [low, high]. One alone is filled. */
export function steps(counts, [low, high], looks) {
  return (u) => {
    const zero = u.valToPos(0, "y", true);
    counts.forEach((bins, at) => {
      const x = (b) => u.valToPos(low + (b / bins.length) * (high - low), "x", true);
      u.ctx.beginPath();
      u.ctx.moveTo(x(0), zero);
      bins.forEach((count, b) => {
        const top = u.valToPos(count, "y", true);
        u.ctx.lineTo(x(b), top);
        u.ctx.lineTo(x(b + 1), top);
      });
      u.ctx.lineTo(x(bins.length), zero);
      u.ctx.strokeStyle = u.ctx.fillStyle = looks[at].colour;
      u.ctx.setLineDash(looks[at].dash.map((length) => length * devicePixelRatio));
      u.ctx.lineWidth = 2 * devicePixelRatio;
      u.ctx.stroke();
      if (counts.length > 1) return;
      u.ctx.globalAlpha = 0.35;
      u.ctx.fill();
      u.ctx.globalAlpha = 1;
    });
  };
}

/** Each row as a dot in the colour of its pair. */
export function points(groups, [xs, ys], looks) {
  return (u) => {
    u.ctx.globalAlpha = 0.6;
    groups.forEach((objects, p) => {
      u.ctx.fillStyle = looks[p].colour;
      for (const i of objects) {
        if (!Number.isFinite(xs[p][i]) || !Number.isFinite(ys[p][i])) continue;
        u.ctx.beginPath();
        u.ctx.arc(
          u.valToPos(xs[p][i], "x", true),
          u.valToPos(ys[p][i], "y", true),
          3 * devicePixelRatio,
          0,
          2 * Math.PI,
        );
        u.ctx.fill();
      }
    });
    u.ctx.globalAlpha = 1;
  };
}

/** Counts of the cells of a grid (see density), darker the more rows, by their logarithm. */
export function cells(counts, [[x0, x1], [y0, y1]], [width, height], { accent }) {
  let most = 1;
  for (const count of counts) most = Math.max(most, count);
  return (u) => {
    u.ctx.fillStyle = accent;
    const x = (column) => u.valToPos(x0 + (column / width) * (x1 - x0), "x", true);
    const y = (row) => u.valToPos(y0 + (row / height) * (y1 - y0), "y", true);
    for (let column = 0; column < width; column++) {
      for (let row = 0; row < height; row++) {
        const count = counts[column * height + row];
        if (!count) continue;
        u.ctx.globalAlpha = 0.12 + (0.88 * Math.log1p(count)) / Math.log1p(most);
        const [left, bottom] = [x(column), y(row)];
        u.ctx.fillRect(left, y(row + 1), x(column + 1) - left, bottom - y(row + 1));
      }
    }
    u.ctx.globalAlpha = 1;
  };
}

/** The line where both axes have the same value. */
export function diagonal(colour) {
  return (u) => {
    const [low, high] = [Math.max(u.scales.x.min, u.scales.y.min), Math.min(u.scales.x.max, u.scales.y.max)];
    u.ctx.save();
    u.ctx.setLineDash([6, 6]);
    u.ctx.strokeStyle = colour;
    u.ctx.lineWidth = devicePixelRatio;
    u.ctx.beginPath();
    u.ctx.moveTo(u.valToPos(low, "x", true), u.valToPos(low, "y", true));
    u.ctx.lineTo(u.valToPos(high, "x", true), u.valToPos(high, "y", true));
    u.ctx.stroke();
    u.ctx.restore();
  };
}
