// Values of quantities: metrics as they were stored, and what is made of two of them.

/** Files of scores from which a quantity of a pair (see choose) is made, none where it has no such value. */
function files(run, of, name, { method, setting, versus, first, oracle }) {
  const column = (one, metric) =>
    one && run.columns[one.method][one.setting].includes(metric)
      ? [`scores/${one.method}/${one.setting}/${metric}`]
      : [];
  const both = (one, other) => {
    const found = [...column(one, of), ...column(other, of)];
    return found.length === 2 ? found : [];
  };
  const own = { method: method.name, setting: setting.id };
  switch (name) {
    case "vs":
      return column(versus, of);
    case "diff":
      return both(own, versus);
    case "gap":
      return both(oracle, first);
    default:
      return column(own, name);
  }
}

/** Values of all pairs of a choice, one array with all objects each. */
export class Values {
  constructor(store, { pairs, of }) {
    Object.assign(this, { store, pairs, of, made: new Map() });
    this.none = new Float32Array(store.objects.n).fill(NaN);
    this.absent = new Uint16Array(store.objects.n).fill(65535);
  }

  /** Names of the data files behind these quantities. */
  files(names) {
    const { store, of, pairs } = this;
    return [...new Set(names.flatMap((name) => pairs.flatMap((pair) => files(store.run, of, name, pair))))];
  }

  /** Whether pair p has this quantity. */
  has(name, p) {
    return name === "area" || files(this.store.run, this.of, name, this.pairs[p]).length > 0;
  }

  /** A quantity of pair p by object: NaN where there is none, or while its files are on the way. */
  column(name, p) {
    if (name === "area") return this.store.objects.area;
    const names = files(this.store.run, this.of, name, this.pairs[p]);
    const parts = names.map((file) => this.store.ready(file));
    if (!parts.length || parts.includes(undefined)) return this.none;
    if (parts.length === 1) return parts[0];
    const key = names.join();
    if (!this.made.has(key))
      this.made.set(
        key,
        parts[0].map((value, i) => value - parts[1][i]),
      );
    return this.made.get(key);
  }

  /** A quantity in every pair. */
  columns(name) {
    return this.pairs.map((_, p) => this.column(name, p));
  }

  /** Codes of `run.statuses` of pair p by object; 65535 where there is no row. */
  status(p) {
    const [file] = files(this.store.run, this.of, "status", this.pairs[p]);
    return this.store.ready(file) ?? this.absent;
  }
}
