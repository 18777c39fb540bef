"""How many jobs a change plans, of a finished quickstart: the table in docs/reruns.md.

    python tests/benchmarks/replanned.py FOLDER

FOLDER is a copy of the project with the results of the quickstart, which is thrown away afterwards: its results are
marked as those of a run without mode 5 and with a method in a file of the user (`snakemake --touch`), whose results are
copies of those of `box_fill`. Nothing is computed; each change is planned by `snakemake -n`.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

METHODS = "perfect box_fill box_ellipse click_disk grabcut random_walker region_growing sam_small ritm_small"
MODES = ["mode1", "mode2", "mode3", "mode4", "iterative"]
OWN = """
from promptseg.methods.controls import BoxFill

class Own(BoxFill):
    prompt_types = frozenset({TYPES})
"""
BASE: dict[str, Any] = {
    "run": {"methods": [*METHODS.split(), "simpleclick_small", "focalclick_small", "own"]},
    "methods": {"own": {"adapter": "own.py:Own"}},
    "prompts": {"modes": MODES},
}
CHANGES: dict[str, dict[str, Any]] = {
    "nothing": {},
    "mode 5 added": {"prompts": {"modes": [*MODES, "mode5"]}},
    "the mode `everything` added": {"prompts": {"modes": [*MODES, "everything"]}},
    "one more click": {"prompts": {"modes": MODES, "clicks": 10}},
    "the protocol `as_released` added": {"run": {**BASE["run"], "protocols": ["corrected", "as_released"]}},
    "another seed": {"prompts": {"modes": MODES, "seed": 2}},
    "`multimask: official`": {"prompts": {"modes": MODES, "multimask": "official"}},
    "`precision: bf16`": {"precision": "bf16"},
    "another window of abdomen_ct": {
        "datasets": {"abdomen_ct": {"intensity": {"kind": "window", "low": -150, "high": 250}}}
    },
}
STAGES = ("preprocess", "prompts", "predict", "score")


def snakemake(folder: Path, config: dict[str, Any], *arguments: str) -> str:
    """Output of a call with a configuration."""
    (folder / "replanned.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    call = [sys.executable, "-m", "snakemake", "--cores", "1", "--configfile", "replanned.yaml", *arguments]
    done = subprocess.run(call, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    return done.stdout + done.stderr


def planned(folder: Path, config: dict[str, Any]) -> str:
    """A row of the table: all jobs, and those of the stages before the tables."""
    text = snakemake(folder, config, "-n", "--quiet", "rules")
    jobs = {rule: int(count) for rule, count in re.findall(r"^(\w+)\s+(\d+)$", text, flags=re.MULTILINE)}
    return " | ".join(str(jobs.get(rule, 0)) for rule in ("total", *STAGES))


def main(folder: Path) -> None:
    """Print the table."""
    own = folder / "own.py"
    own.write_text(OWN.replace("TYPES", '"box"'))
    for part in ("predictions", "scores"):
        shutil.copytree(folder / "results" / part / "box_fill", folder / "results" / part / "own", dirs_exist_ok=True)
    snakemake(folder, BASE, "--touch")
    print(f"| change | all jobs | {' | '.join(STAGES)} |\n|---|{'---|' * (len(STAGES) + 1)}")
    for name, change in CHANGES.items():
        print(f"| {name} | {planned(folder, BASE | change)} |", flush=True)
    own.write_text(OWN.replace("TYPES", '"box", "point"'))
    print(f"| points added to a method of one's own | {planned(folder, BASE)} |")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
