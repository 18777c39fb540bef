import { Swatch } from "./Panel.jsx";
import { number } from "./words.js";

/**
 * The metrics and confidences of every method that is shown.
 * @param {object} props rows: [{method, values: {metric: number}, status: what to say where there is no score}]; metrics: of the
 *   run that occur, with the unit of this object
 */
export function Numbers({ rows, metrics }) {
  return (
    <section aria-label="Numbers">
      <h3>Numbers</h3>
      <div class="scroll" tabIndex={0} role="region" aria-label="Metrics of the methods shown">
        <table>
          <thead>
            <tr>
              <th scope="col">Method</th>
              {metrics.map(({ name, title, unit }) => <th scope="col" class="number" key={name}>{title}{unit && ` (${unit})`}</th>)}
            </tr>
          </thead>
          <tbody>
            {rows.map(({ method, values, status }) => (
              <tr key={method.name}>
                <th scope="row"><Swatch colour={method.colour} /> {method.title}</th>
                {status
                  ? <td colSpan={metrics.length} class="status">{status}</td>
                  : metrics.map(({ name, decimals }) => <td class="number" key={name}>{number(values[name], decimals)}</td>)}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
