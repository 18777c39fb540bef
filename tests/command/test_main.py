"""The command itself: quick help with an example for every subcommand, and the ways it ends."""

import json
import os
import signal
import subprocess
import sys

import pytest
import typer
from typer.testing import CliRunner

from promptseg.command.main import app
from support.projects import ROOT

HEAVY = {"pandas", "numpy", "torch", "matplotlib", "scipy", "pyarrow", "snakemake", "jsonschema", "yaml"}
SUBCOMMANDS = sorted(typer.main.get_command(app).commands)
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT / "workflow" / "scripts")}


def promptseg(*arguments, **settings):
    """A process that runs the command."""
    command = [sys.executable, "-m", "promptseg.command", *arguments]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT, **settings
    )


def test_help_of_all_subcommands_is_quick_and_imports_nothing_heavy():
    code = f"""
import json, sys, time
from typer.testing import CliRunner
from promptseg.command.main import app
status = [CliRunner().invoke(app, [*words, "--help"]).exit_code for words in {[[], *([s] for s in SUBCOMMANDS)]}]
print(json.dumps([status, sorted({HEAVY} & set(sys.modules)), time.process_time()]))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=ENVIRONMENT, check=True)
    status, heavy, seconds = json.loads(done.stdout)
    assert (status, heavy) == ([0] * (1 + len(SUBCOMMANDS)), [])
    assert seconds < 1  # of a processor; about 0.2


@pytest.mark.parametrize("name", SUBCOMMANDS)
def test_help_of_a_subcommand_has_an_example(name):
    text = CliRunner().invoke(app, [name, "--help"]).output
    assert f"promptseg {name}" in text.partition("Example")[2]


def test_an_error_is_one_sentence_and_status_1(tmp_path):
    done = promptseg("show", "nowhere", cwd=tmp_path)
    out, err = done.communicate()
    assert (done.returncode, out) == (1, "")
    assert err.startswith(f"{tmp_path / 'nowhere' / 'tables' / 'summary.csv'} does not exist.")
    assert err.count("\n") == 1


def test_the_interrupt_key_ends_it_with_130_and_no_traceback():
    code = "import promptseg.command.project as p, time\np.enter = lambda: (print(flush=True), time.sleep(60))\n"
    code += "from promptseg.command.main import main; main()"
    done = subprocess.Popen(
        [sys.executable, "-c", code, "show"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT
    )
    assert done.stdout.readline() == "\n"
    done.send_signal(signal.SIGINT)
    _, err = done.communicate()
    assert (done.returncode, err.strip()) == (130, "")


def test_a_reader_that_has_gone_is_no_error():
    done = promptseg("--help")
    done.stdout.close()
    assert (done.stderr.read(), done.wait()) == ("", 1)
