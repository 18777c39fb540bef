import { metricsOf, rowsOf } from "./compared.js";
import { Clicks, Methods, Prompt } from "./Controls.jsx";
import { useNumbers } from "./load.js";
import { Numbers } from "./Numbers.jsx";
import { Pictures } from "./Pictures.jsx";
import { shown, stepped } from "./shown.js";
import { useArrows, useLive } from "./use.js";
import { pixels } from "./words.js";
import "./viewer.css";

/**
 * One object: its image, the truth, and the masks of methods side by side.
 * @param {object} props run, store; state and setState: of the address; object: its number
 */
export default function Viewer({ run, store, state: address, setState, object }) {
  const [state, change] = useLive(address, setState, object);
  const { methods, setting, steps } = shown(run, state);
  const numbers = useNumbers(store, methods, setting, object);
  const click = (k) => change({ k });
  useArrows((by) => change(stepped(run, state, by) ?? {}));
  const all = { run, store, state, change, click, object, methods, setting, steps, numbers: numbers.value ?? {} };
  return (
    <article class="viewer" aria-label={`Object ${store.objects.id(object)}`}>
      <About run={run} objects={store.objects} object={object} />
      <div class="tools">
        <Prompt run={run} setting={setting} change={setState} />
        {steps.length > 1 && <Clicks setting={setting} steps={steps} choose={click} />}
        <Methods run={run} methods={methods} choose={(w) => setState({ w })} />
      </div>
      {numbers.error && <p role="alert">{numbers.error.message}</p>}
      {store.objects.picture[object] < 0 ? <NotKept {...all} /> : <Pictures {...all} />}
    </article>
  );
}

/** Where the object is from. */
function About({ run, objects, object }) {
  const dataset = objects.dataset(object), volumes = run.pages.volumes?.[dataset.name];
  const share = (100 * objects.relative_area[object]).toPrecision(2);
  return (
    <p>
      {dataset.title}, patient {objects.patient(object)}, {pixels(objects.area[object])} ({share} % of the image)
      {volumes && <>. <a href={volumes}>Volumes in three planes</a></>}
    </p>
  );
}

function NotKept(all) {
  const rows = rowsOf(all, null, all.numbers).map((row) => ({ ...row, status: all.numbers[row.method.name]?.status === "ok" ? "" : row.status }));
  return (
    <>
      <p class="absent">The picture of this object is not in this explorer.</p>
      <Numbers rows={rows} metrics={metricsOf(all.run, rows)} />
    </>
  );
}
