"""What it costs Snakemake to plan studies of some sizes: jobs, CPU seconds and memory of `snakemake -n`.

    python tests/benchmarks/dry_run.py [FOLDER] [--only NAME ...]

Each size is planned in a copy of the project, in FOLDER or a temporary one. Its datasets are those of the study, once
more under other names where it wants more, with the number of images that the registry declares; all read a folder, so
that nothing is downloaded. `new` is a dry run where nothing is made yet, `done` one where everything is (empty files,
`snakemake --touch`), so that all inputs, parameters and times are compared with the records; `job` is what a node of a
cluster starts for one job: Snakemake with one target.

CPU seconds are user and system, children included: on a busy machine wall time says little. What the adapters can do
was asked by a call before.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("Snakefile", "workflow", "config", "envs", "notebooks", "profiles", "resources")
# Name to datasets, methods, and whether large datasets are cut into shards.
SIZES = {
    "19 x 12": (19, 12, False),
    "19 x 12, shards": (19, 12, True),
    "38 x 24": (38, 24, False),
    "38 x 24, shards": (38, 24, True),
}
SHARD = 2000  # images, at most


@dataclass(frozen=True)
class Cost:
    """CPU seconds and the largest memory (MB) of a process, and what it printed."""

    seconds: float
    mb: float
    text: str


def snakemake(folder: Path, *arguments: str, plan: Path | None = None) -> Cost:
    """A call in a folder, which has to succeed."""
    environment = {**os.environ, "PYTHONHASHSEED": "0"} | ({"PROMPTSEG_PLAN": str(plan)} if plan else {})
    call = [sys.executable, "-m", "snakemake", "--cores", "1", *arguments]
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(call, cwd=folder, stdout=output, stderr=output, env=environment)
        _, status, used = os.wait4(process.pid, 0)
        output.seek(0)
        text = output.read()
    if status:
        sys.exit(text[-3000:])
    return Cost(used.ru_utime + used.ru_stime, used.ru_maxrss / 1000, text)


def configuration(datasets: int, methods: int, shards: bool) -> dict[str, Any]:
    """A study of so many datasets and methods."""
    registry = yaml.safe_load((ROOT / "config" / "datasets.yaml").read_text())["datasets"]
    known = yaml.safe_load((ROOT / "config" / "methods.yaml").read_text())["methods"]
    studied = {entry["study"]["name"]: name for name, entry in registry.items() if "study" in entry}
    names = sorted(studied.values())
    entries = {}
    for index in range(datasets):
        turn, name = divmod(index, len(names))
        entry = {key: value for key, value in registry[names[name]].items() if key != "cases"}
        count = -(-entry["study"]["images"] // SHARD) if shards else 1
        entries[f"{names[name]}_{turn}"] = entry | {
            "source": {"kind": "folder", "path": f"data/{names[name]}"},
            "shards": count,
        }
    return {
        "run": {
            "datasets": list(entries),
            "methods": [name for name in known if "lasso" not in name][:methods],
            "protocols": ["corrected"],
        },
        "datasets": entries,
    }


def prepare(folder: Path, datasets: dict[str, Any]) -> None:
    """Copy the project, with an empty image in each folder that datasets read."""
    folder.mkdir(parents=True, exist_ok=True)
    for part in PARTS:
        source, target = ROOT / part, folder / part
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
        else:
            shutil.copy2(source, target)
    for entry in datasets.values():
        for kind in ("images", "masks"):
            file = folder / entry["source"]["path"] / kind / "a.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()


def finish(folder: Path, plan: Path, *arguments: str) -> None:
    """Make an empty file of each output of a plan, and let Snakemake take them for made."""
    for job in json.loads(plan.read_text())["jobs"]:
        for output in [] if job["temporary"] else map(folder.joinpath, job["output"]):
            output.parent.mkdir(parents=True, exist_ok=True)
            output.touch() if output.suffix else output.mkdir(exist_ok=True)
    snakemake(folder, "--touch", *arguments)


def row(name: str, kind: str, cost: Cost) -> str:
    """A line of the table."""
    jobs = re.search(r"^total\s+(\d+)$", cost.text, flags=re.MULTILINE)
    count = int(jobs[1]) if jobs else 0
    return f"| {name} | {kind} | {count} | {cost.seconds:.1f} | {cost.mb:.0f} |"


def measure(folder: Path, name: str) -> dict[str, Cost]:
    """Print the rows of a size."""
    config = configuration(*SIZES[name])
    prepare(folder, config["datasets"])
    (folder / "size.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    arguments, plan = ("--configfile", "size.yaml"), folder / "plan.json"
    dry = ("-n", "--quiet", "rules", *arguments)
    snakemake(folder, *dry, plan=plan)
    costs = {"new": snakemake(folder, *dry)}
    finish(folder, plan, *arguments)
    costs["done"] = snakemake(folder, *dry)
    first = f"predict:method={config['run']['methods'][0]},dataset={next(iter(config['datasets']))}"
    job = ("--target-jobs", first, "--allowed-rules", "predict", "--mode", "remote", "--nolock", "--force")
    costs["job"] = snakemake(folder, *dry, *job)
    for kind, cost in costs.items():
        print(row(name, kind, cost), flush=True)
    return costs


def main() -> None:
    """Print a table, and how the costs grow."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--only", nargs="+", choices=SIZES, default=list(SIZES))
    options = parser.parse_args()
    base = options.folder or Path(tempfile.mkdtemp())
    print("| configuration | what | jobs | CPU s | MB |\n|---|---|---|---|---|")
    costs = {name: measure(base / re.sub(r"\W+", "_", name), name) for name in options.only}
    for small, large in (("19 x 12", "38 x 24"), ("19 x 12, shards", "38 x 24, shards")):
        if {small, large} <= set(costs):
            ratios = (f"{kind} {costs[large][kind].seconds / costs[small][kind].seconds:.1f}" for kind in costs[small])
            print(f"{large} against {small}: {', '.join(ratios)}")


if __name__ == "__main__":
    main()
