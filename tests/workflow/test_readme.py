"""Every command of README.md does what it says, in a fresh shell."""

import os
import re
import subprocess
import sys

import pytest

from support.projects import ROOT

PROMPTSEG = ".venv/bin/promptseg"
SNAKEMAKE = ".venv/bin/snakemake"
# The command as README has it, and what is executed in its place: on data that are here, and planned where it is long.
EXECUTED = {
    f"{PROMPTSEG} check -c my_xray.yaml": None,
    f"{PROMPTSEG} plan -c my_xray.yaml": None,
    f"{PROMPTSEG} run -c my_xray.yaml --cores 8": f"{PROMPTSEG} run -c my_xray.yaml --cores 8 -n --quiet",
    f"{PROMPTSEG} show -c my_xray.yaml": f"{PROMPTSEG} show -c my.yaml",
    f"{PROMPTSEG} view worst:sam_small": f"{PROMPTSEG} view worst:slow -c my.yaml",
    f"{PROMPTSEG} view worst:sam_small -c my_xray.yaml": f"{PROMPTSEG} view worst:slow -c my.yaml",
    f"{PROMPTSEG} export -c my_xray.yaml --output masks": f"{PROMPTSEG} export -c my.yaml --output masks",
    f"{PROMPTSEG} plan -c config/paper.yaml --cores 8": None,
    f"{PROMPTSEG} run -c config/paper.yaml --cores 8": f"{PROMPTSEG} run -c config/paper.yaml --cores 8 -n --quiet",
    f"{SNAKEMAKE} --cores 8 --configfile my_xray.yaml": f"{SNAKEMAKE} --cores 8 --configfile my_xray.yaml -n --quiet",
    f"{SNAKEMAKE} --cores 1 compare --config run_a=results run_b=runs/other_weights": (
        f"{SNAKEMAKE} --cores 1 compare --config run_a=results run_b=runs/other_weights -n --quiet"
    ),
    f"{SNAKEMAKE} --cores 1 datasets_status --configfile config/paper.yaml": None,
}
INIT = f"{PROMPTSEG} init /data/my_xray"
NOT_EXECUTED = {
    "make quickstart": "it installs; test_makefile reads what it calls, test_quickstart_data fetches its data",
    "make test": "this is one of its tests",
    f"{PROMPTSEG} export-volumes -m sam_small --route carry_box --slices 3 --extents open -o masks": "test_volumes.py "
    "calls it on a run that has volumes",
    "PYTHONPATH=workflow/scripts .venv/bin/python -m promptseg.parity DIR": "recordings are no part of the project; "
    "tests/parity calls it on small ones",
}


def commands():
    """All lines of the bash blocks of README.md, without comments."""
    blocks = re.findall(r"```bash\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    lines = [line.partition("  #")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line]


def executed(folder, command):
    """What a fresh shell in the project prints."""
    kept = {key: value for key, value in os.environ.items() if key in ("HOME", "TMPDIR", "OMP_NUM_THREADS")}
    environment = {**kept, "PATH": "/usr/bin:/bin", "PYTHONPATH": str(folder / "workflow" / "scripts")}
    done = subprocess.run(
        ["bash", "-c", command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def folder(finished, tmp_path_factory):
    """A finished run in a project of its own, a second one beside it, and a folder of images that `init` has seen."""
    path = finished.clone(tmp_path_factory.mktemp("readme") / "project").path
    (path / ".venv").symlink_to(sys.prefix)
    (path / "data" / "my_xray").symlink_to(path / "data" / "blobs")
    (path / "runs").mkdir()
    (path / "runs" / "other_weights").symlink_to(path / "results")
    text = executed(path, INIT.replace("/data", "data"))
    assert "2: in 3 of 3 masks" in text
    assert (path / "my_xray_overlays.png").is_file()
    return path


def test_every_command_is_executed_or_has_a_reason_not_to_be():
    assert sorted(set(commands())) == sorted({INIT, *EXECUTED, *NOT_EXECUTED})


@pytest.mark.parametrize("command", dict.fromkeys(variant or command for command, variant in EXECUTED.items()))
def test_commands(folder, command):
    assert executed(folder, command)
