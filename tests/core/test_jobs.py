"""What surrounds the work of a script: its log, its errors, and what it took."""

import errno
import logging
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pytest

from promptseg.config.schema import SCRIPTS
from promptseg.core.errors import PromptsegError
from promptseg.core.jobs import job, measured


@pytest.fixture(autouse=True)
def root_logger():
    """A job sets up the log of its process: here that of the tests, which is put back."""
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    yield
    for handler in root.handlers:
        if handler not in handlers:
            with suppress(OSError):  # a full disk
                handler.close()
    root.setLevel(level)
    root.handlers[:] = handlers


def rule(tmp_path, folder="logs"):
    log = tmp_path / "logs" / "mine" / folder / "score" / "m" / "d.log"
    log.parent.mkdir(parents=True)
    return SimpleNamespace(rule="score", log=[str(log)], resources={})


def read(text):
    names, values = (line.split("\t") for line in text.splitlines())
    return dict(zip(names, map(float, values), strict=True))


def test_a_job_says_what_it_took(tmp_path):
    with job(rule(tmp_path)):
        subprocess.run([sys.executable, "-c", "x = b'1' * 300_000_000; sum(range(3_000_000))"], check=True)
    took = read((tmp_path / "logs" / "mine" / "benchmarks" / "score" / "m" / "d.tsv").read_text())
    assert took["s"] > 0
    assert took["max_rss"] > 280  # of the child, too
    assert took["cpu_time"] > 0


def test_time_counts_from_the_start_of_the_process(tmp_path):
    code = "import time; time.sleep(0.5); from promptseg.core.jobs import measured; print(measured())"
    begun = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": str(SCRIPTS)}, capture_output=True, text=True, check=True
    )
    took = read(done.stdout.strip())
    assert 0.5 < took["s"] < time.monotonic() - begun + 0.1
    assert list(took) == ["s", "max_rss", "cpu_time", "queue"]


@pytest.mark.parametrize(("error", "traceback"), [(PromptsegError("no such file"), False), (ValueError("oops"), True)])
def test_a_job_that_fails_logs_it_and_leaves_no_measurement(tmp_path, error, traceback):
    snakemake = rule(tmp_path)
    with job(snakemake):
        pass
    table = tmp_path / "logs" / "mine" / "benchmarks" / "score" / "m" / "d.tsv"
    assert table.is_file()
    with pytest.raises(SystemExit), job(snakemake):
        raise error
    assert not table.exists()
    text = Path(snakemake.log[0]).read_text()
    assert str(error) in text
    assert ("Traceback" in text) == traceback


def test_logs_elsewhere_are_not_measured(tmp_path):
    log = tmp_path / "d.log"
    with job(SimpleNamespace(rule="score", log=[str(log)], resources={})):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["d.log"]
    with job(SimpleNamespace(rule="score", log=[], resources={})):
        pass
    assert measured().count("\n") == 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device here that is always full")
def test_a_log_on_a_full_disk_costs_no_tracebacks(tmp_path, capsys):
    snakemake = rule(tmp_path)
    Path(snakemake.log[0]).symlink_to("/dev/full")
    with pytest.raises(SystemExit), job(snakemake):
        logging.getLogger("promptseg").info("at work")
        raise OSError(errno.ENOSPC, "No space left on device", "results/a.csv")
    said = capsys.readouterr().err
    assert "ERROR score: No disk space left while writing results/a.csv. Free some space and run again" in said
    assert "Traceback" not in said
    assert "Logging error" not in said
    logging.getLogger("promptseg").error("%d", "no number")  # a defect of ours is still told
    assert "Logging error" in capsys.readouterr().err


def test_a_log_that_cannot_be_opened(tmp_path, capsys):
    snakemake = rule(tmp_path)
    Path(snakemake.log[0]).mkdir()
    with job(snakemake):
        logging.getLogger("promptseg").info("at work")
    said = capsys.readouterr().err
    assert "There will be no log of this job: [Errno 21] Is a directory" in said
    assert "at work" in said


def test_memory_that_ran_out_is_one_sentence(tmp_path):
    snakemake = rule(tmp_path)
    with pytest.raises(SystemExit), job(snakemake):
        raise MemoryError
    text = Path(snakemake.log[0]).read_text()
    assert "ERROR score: Memory ran out. Let fewer jobs run at once" in text
    assert "Traceback" not in text
