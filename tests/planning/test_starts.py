"""Scripts in forks of one process, against the same scripts in processes of their own: real processes throughout."""

import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from promptseg.config.schema import SCRIPTS
from promptseg.core.forks import _used
from promptseg.planning import starts
from promptseg.planning.starts import Forks

# What a process is: written to the file that is its argument in the environment.
LOOK = """
import json, multiprocessing, os, resource, signal, sys, tempfile, threading
import numpy as np
import snakemake.iocontainers as _
from threadpoolctl import threadpool_info
out = {
    "argv": sys.argv, "file": __file__, "name": __name__, "folder": os.getcwd(), "environment": dict(os.environ),
    "main": sys.modules["__main__"].__dict__ is globals(), "path": sys.path, "temporary": tempfile.gettempdir(),
    "threads": sorted({pool["num_threads"] for pool in threadpool_info()}),
    "running": [thread.name for thread in threading.enumerate()],
    "signals": [str(signal.getsignal(number)) for number in sorted(signal.valid_signals())],
    "blocked": len(signal.pthread_sigmask(signal.SIG_BLOCK, [])),
    "limits": resource.getrlimit(resource.RLIMIT_NOFILE), "files": len(os.listdir("/proc/self/fd")),
    "children": [child.name for child in multiprocessing.active_children()],
    "group": os.getpgid(0), "session": os.getsid(0), "stdin": os.path.realpath("/proc/self/fd/0"),
    "random": np.random.random(), "cpu": resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime,
}
if "OUT" in os.environ:
    json.dump(out, open(os.environ["OUT"], "w"))
"""


@pytest.fixture(scope="module", autouse=True)
def library():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(SCRIPTS))
        yield


@pytest.fixture(scope="module")
def forks(library):
    return Forks()


def written(folder: Path, text: str) -> str:
    path = folder / "tmp123.job.py"
    path.write_text(text)
    return str(path)


def environment(**more: str) -> dict[str, str]:
    threads = dict.fromkeys((f"{name}_NUM_THREADS" for name in ("OMP", "GOTO", "OPENBLAS", "MKL", "NUMEXPR")), "1")
    return {**os.environ, **threads, **more}


def fresh(script: str, environment: dict[str, str]) -> int:
    return subprocess.run([sys.executable, script], env=environment, check=False).returncode


def server() -> psutil.Process:
    """The process that forks, of those that this one has started the last."""
    return max(
        (child for child in psutil.Process().children() if child.status() != psutil.STATUS_ZOMBIE),
        key=lambda child: child.create_time(),
    )


def until(there) -> None:
    deadline = time.monotonic() + 60
    while not there():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("threads", ["1", "2"])
def test_a_fork_is_like_a_fresh_process(forks, tmp_path, threads):
    script = written(tmp_path, LOOK)
    (tmp_path / "tmp").mkdir()
    asked = environment(ODD="a\udcffb\n", TMPDIR=str(tmp_path / "tmp")) | dict.fromkeys(
        ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), threads
    )
    seen = []
    for number, run in enumerate((forks.run, fresh, forks.run)):
        out = tmp_path / f"{number}.json"
        assert run(script, asked | {"OUT": str(out)}) == 0
        seen.append(json.loads(out.read_text()))
        seen[-1]["environment"].pop("OUT")
    assert seen[0].pop("random") != seen[2].pop("random")
    seen[1].pop("random")
    assert seen[0] == seen[2]
    assert seen[0].pop("files") <= seen[1].pop("files") + 5
    assert seen[0].pop("threads") == [int(threads)]
    seen[1].pop("threads")
    assert seen[0] == seen[1]


ENDS = {
    "": (0, ""),
    "import sys; sys.exit(3)": (3, ""),
    "import sys; sys.exit('a reason')": (1, "a reason"),
    "raise SystemExit": (0, ""),
    "raise OSError('lost')": (1, "OSError: lost"),
    "this is no Python": (1, "SyntaxError"),
    "import os; os.kill(os.getpid(), 9)": (-9, ""),
    "import atexit; atexit.register(print, 'at the end')": (0, "at the end"),
    "import threading, time\nthreading.Thread(target=lambda: time.sleep(0.2) or print('later')).start()": (0, "later"),
}


