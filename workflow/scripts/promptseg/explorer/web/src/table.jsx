import { useEffect, useState } from "preact/hooks";
import { filterRows, sortRows } from "./rows.js";
import { format } from "./state.js";

/** The rows of the filter, fifty on a page. */
export function Table({ store, state }) {
  const { run, objects } = store;
  const method = state.m?.[0] ?? run.methods.find(({ control }) => !control).name;
  const setting = state.s?.[0] ?? Object.keys(run.columns[method])[0];
  const [columns, setColumns] = useState(null);
  useEffect(() => {
    const names = run.columns[method][setting];
    Promise.all(names.map((name) => store.column(method, setting, name))).then((values) =>
      setColumns(Object.fromEntries(names.map((name, at) => [name, values[at]]))),
    );
  }, [method, setting]);
  if (!columns) return <p>Loading</p>;
  const all = filterRows(objects.n, new Uint8Array(objects.n).fill(1), [columns], [], new Uint8Array(256).fill(1));
  const rows = sortRows(all, objects.n, [columns.iou], state.dir === "desc");
  return (
    <table>
      <tbody>
        {[...rows.subarray(0, 50)].map((i) => (
          <tr key={i}>
            <th>
              <a href={`#${format({ ...state, o: objects.key(i), at: `${method}@${setting}` })}`}>{objects.key(i)}</a>
            </th>
            {run.metrics.map(({ name, decimals }) => columns[name] && <td>{columns[name][i].toFixed(decimals)}</td>)}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
