"""What the default run costs, beside another version of the project: wall time, CPU seconds, jobs; and the same tables.

python tests/benchmarks/default_run.py FOLDER [--before CHECKOUT] [--rounds N] [--cores N] [--configfile FILE]

Each version is copied into FOLDER, which should be new, and downloads what the run needs; that does not count. Then the
versions take turns: their results, downloads apart, are removed and made again, the best of several rounds counts. A
call with nothing to do follows each. CPU seconds are user and system of Snakemake and all its jobs. `CHECKOUT` is a
folder with another version, such as `git worktree add ../before 7317f2c`. Both run in the Python of this call.

The tables are those of both versions: numbers are compared to three decimals, all else as it is. What tells of the run
itself (seconds, versions) is left out.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("Snakefile", "workflow", "config", "envs", "notebooks", "profiles", "resources")
# Tables, and the column of the key into one of them.
OF_THE_RUN = {"throughput.csv", "provenance.csv", "volume_provenance.csv", "volume_seconds.csv", "provenance"}


@dataclass(frozen=True)
class Cost:
    """Wall and CPU seconds of a call of Snakemake, its jobs, and the CPU seconds that those of each rule say they took.

    Versions before jobs measured themselves say it of few rules.
    """

    wall: float
    cpu: float
    jobs: int
    rules: dict[str, list[float]]


def prepare(source: Path, folder: Path) -> None:
    """Copy a version of the project."""
    folder.mkdir(parents=True)
    for part in PARTS:
        if (source / part).is_dir():
            shutil.copytree(source / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        elif (source / part).exists():
            shutil.copy2(source / part, folder / part)


def snakemake(folder: Path, *arguments: str) -> Cost:
    """A call in a folder, which has to succeed."""
    environment = os.environ | {"PYTHONPATH": str(folder.resolve() / "workflow" / "scripts")}
    start = time.monotonic()
    with tempfile.TemporaryFile("w+") as output:
        call = [sys.executable, "-m", "snakemake", "--quiet", "rules", *arguments]
        process = subprocess.Popen(call, cwd=folder, stdout=output, stderr=output, env=environment)
        _, status, used = os.wait4(process.pid, 0)
        wall = time.monotonic() - start
        output.seek(0)
        text = output.read()
    if status:
        sys.exit(text[-5000:])
    jobs = re.search(r"^total\s+(\d+)$", text, flags=re.MULTILINE)
    rules = defaultdict(list)
    for file in (folder / "results" / "benchmarks").rglob("*.tsv"):
        rule = file.relative_to(folder / "results" / "benchmarks").parts[0].removesuffix(".tsv")
        rules[rule].append(float(pd.read_csv(file, sep="\t")["cpu_time"].iloc[0]))
    return Cost(wall, used.ru_utime + used.ru_stime, int(jobs[1]) if jobs else 0, dict(rules))


def measure(folder: Path, arguments: Iterable[str]) -> tuple[Cost, Cost]:
    """A run of everything but downloads, and a call with nothing to do."""
    for part in (folder / "results").glob("*"):
        if part.name not in ("raw", "benchmarks", "logs"):
            shutil.rmtree(part) if part.is_dir() else part.unlink()
    for kind in ("benchmarks", "logs"):
        shutil.rmtree(folder / "results" / kind, ignore_errors=True)
    for listed in (folder / "results" / "raw").glob("*/files.csv"):  # of `collect_files`, which is a job of the run
        shutil.rmtree(listed.parent)
    return snakemake(folder, *arguments), snakemake(folder, *arguments)


def differences(before: Path, now: Path) -> list[str]:
    """How the tables of a run differ from those of another one; tables of one alone do not count."""
    found = []
    for old in sorted(before.glob("*.csv")):
        new = now / old.name
        if old.name in OF_THE_RUN or not new.exists():
            continue
        a, b = pd.read_csv(old), pd.read_csv(new)
        if missing := sorted(set(a) - set(b)):
            found.append(f"{old.name}: no column {', '.join(missing)}")
        elif len(a) != len(b):
            found.append(f"{old.name}: {len(a)} and {len(b)} rows")
        else:
            found += [
                f"{old.name}: {column}" for column in a if column not in OF_THE_RUN and not same(a[column], b[column])
            ]
    return found


def same(a: pd.Series, b: pd.Series) -> bool:
    """Whether two columns are equal, numbers to three decimals."""
    if pd.api.types.is_numeric_dtype(a) and pd.api.types.is_numeric_dtype(b):
        return bool(np.allclose(a.astype(float), b.astype(float), rtol=0, atol=5e-4, equal_nan=True))
    return a.fillna("").astype(str).tolist() == b.fillna("").astype(str).tolist()


def main() -> None:
    """Print a table of the versions, what the rules take, and how the tables differ."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--before", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cores", default="all")
    parser.add_argument("--configfile", type=Path)
    options = parser.parse_args()
    arguments = ["--cores", options.cores]
    arguments += ["--configfile", str(options.configfile.resolve())] if options.configfile else []
    versions = {"before": options.before} if options.before else {}
    folders = {name: options.folder / name for name in (*versions, "now")}
    for name, folder in folders.items():
        prepare(versions.get(name, ROOT), folder)
        snakemake(folder, *arguments, "--until", "download_archive", "download_files")
    costs = defaultdict(list)
    for _ in range(options.rounds):
        for name, folder in folders.items():
            costs[name].append(measure(folder, arguments))
    columns = ("version", "jobs", "wall s", "CPU s", "CPU s of jobs", "nothing to do: wall s", "CPU s")
    print(f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}")
    best = {}
    for name, rounds in costs.items():
        runs, nothing = zip(*rounds, strict=True)
        best[name] = run = min(runs, key=lambda cost: cost.cpu)
        theirs = [seconds for rule in run.rules.values() for seconds in rule]
        values = (min(cost.wall for cost in runs), run.cpu, sum(theirs))
        values += (min(cost.wall for cost in nothing), min(cost.cpu for cost in nothing))
        print(f"| {name} | {run.jobs} | {' | '.join(f'{value:.1f}' for value in values)} |")
    if "before" in best:
        walls = {name: min(run.wall for run, _ in rounds) for name, rounds in costs.items()}
        print(f"\n{walls['before'] / walls['now']:.2f} times faster", end=", ")
        print(f"{best['before'].cpu / best['now'].cpu:.2f} times less CPU")
    rules = sorted(best["now"].rules, key=lambda rule: -sum(best[next(iter(best))].rules.get(rule, [0.0])))
    print(f"\n| rule | jobs | {' | '.join(f'CPU s {name}' for name in best)} |\n|---|---|{'---|' * len(best)}")
    for rule in rules:
        seconds = (f"{sum(cost.rules.get(rule, [0.0])):.1f}" for cost in best.values())
        print(f"| {rule} | {len(best['now'].rules[rule])} | {' | '.join(seconds)} |")
    if "before" in best:
        found = differences(*(folders[name] / "results" / "tables" for name in ("before", "now")))
        print("\nThe tables are the same to three decimals." if not found else "\nDifferent: " + "; ".join(found))


if __name__ == "__main__":
    main()
