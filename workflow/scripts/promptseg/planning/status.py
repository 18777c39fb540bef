"""In which state a folder of results is: whether a run is alive, what is complete, what failed, and by which run."""

import json
import platform
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from tabulate import tabulate

from promptseg.config.facts import asked_methods, presets
from promptseg.config.folders import folders
from promptseg.core.errors import PromptsegError
from promptseg.core.locks import living_processes, living_runs
from promptseg.core.shared import where
from promptseg.planning.changes import differences, of_run
from promptseg.planning.run import DONE, FAILED, LAST_RUN, RUNNING

_ENDS = {
    DONE: "ended well",
    FAILED: "ended with jobs that failed",
    RUNNING: "did not end: it was killed",
}
_MOST = 8  # lines of one kind
_PRODUCTS = {"tables": "tables/summary.csv", "figures": "figures", "explorer": "explorer", "page": "report/index.html"}


def status_text(results: Path, config: Mapping[str, Any]) -> str:
    """The state of a folder of results in words.

    Args:
        config: the checked configuration that it is compared with.

    Raises:
        PromptsegError: there is no such folder.
    """
    if not results.is_dir():
        raise PromptsegError(f"{results} is not there: no run has written into it. `promptseg run` starts one.")
    last = _last_run(results)
    parts = [
        "\n".join(_runs(results, last)),
        *_settings(last, config),
        "What is there:\n" + _matrix(results, last.get("config", config)),
        *_failures(results, last),
        "`promptseg plan` says what would run next, and why.",
    ]
    return "\n\n".join(parts)


def _last_run(results: Path) -> dict[str, Any]:
    file = results / LAST_RUN
    try:
        found: dict[str, Any] = json.loads(file.read_text()) if file.is_file() else {}
    except ValueError:
        return {}
    return found


def _runs(results: Path, last: Mapping[str, Any]) -> Iterator[str]:
    """Whether a run is alive, and what is known of the last one."""
    living = living_runs()
    own = last.get("process")
    # A run of another folder may be alive in the project: the last one of this folder is, if its process is.
    dead = last.get("host") == platform.node() and own is not None and own not in living_processes()
    for host, alive in living.items():
        if alive is None:
            yield f"A run of {host} may be alive in this project: only that machine can tell."
        elif alive:
            yield f"A{'nother' if dead and host == platform.node() else ''} run is alive in this project on {host}."
    if not last:
        yield f"Of the last run in {results} nothing was noted."
        return
    alive = living.get(last["host"], False) if last["outcome"] == RUNNING and not dead else False
    started, jobs = _local(last["started"]), f"{last['jobs_done']} of {last['jobs']} jobs were done"
    how = {True: "is alive", None: "may be alive"}.get(alive, _ENDS.get(last["outcome"], "was stopped"))
    ended = f" at {_local(last['ended'])}" if "ended" in last else ""
    yield f"The last run in {results} began at {started} on {last['host']}, and {how}{ended}" + (
        f"; {jobs}." if "ended" in last else "."
    )
    yield f"  {' '.join(last['command'])}"


def _local(time: str) -> str:
    return f"{datetime.fromisoformat(time).astimezone():%Y-%m-%d %H:%M}"


def _settings(last: Mapping[str, Any], config: Mapping[str, Any]) -> list[str]:
    """What the configuration of the last run differs in from the current one."""
    if not last:
        return []
    now = json.loads(json.dumps(of_run(config)))
    changes = [str(change) for change in differences(last["config"], now)]
    if not changes:
        return ["Its configuration is the current one."]
    more = [f"  and {len(changes) - _MOST} more"] if len(changes) > _MOST else []
    left = "  `snakemake --cores 1 leftovers` lists files that the current one does not make."
    lines = ["From its configuration to the current one:", *(f"  {one}" for one in changes[:_MOST]), *more, left]
    return ["\n".join(lines)]


def _matrix(results: Path, config: Mapping[str, Any]) -> str:
    """A row for images and prompts and one per method, a column per dataset."""
    shared = Path(folders(config)[1])
    datasets, methods = sorted(config["run"]["datasets"]), sorted(config["run"]["methods"])

    def row(name: str, stages: Mapping[str, str]) -> list[str]:
        """The last stage of each dataset that is there."""
        parts = [[(word, part.format(one)) for word, part in stages.items()] for one in datasets]
        found = [[word for word, part in of if where(part, results, shared).exists()] for of in parts]
        return [name, *(words[-1] if words else "-" for words in found)]

    rows = [
        row("images", {"files": "raw/{}/files.csv", "images": "datasets/{}/images.parquet"}),
        row("prompts", {"done": "prompts/{}.parquet"}),
    ]
    for method in methods:
        places = {
            "predicted": f"predictions/{method}/{{}}.parquet",
            "scored": f"scores/{method}/{{}}.parquet",
        }
        rows.append(row(method, places))
    for method in asked_methods(config) if presets(config) else ():
        places = {
            "answered": f"protocols/answers/{method}/{{}}.parquet",
            "scored": f"protocols/scores/{method}/{{}}.parquet",
        }
        rows.append(row(f"{method}, presets", places))
    text = tabulate(rows, ["", *datasets], tablefmt="plain", disable_numparse=True)
    ends = {name: (results / path).exists() for name, path in _PRODUCTS.items()}
    there = ", ".join(f"{name}{'' if is_there else ' not made'}" for name, is_there in ends.items())
    return "\n".join(f"  {line}".rstrip() for line in [*text.splitlines(), there])


def _failures(results: Path, last: Mapping[str, Any]) -> list[str]:
    """Jobs that failed in the last run, and images without a score, by reason."""
    parts = []
    if failed := last.get("failed"):
        lines = [f"  {' '.join([one['rule'], *one['wildcards'].values()])}: {one['reason']}" for one in failed[:_MOST]]
        more = [f"  and {len(failed) - _MOST} more"] if len(failed) > _MOST else []
        parts.append("\n".join([f"Jobs that failed in the last run: {len(failed)}", *lines, *more]))
    scores = results / "tables" / "scores.parquet"
    if scores.is_file():
        from promptseg.report.failures import failures

        rows = failures(scores).to_dict("records")
        lines = [f"  {one['images']} images: {one['reason']} ({one['datasets']})" for one in rows[:_MOST]]
        if lines:
            parts.append("\n".join(["Images without a score, by reason (docs/reasons.md):", *lines]))
    return parts
