"""`promptseg run`."""

import os
import subprocess
import sys
from importlib.metadata import version

from support.projects import ROOT


def test_run_prints_its_call_of_snakemake_and_becomes_it(tmp_path):
    (tmp_path / "my.yaml").touch()
    command = [sys.executable, "-m", "promptseg.command", "run", "-c", "my.yaml", "--version", "--cores", "3"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "workflow" / "scripts")}
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment, check=True)
    call, answer = done.stdout.splitlines()
    assert call.startswith(f"cd {ROOT} && ")
    assert call.endswith(f"snakemake --configfile {tmp_path}/my.yaml --cores 3 --version")
    assert answer == version("snakemake")
