// The data of a run: scripts below data/, loaded when they are needed. A page opened from a disk may load scripts and
// images, but nothing by `fetch`; so each data file is a script that calls `promptseg.shard`.

const ARRAYS = { f4: Float32Array, u4: Uint32Array, u2: Uint16Array, u1: Uint8Array };
const KEPT = 300; // shards of single pictures that are remembered; those of scores all are

async function unpack(type, text) {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const buffer = await new Response(stream).arrayBuffer();
  return type === "json" ? JSON.parse(new TextDecoder().decode(buffer)) : new ARRAYS[type](buffer);
}

const arrived = new Map(); // name -> [type, text], until it is asked for

/** What data files call. Defined before any of them is loaded. */
export function shard(name, type, text) {
  arrived.set(name, [type, text]);
}

const broken = (name, why) => new Error(`The data file data/${name}.js ${why}. Copy the folder "explorer" as a whole.`);

function load(name) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    const failed = (why) => reject(broken(name, why));
    script.src = `data/${name}.js`;
    script.onload = () => (arrived.has(name) ? resolve() : failed("holds something else"));
    script.onerror = () => failed("is missing");
    document.head.append(script);
  });
}

async function fetchShard(name) {
  if (!arrived.has(name)) await load(name);
  const [type, text] = arrived.get(name);
  arrived.delete(name);
  try {
    return await unpack(type, text);
  } catch {
    throw broken(name, "is damaged");
  }
}

/** The objects of a run by their number 0..n-1, in the order of the tables. */
class Objects {
  constructor(run, columns) {
    this.run = run;
    this.n = columns.n;
    this.datasets = Uint16Array.from(columns.dataset); // codes
    this.tasks = Uint16Array.from(columns.task); // codes within the dataset
    this.patients = { values: columns.patient.values, codes: Uint32Array.from(columns.patient.codes) };
    this.images = { values: columns.image.values, codes: Uint32Array.from(columns.image.codes) };
    this.area = Float32Array.from(columns.area); // pixels
    this.relative_area = Float32Array.from(columns.relative_area); // of the image
    const tasks = run.datasets.map((dataset) => dataset.tasks.length);
    const before = tasks.map((_, d) => tasks.slice(0, d).reduce((sum, count) => sum + count, 0));
    this.taskNumbers = {
      task: this.tasks.map((task, i) => before[this.datasets[i]] + task), // counted over all datasets
      tasks: tasks.reduce((sum, count) => sum + count, 0),
    };
    this.picture = Int32Array.from(columns.picture); // number of the picture, -1 where it is not kept
  }

  /** The dataset of object i as in `run.datasets`. */
  dataset(i) {
    return this.run.datasets[this.datasets[i]];
  }

  /** The task of object i: {name, title}. */
  task(i) {
    return this.dataset(i).tasks[this.tasks[i]];
  }

  patient(i) {
    return this.patients.values[this.patients.codes[i]];
  }

  image(i) {
    return this.images.values[this.images.codes[i]];
  }

  /** The id in the tables: "<image>:<task>", unique within its dataset. */
  id(i) {
    return `${this.image(i)}:${this.task(i).name}`;
  }

  /** What a search looks in, in lower case: the id, the titles of dataset and task, the patient. */
  text(i) {
    this.texts ??= Array(this.n);
    return (this.texts[i] ??= [this.id(i), this.task(i).title, this.dataset(i).title, this.patient(i)]
      .join(" ")
      .toLowerCase());
  }

  /** How the address names an object: "<dataset>/<id>". */
  key(i) {
    return `${this.dataset(i).name}/${this.id(i)}`;
  }

  /** The number of the object of that key, or -1. */
  find(key) {
    for (let i = 0; i < this.n; i++) if (key.endsWith(this.task(i).name) && this.key(i) === key) return i;
    return -1;
  }
}

/** Data files by name, unpacked and remembered. */
export class Store {
  constructor(run, columns) {
    this.run = run;
    this.objects = new Objects(run, columns);
    this.kept = new Map(); // name -> promise
    this.values = new Map(); // name -> content, of scores that have arrived
    this.failures = new Map(); // name -> sentence, of scores that have not
  }

  /** Open the run: data/run.js and data/objects.js. */
  static async open() {
    const [run, columns] = await Promise.all([fetchShard("run"), fetchShard("objects")]);
    return new Store(run, columns);
  }

  /**
   * The content of data/<name>.js: a typed array with one value per object, or what the JSON holds.
   * Rejects with a sentence for the reader where the file is missing; asked again, it tries again.
   */
  get(name) {
    if (!this.kept.has(name)) this.kept.set(name, this.fetch(name));
    const pictures = [...this.kept.keys()].filter((key) => !key.startsWith("scores/"));
    if (pictures.length > KEPT) this.kept.delete(pictures[0]);
    return this.kept.get(name);
  }

  async fetch(name) {
    try {
      const content = await fetchShard(name);
      if (name.startsWith("scores/")) this.values.set(name, content);
      return content;
    } catch (error) {
      this.kept.delete(name);
      if (name.startsWith("scores/")) this.failures.set(name, error.message);
      throw error;
    }
  }

  /** The content of a file of scores if it has arrived, else undefined. */
  ready(name) {
    return this.values.get(name);
  }

  /** Whether a file of scores has arrived or could not be loaded. */
  settled(name) {
    return this.values.has(name) || this.failures.has(name);
  }

  /** The values of a column ("iou", "status", ...) of a method in a setting, one per object. */
  column(method, setting, name) {
    return this.get(`scores/${method}/${setting}/${name}`);
  }

  /** The address of picture k. */
  image(k) {
    return `data/images/${k}.png`;
  }
}
