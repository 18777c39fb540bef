"""Write `<results>/explorer/`: a folder with every object of a run, to look at without a server or to mail."""

import logging
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from promptseg.core.errors import PromptsegError
from promptseg.core.files import atomic
from promptseg.core.progress import progress
from promptseg.core.settings import Setting, ordered
from promptseg.explorer.about import Run, describe, newest
from promptseg.explorer.columns import write_columns
from promptseg.explorer.objects import Files, Kept, Parts, Survey, keep, read_objects, survey
from promptseg.explorer.pictures import Truths, write_pictures
from promptseg.explorer.predicted import write_masks
from promptseg.explorer.shards import write_json

logger = logging.getLogger(__name__)

HERE = Path(__file__).resolve().parent
BUILT = ("app.js", "app.css", "licences.txt")


def build(
    output: Path, run: Run, datasets: Mapping[str, Files], scores: Parts, predictions: Parts, trust: Parts
) -> None:
    """Write the folder; it appears when it is complete.

    Args:
        output: the folder; what is there is replaced.
        run: what the configuration says.
        datasets: name -> its files.
        scores, predictions: files of SCORES and PREDICTIONS of each (method, dataset).
        trust: files of TRUST of those of which confidences are known.

    Raises:
        PromptsegError: the page was not built, or a file lacks a column.
    """
    asked = {method for method, _ in scores}
    methods = [name for name in run.methods if name in asked]
    rivals = [name for name in methods if not run.methods[name].get("control")] or methods
    everything = read_objects(datasets)
    known = survey(everything, scores, rivals, run.modes)
    kept = keep(everything, known, run.most, run.seed)
    logger.info("%d of %d objects, %d images", len(kept.objects), len(everything), kept.sampled[1].kept.sum())
    with atomic(output) as folder:
        write_shell(folder, run.title)
        data = folder / "data"
        columns = _write_scores(data, methods, kept, known, run, scores, trust)
        content = describe(run, methods, columns, known, kept)
        write_json(data, "run", {**content, "made": newest(scores.values())})
        write_json(data, "objects", columns_of(kept.objects, run.datasets))
        for name, truths in progress(_pictures(data, datasets, run, kept), len(datasets), "pictures", "dataset"):
            for method in methods:
                write_masks(data, method, predictions[method, name], truths)


def write_shell(folder: Path, title: str) -> None:
    """The page without data, see `web`, which is built by `make explorer`.

    Raises:
        PromptsegError: it was not built.
    """
    missing = [name for name in BUILT if not (HERE / "built" / name).is_file()]
    if missing:
        raise PromptsegError(f"{HERE / 'built'} lacks {', '.join(missing)}: call `make explorer`, which needs Node.")
    folder.mkdir(parents=True)
    for name in BUILT:
        shutil.copyfile(HERE / "built" / name, folder / name)
    environment = Environment(loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined)
    page = environment.get_template("index.html.jinja").render(title=title)
    (folder / "index.html").write_text(page + "\n", encoding="utf-8")


def _write_scores(
    data: Path, methods: Sequence[str], kept: Kept, known: Survey, run: Run, scores: Parts, trust: Parts
) -> dict[str, dict[Setting, list[str]]]:
    columns = {}
    for method in progress(methods, len(methods), "scores", "method"):
        files = {
            dataset: (path, trust.get((method, dataset))) for (name, dataset), path in scores.items() if name == method
        }
        settings = ordered(known.settings.get(method, set()), list(run.protocols))
        columns[method] = write_columns(data, method, files, kept.objects, settings, known)
    return columns


def _pictures(data: Path, datasets: Mapping[str, Files], run: Run, kept: Kept) -> Any:
    shown = kept.objects[kept.objects["picture"] >= 0]
    for name, files in datasets.items():
        truths: Truths = write_pictures(data, files, run.datasets[name]["tasks"], shown[shown["dataset"] == name])
        yield name, truths


def columns_of(objects: pd.DataFrame, datasets: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The content of data/objects.js, see docs/explorer.md.

    Args:
        objects: those that are kept, see `objects.Kept`.
        datasets: name -> {tasks}, in the order of the codes.
    """
    places = {name: place for place, name in enumerate(datasets)}
    tasks = {(name, task): place for name, entry in datasets.items() for place, task in enumerate(entry["tasks"])}
    pairs = zip(objects["dataset"], objects["task"], strict=True)
    return {
        "n": len(objects),
        "dataset": objects["dataset"].map(places).tolist(),
        "task": [tasks[pair] for pair in pairs],
        "patient": _coded(objects["case_id"]),
        "image": _coded(objects["image_id"]),
        "area": objects["area"].tolist(),
        "relative_area": [float(f"{share:.4g}") for share in objects["relative_area"]],
        "picture": objects["picture"].tolist(),
    }


def _coded(names: pd.Series) -> dict[str, list[Any]]:
    codes, values = pd.factorize(names)
    return {"values": list(values), "codes": codes.tolist()}
