/** Counts and means of each method and setting over the rows of the filter, as in summary.csv. */
export function Summary({ run, view, state, setState }) {
  const { choice, means, complete } = view;
  const over = state.mean === "tasks" ? "perTask" : "objects";
  const best = Object.fromEntries(
    run.metrics.map(({ name, higher }) => {
      const rivals = means.filter((_, p) => !choice.pairs[p].method.control);
      const known = rivals.map((mean) => mean[over][name]).filter(Number.isFinite);
      return [name, known.length > 1 ? Math[higher ? "max" : "min"](...known) : NaN];
    }),
  );
  const metrics = run.metrics.filter(({ name }) => choice.pairs.some((_, p) => view.values.has(name, p)));
  return (
    <section class="summary" aria-busy={!complete}>
      <div class="bar">
        <h2>Counts and means</h2>
        <label>
          Mean over{" "}
          <select value={state.mean ?? "objects"} onChange={({ target }) => setState({ mean: target.value })}>
            <option value="objects">objects</option>
            <option value="tasks">tasks of their means</option>
          </select>
        </label>
      </div>
      <div class="scroll" tabIndex={0} role="region" aria-label="Counts and means of each method and setting">
        <table>
          <thead>
            <tr>
              <th scope="col">Method</th>
              <th scope="col">Setting</th>
              <th scope="col" class="number">
                Scored
              </th>
              <th scope="col" class="number">
                Tasks
              </th>
              <th scope="col" class="number">
                Failed
              </th>
              <th scope="col" class="number" title="prompts that the method does not take">
                Not taken
              </th>
              {metrics.map(({ name, title, unit }) => (
                <th key={name} scope="col" class="number">
                  {title}
                  {unit && ` (${unit})`}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {choice.pairs.map(({ method, setting }, p) => (
              <tr key={`${method.name}@${setting.id}`}>
                <th scope="row">
                  <span class="swatch" style={{ background: method.colour }} />
                  {method.title}
                </th>
                <td>{setting.title}</td>
                {["scored", "tasks", "failed", "notApplicable"].map((name) => (
                  <td class="number">{means[p][name].toLocaleString("en")}</td>
                ))}
                {metrics.map(({ name, decimals }) => {
                  const mean = means[p][over][name];
                  const text = Number.isFinite(mean) ? mean.toFixed(decimals) : complete ? "–" : "…";
                  const wins = !method.control && mean === best[name];
                  return (
                    <td class="number">
                      {wins ? <strong title="best of the methods that are no control">{text}</strong> : text}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
