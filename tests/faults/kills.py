"""Processes that end before their time, and runs that meet one another."""

import os
import platform
import shutil
import signal
import subprocess
from collections.abc import Callable

import psutil

from faults.frame import TABLES, Fault, ended, litter, wait_for
from promptseg.core.processes import is_alive
from support.projects import Project

HEADING = "Processes that are killed"
TWO = "Two runs in one folder"
_AS_JOB = (
    "--mode",
    "remote",
    "--nolock",
    "--ignore-incomplete",
    "--force",
)  # as the executors start Snakemake on a node


def writers(project: Project) -> set[int]:
    """Processes that write predictions: their numbers are in the names of the folders that they write into."""
    unfinished = project.path.glob("results/predictions/slow/.partial-*/*.parquet")
    return {number for path in unfinished if is_alive(number := int(path.parent.name.split(".")[-2]))}


def jobs_of(main: int) -> list[psutil.Process]:
    """The processes of jobs, workers included, of the main process of a run."""
    try:
        return psutil.Process(main).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def all_gone(processes: list[psutil.Process]) -> None:
    """Wait until processes that have lost their run have ended."""
    _, alive = psutil.wait_procs(processes, timeout=60)
    assert not alive, f"they go on alone: {alive}"


def in_the_middle(
    project: Project, disturb: Callable[[int], object], targets: tuple[str, ...] = TABLES
) -> subprocess.CompletedProcess[str]:
    """A run whose main process is handed to `disturb` while predictions are written; all its processes have ended."""
    output = project.path / "said.txt"
    running = project.begin(*targets, output=output)
    wait_for(running, lambda: writers(project))
    assert list((project.path / ".snakemake" / "locks").iterdir()), "nothing is locked: this shows nothing"
    processes = jobs_of(running.pid)
    disturb(running.pid)
    done = ended(running, output)
    all_gone(processes)
    return done


def all_processes_die(project: Project) -> subprocess.CompletedProcess[str]:
    done = in_the_middle(project, lambda main: os.killpg(main, signal.SIGKILL))
    assert not list(project.path.glob("results/predictions/slow/*.parquet")), "an unfinished file looks complete"
    assert litter(project), "SIGKILL leaves something, or this shows nothing"
    return done


def main_process_dies(project: Project) -> subprocess.CompletedProcess[str]:
    return in_the_middle(project, lambda main: os.kill(main, signal.SIGKILL))


def main_process_dies_and_is_started_again(project: Project) -> subprocess.CompletedProcess[str]:
    """Its jobs have no time to notice."""
    output = project.path / "said.txt"
    running = project.begin(*TABLES, output=output)
    wait_for(running, lambda: writers(project))
    processes = jobs_of(running.pid)
    os.kill(running.pid, signal.SIGKILL)
    done = project.snakemake(*TABLES)
    all_gone(processes)
    return done


def a_job_dies(project: Project, number: int = signal.SIGKILL) -> subprocess.CompletedProcess[str]:
    """One that writes predictions."""

    def kill(main: int) -> None:
        writer = min(writers(project))
        assert writer in {process.pid for process in jobs_of(main)}
        os.kill(writer, number)

    return in_the_middle(project, kill)


def a_job_is_stopped(project: Project) -> subprocess.CompletedProcess[str]:
    done = a_job_dies(project, signal.SIGTERM)
    assert not [name for name in litter(project) if ".partial" in name]
    return done


def the_process_that_forks_dies(project: Project) -> subprocess.CompletedProcess[str]:
    """The one child of the main process that stays: jobs are its children."""

    def kill(main: int) -> None:
        writer = psutil.Process(min(writers(project)))
        assert writer.ppid() in {child.pid for child in psutil.Process(main).children()}
        os.kill(writer.ppid(), signal.SIGKILL)

    return in_the_middle(project, kill)


def interrupted(project: Project) -> subprocess.CompletedProcess[str]:
    """As a terminal does: all processes get the signal. One job at a time, so that none is met in its imports."""
    return in_the_middle(project, lambda main: os.killpg(main, signal.SIGINT), ("--cores", "1", *TABLES))


def terminal_closes(project: Project) -> subprocess.CompletedProcess[str]:
    done = in_the_middle(project, lambda main: os.killpg(main, signal.SIGHUP))
    assert not [name for name in litter(project) if ".partial" in name]
    return done


def a_second_run_starts(project: Project) -> subprocess.CompletedProcess[str]:
    """The first one stands still until the second is refused, and is killed then."""
    running = project.begin(*TABLES, output=project.path / "first.txt")
    wait_for(running, lambda: writers(project))
    os.killpg(running.pid, signal.SIGSTOP)
    processes, locks = jobs_of(running.pid), sorted((project.path / ".snakemake" / "locks").iterdir())
    second = project.snakemake(*TABLES)
    assert sorted((project.path / ".snakemake" / "locks").iterdir()) == locks, "the lock of the first run is gone"
    os.killpg(running.pid, signal.SIGKILL)
    running.join()
    all_gone(processes)
    return second