def test_it_ends_as_a_fresh_process_does(tmp_path, capfd, monkeypatch):
    monkeypatch.setattr(starts, "STDOUT", None)  # that of before this test, to which Snakemake keeps
    forks = Forks()
    for text, (status, said) in ENDS.items():
        script = written(tmp_path, text)
        for run in (forks.run, fresh):
            assert run(script, environment()) == status, text
            output = capfd.readouterr()
            assert said in output.out + output.err
            assert "forks.py" not in output.err


def test_what_was_not_closed_is_written(forks, tmp_path):
    script = written(tmp_path, f"file = open({str(tmp_path / 'out.txt')!r}, 'w'); file.write('all')")
    assert forks.run(script, environment()) == 0
    assert (tmp_path / "out.txt").read_text() == "all"


def test_what_a_job_imported_the_next_one_has(forks, tmp_path):
    script = written(tmp_path, "import sys; there = 'tabulate' in sys.modules; import tabulate; sys.exit(7 * there)")
    assert forks.run(script, environment()) == 0
    until(lambda: forks.run(script, environment()) == 7)


def test_a_job_runs_the_code_that_lies_there(tmp_path, capfd, monkeypatch):
    shutil.copytree(SCRIPTS / "promptseg", tmp_path / "promptseg", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    code = "import sys; there = 'promptseg.core.lines' in sys.modules; import promptseg.core.lines as own; "
    script, forks = written(tmp_path, f"{code} sys.exit(7 * there)"), Forks()
    assert forks.run(script, environment()) == 0
    until(lambda: forks.run(script, environment()) == 7)
    with (tmp_path / "promptseg" / "core" / "lines.py").open("a") as file:
        file.write("\nVERSION = 9\n")
    script = written(tmp_path, f"{code} sys.exit(own.VERSION)")
    assert forks.run(script, environment()) is None
    assert "lines.py has changed" in capfd.readouterr().err
    assert fresh(script, environment()) == 9


def test_packages_of_a_method_are_not_handed_on():
    assert _used({"promptseg.methods.hf", "promptseg.predict.run", "transformers"}) == ["promptseg.predict.run"]


def test_networks_have_a_process_of_their_own(tmp_path):
    forks = Forks()
    for name in ("predict_volumes", "choose_precision", "score", "predict"):
        path = tmp_path / f"tmp123.{name}.py"
        path.write_text("import sys; sys.exit(7 * ('torch' in sys.modules))")
        assert forks.run(str(path), environment()) == (0 if name == "score" else 7)


def test_scripts_run_side_by_side(forks, tmp_path):
    """Each waits for the file of the other one."""
    ended = []
    for mine, other in (("a", "b"), ("b", "a")):
        text = f"import os, time\nopen('{mine}', 'w').close()\nwhile not os.path.exists('{other}'): time.sleep(0.01)"
        (tmp_path / f"{mine}.py").write_text(f"import os; os.chdir({str(tmp_path)!r})\n{text}")
        run = threading.Thread(
            target=lambda name=mine: ended.append(forks.run(str(tmp_path / f"{name}.py"), environment()))
        )
        run.start()
    until(lambda: ended == [0, 0])


WORK = """
import os, sys, time
from types import SimpleNamespace
from promptseg.core.jobs import job
with job(SimpleNamespace(rule="predict", log=[], resources={})):
    open("started", "w").write(str(os.getpid()))
    time.sleep(60 if os.environ["LONG"] == "yes" else 0)
"""


def begun(forks: Forks, folder: Path, ended: list) -> tuple[threading.Thread, int]:
    """A job that works for a minute, in a thread that waits for it; the number of its process."""
    script = written(folder, f"import os; os.chdir({str(folder)!r})\n{WORK}")
    run = threading.Thread(target=lambda: ended.append(forks.run(script, environment(LONG="yes"))))
    run.start()
    started = folder / "started"
    until(lambda: started.exists() and started.read_text())
    return run, int(started.read_text())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_reach_jobs_and_not_the_process_that_forks(forks, tmp_path, number):
    ended = []
    run, job = begun(forks, tmp_path, ended)
    for process in (server().pid, job):  # as a terminal does
        os.kill(process, number)
    run.join(30)
    assert ended == [128 + number]
    assert forks.run(written(tmp_path, ""), environment()) == 0


def test_jobs_end_with_the_process_that_forks_and_start_afresh(tmp_path, caplog):
    forks, ended = Forks(), []
    run, job = begun(forks, tmp_path, ended)
    server().kill()
    run.join(30)
    assert ended == [None]
    assert not psutil.pid_exists(job) or psutil.Process(job).status() == psutil.STATUS_ZOMBIE
    assert [forks.run(written(tmp_path, ""), environment()) for _ in range(2)] == [None, None]
    assert [record.message for record in caplog.records if record.levelno == logging.WARNING] == [
        "From here on each job starts afresh: the process that they were forks of does not answer."
    ]


def test_jobs_end_when_the_run_is_gone(tmp_path):
    """As after `kill -9`: the other end of the socket is closed."""
    forks, ended = Forks(), []
    run, _ = begun(forks, tmp_path, ended)
    process = server()
    forks._processes["others"]._control.close()
    run.join(30)
    assert ended == [128 + signal.SIGTERM]
    until(lambda: not process.is_running() or process.status() == psutil.STATUS_ZOMBIE)


def test_the_process_that_forks_refuses_where_it_has_threads(tmp_path, capfd, monkeypatch):
    """One that a library starts when it is imported."""
    (tmp_path / "tqdm.py").write_text(
        "import threading, time\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()"
    )
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), str(SCRIPTS)]))
    assert Forks().run(written(tmp_path, ""), environment()) is None
    assert "No job is a fork from here on: there are the threads" in capfd.readouterr().err


