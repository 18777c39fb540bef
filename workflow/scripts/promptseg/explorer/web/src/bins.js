// Counting rows for plots: what is drawn does not grow with their number. Groups are as in rows.js.

/** Lowest and highest finite value, [0, 1] where there is none. */
export function extent(groups, columns) {
  let [low, high] = [Infinity, -Infinity];
  groups.forEach((objects, p) => {
    const column = columns[p];
    for (let r = 0; r < objects.length; r++) {
      const value = column[objects[r]];
      if (value - value !== 0) continue; // NaN or infinite
      if (value < low) low = value;
      if (value > high) high = value;
    }
  });
  if (low > high) return [0, 1];
  return low === high ? [low - 0.5, high + 0.5] : [low, high];
}

/** How many rows of each pair lie in each of `bins` equal parts of [low, high]: a Uint32Array per pair. */
export function histogram(groups, columns, [low, high], bins) {
  const scale = bins / (high - low);
  return groups.map((objects, p) => {
    const column = columns[p];
    const counts = new Uint32Array(bins);
    for (let r = 0; r < objects.length; r++) {
      const value = column[objects[r]];
      if (value >= low && value <= high) counts[Math.min(bins - 1, Math.floor((value - low) * scale))]++;
    }
    return counts;
  });
}

/** How many rows lie in each cell of a grid over [low, high] of x and of y: a Uint32Array, cell (x, y) at x * height + y. */
export function density(groups, [xs, ys], [[x0, x1], [y0, y1]], [width, height]) {
  const counts = new Uint32Array(width * height);
  const [across, up] = [width / (x1 - x0), height / (y1 - y0)];
  groups.forEach((objects, p) => {
    const [columnX, columnY] = [xs[p], ys[p]];
    for (let r = 0; r < objects.length; r++) {
      const [x, y] = [columnX[objects[r]], columnY[objects[r]]];
      if (!(x >= x0 && x <= x1 && y >= y0 && y <= y1)) continue;
      const column = Math.min(width - 1, Math.floor((x - x0) * across));
      counts[column * height + Math.min(height - 1, Math.floor((y - y0) * up))]++;
    }
  });
  return counts;
}