def a_run_elsewhere(project: Project) -> subprocess.CompletedProcess[str]:
    """Of another machine, on whose file system `flock` holds for each machine alone."""
    state = project.path / ".snakemake"
    all_processes_die(project)
    (state / f"promptseg.{platform.node()}.lock").rename(state / "promptseg.login2.lock")
    return project.snakemake(*TABLES)


def unlock(project: Project) -> None:
    project.run("--unlock")
    (project.path / ".snakemake" / "promptseg.login2.lock").unlink()


def a_job_holds_the_lock(project: Project) -> subprocess.CompletedProcess[str]:
    """A job of a killed run goes on, as on a cluster: it reads the rules and works while the next run starts."""
    all_processes_die(project)
    shutil.rmtree(project.path / "results" / "prompts")  # what the job removes itself the other may have seen before
    job = project.begin(*_AS_JOB, "results/prompts/blobs.parquet", output=project.path / "job.txt")
    (done, job_done) = project.snakemake(*TABLES), ended(job, project.path / "job.txt")
    assert job_done.returncode == 0, job_done.stdout
    return done


_AGAIN = "The next start releases Snakemake's lock, removes what is unfinished and makes only that again."
_TO_BLAME = "ERROR predict was stopped from outside (SIGTERM): by hand, at a time limit or with its run."
FAULTS = (
    Fault(
        "All processes of a run are killed (`kill -9`), or the machine loses power",
        all_processes_die,
        "",
        f"Finished files stay. {_AGAIN}",
        heading=HEADING,
    ),
    Fault(
        "The main process is killed (`kill -9`), its jobs are not",
        main_process_dies,
        "",
        f"The jobs end within seconds, because nobody would take their files over. {_AGAIN}",
        heading=HEADING,
    ),
    Fault(
        "The main process is killed and started again at once",
        main_process_dies_and_is_started_again,
        "",
        "The new run does not wait. Two jobs that make the same file for a moment write into folders of their own.",
        "Nothing is to be done.",
        fails=False,
        heading=HEADING,
    ),
    Fault(
        "A job is stopped (SIGTERM), as by `scancel` or at a time limit",
        a_job_is_stopped,
        _TO_BLAME,
        "It removes what it has not finished, ends its workers and says so. The other jobs go on.",
        heading=HEADING,
    ),
    Fault(
        "The process is killed of which jobs are forks",
        the_process_that_forks_dies,
        "From here on each job starts afresh: the process that they were forks of does not answer.",
        "Jobs that run end within seconds and start anew; the run goes on, each job with a process of its own.",
        "Nothing is to be done.",
        fails=False,
        heading=HEADING,
    ),
    Fault(
        "A run is interrupted (Ctrl-C)",
        interrupted,
        "ERROR predict was stopped from outside (SIGINT): by hand, at a time limit or with its run.",
        "Its jobs remove what they have not finished and end, then the run does. A job that is still starting "
        "prints Python's KeyboardInterrupt, and at a second one Snakemake errors of its own; what is finished stays.",
        heading=HEADING,
    ),
    Fault(
        "The main process is asked to end (SIGTERM)",
        lambda project: in_the_middle(project, lambda main: os.kill(main, signal.SIGTERM)),
        "Will exit after finishing currently running jobs",
        "It starts no further job, waits for those that run, and keeps what they make.",
        heading=HEADING,
    ),
    Fault(
        "The terminal of a run is closed (SIGHUP)",
        terminal_closes,
        "ERROR predict was stopped from outside (SIGHUP): by hand, at a time limit or with its run.",
        f"Its jobs remove what they have not finished; all processes end. {_AGAIN}",
        "Start it again, as `nohup snakemake ...` or in `tmux`.",
        heading=HEADING,
    ),
    Fault(
        "A run is started while another one makes the same files",
        a_second_run_starts,
        "Another run makes the same files, or one that was killed left its mark: do not unlock. Wait until process ...",
        "The second one is refused; the first one's lock stays, also where the first is killed afterwards.",
        "Wait for the first one.",
        heading=TWO,
    ),
    Fault(
        "A run was killed on another machine that shares the folder",
        a_run_elsewhere,
        "A run of another machine makes the same files, or was killed there: look on login2 (process ...).",
        "Refused, because only that machine could tell whether the run is alive: a lock in a shared folder may hold on "
        "one machine only.",
        "Start it again on that machine; where no run is alive, `snakemake --unlock` and delete the file named.",
        mend=unlock,
        heading=TWO,
    ),
    Fault(
        "A job of a killed run still works on a cluster when the next one starts",
        a_job_holds_the_lock,
        "",
        "Jobs neither hold nor release the lock of a run.",
        "Nothing is to be done. On Slurm the new run waits for them and takes their results.",
        fails=False,
        heading=TWO,
    ),
)