def test_the_first_scripts_start_afresh(tmp_path):
    few = Forks(fresh=2)
    assert [few.run(written(tmp_path, ""), environment()) for _ in range(3)] == [None, None, 0]


@pytest.mark.parametrize("special", ["conda_env", "container_img", "env_modules", "shadow_dir", "bench_record"])
def test_scripts_of_another_python_start_afresh(special):
    plain = dict.fromkeys(("conda_env", "container_img", "env_modules", "shadow_dir", "bench_record"))
    assert starts._is_plain(SimpleNamespace(resources={}, **plain))
    assert not starts._is_plain(SimpleNamespace(resources={}, **plain | {special: "x"}))


SNAKEFILE = """
from promptseg.planning import starts
starts.install()

rule all:
    input:
        expand("{i}.json", i=range(4))

rule look:
    output:
        "{i}.json"
    threads: 2
    script:
        "look.py"
"""


def test_snakemake_gives_forks_what_it_gives_other_scripts(tmp_path):
    """The first two start afresh, the others do not."""
    (tmp_path / "Snakefile").write_text(SNAKEFILE)
    (tmp_path / "look.py").write_text(
        f"{LOOK}\nout['parent'] = os.getppid()\njson.dump(out, open(snakemake.output[0], 'w'))"
    )
    command = [sys.executable, "-m", "snakemake", "--cores", "2", "--set-resources", "look:tmpdir=/var/tmp"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    seen = [json.loads(path.read_text()) for path in tmp_path.glob("?.json")]
    parents = [one.pop("parent") for one in seen]
    assert len(set(parents)) >= 2
    for one in seen:
        for own in ("random", "files", "argv", "threads"):
            one.pop(own)
        one["environment"].pop("_", None)  # of bash
        one["path"].sort()  # a folder that Snakemake adds when it is imported
    assert seen[0] == seen[1] == seen[2] == seen[3]
    assert seen[0]["environment"]["TMPDIR"] == "/var/tmp"
    assert seen[0]["environment"]["OMP_NUM_THREADS"] == "2"
