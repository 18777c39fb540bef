"""The main table of a run for a terminal, and where the rest of the run is."""

from pathlib import Path

import pandas as pd
from tabulate import tabulate

from promptseg.analysis.datasets import DATASETS
from promptseg.analysis.names import NAMES, titles
from promptseg.analysis.summary import SUMMARY
from promptseg.core.tables import read_csv
from promptseg.core.vocabulary import HEADLINE_CLICKS
from promptseg.report.failures import failures
from promptseg.report.headline import main_table
from promptseg.report.routes import objects_sentence, routes_table
from promptseg.score.tables import SCORES
from promptseg.volumes.analysis.routes import ROUTES


def overview(results: Path, clicks: list[int] | None = None, volumes: bool = True) -> str:
    """Main table, that of volumes, what failed, and the folders of a finished run, as lines of text.

    Args:
        volumes: whether routes through volumes are shown, if there is a table of them.
        clicks: numbers of corrective clicks with a column; by default `vocabulary.HEADLINE_CLICKS`.

    Raises:
        PromptsegError: the folder holds no finished run.
    """
    summary = read_csv(results / "tables" / SUMMARY.name, SUMMARY)
    methods, protocols = (titles(results / "tables" / NAMES.name, kind) for kind in ("method", "protocol"))
    table = main_table(summary, methods, protocols, clicks or HEADLINE_CLICKS)
    parts = ["IoU, mean over tasks (n/a: the method does not take such prompts)", as_text(table)]
    places = {
        "tables": "tables",
        "figures": "figures",
        "explorer": "explorer/index.html",
        "report": "report/index.html",
    }
    if volumes and (results / "tables" / ROUTES.name).is_file():
        places["volumes"] = "report/volumes.html"
        known = read_csv(results / "tables" / ROUTES.name, ROUTES)
        routes = routes_table(known, methods)
        parts += ["Volumes: Dice by the number of prompted slices, mean over tasks", as_text(routes)]
        parts.append(objects_sentence(known))
    datasets = results / "tables" / DATASETS.name
    for row in read_csv(datasets, DATASETS).to_dict("records") if datasets.is_file() else ():
        if row["status"].startswith("failed: "):  # a job on a node tells nobody else
            parts.append(
                f"Not all cases of {row['dataset']} could be read: {row['status'].removeprefix('failed: ')}\n"
                f"(manifest.csv in its folder names them)"
            )
    for row in failures(results / "tables" / SCORES.name).to_dict("records"):
        parts.append(
            f"{row['score rows']} score rows of {row['images']} images failed, the first with\n{row['its status']}"
        )
    parts.append("\n".join(f"{name:8} {results / place}" for name, place in places.items()))
    return "\n\n".join(parts)


def as_text(table: pd.DataFrame) -> str:
    """Columns side by side, numbers right-aligned; what groups of columns have in common stands above their first.

    Args:
        table: of strings, as `headline.main_table` makes it: the first two columns are text, the others numbers.
    """
    heads, before = [], ""
    for column in table.columns:
        group, _, head = column.rpartition(", ")
        group = group or ("mode" if head.isdigit() else "")
        heads.append(f"{'' if group == before else group}\n{head}")
        before = group
    aligned = ["left", "left", *["right"] * (len(heads) - 2)]
    return tabulate(table.to_numpy().tolist(), heads, tablefmt="plain", disable_numparse=True, colalign=aligned)
