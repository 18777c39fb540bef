import { Swatch } from "./Panel.jsx";

const text = (value, { decimals }) => (value === undefined || Number.isNaN(value) ? "–" : value.toFixed(decimals));

/** The numbers of an answer in one sentence. */
export function sentence(values, metrics) {
  const known = metrics.filter(({ name }) => values[name] !== undefined && !Number.isNaN(values[name]));
  return known.map((metric) => `${metric.title} ${text(values[metric.name], metric)}${metric.unit ? ` ${metric.unit}` : ""}`).join(", ");
}

/**
 * The metrics and confidences of every method that is shown.
 * @param {object} props rows: [{method, values: {metric: number}, status: what to say where there is no score}]; metrics: of the
 *   run that occur, with the unit of this object
 */
export function Numbers({ rows, metrics }) {
  return (
    <section class="numbers" aria-label="Numbers">
      <h3>Numbers</h3>
      <div class="wide" tabIndex={0} role="region" aria-label="Metrics of the methods shown">
        <table>
          <thead>
            <tr>
              <th scope="col">Method</th>
              {metrics.map(({ name, title, unit }) => <th scope="col" key={name}>{title}{unit && <small> ({unit})</small>}</th>)}
            </tr>
          </thead>
          <tbody>
            {rows.map(({ method, values, status }) => (
              <tr key={method.name}>
                <th scope="row"><Swatch colour={method.colour} /> {method.title}</th>
                {status
                  ? <td colSpan={metrics.length} class="status">{status}</td>
                  : metrics.map((metric) => <td key={metric.name}>{text(values[metric.name], metric)}</td>)}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
