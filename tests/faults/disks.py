"""Disks that are full, folders that cannot be written, limits of files and memory."""

import subprocess

import pytest

from faults.frame import TABLES, Fault
from support.projects import SLOW, Project

HEADING = "Disks and memory"
# In a name space of its own a process may mount what it likes, and nothing is left of it when it ends.
_NAMESPACE = ("unshare", "--mount", "--map-root-user", "sh", "-ec")
# The results on a disk that is hardly larger than they are; afterwards they come back as they are then.
_SMALL_DISK = """
mkdir small && mount -t tmpfs -o size=$(($(du -sk results | cut -f1) + 60))k small small && cp -a results/. small/
mount --bind small results
"$@" && code=0 || code=$?
umount results && rm -rf results && mkdir results && cp -a small/. results/ && umount small && rmdir small
exit $code
"""
_READ_ONLY = 'mount --bind "$FOLDER" "$FOLDER" && mount -o remount,ro,bind "$FOLDER" && exec "$@"'
_LIMIT = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000))"
_LARGE = SLOW.replace("time.sleep(0.4)", "import numpy as np; np.empty(2**34, np.uint8)")


def _in_shell(
    project: Project, start: tuple[str, ...], script: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    """A run that a shell script starts as "$@"."""
    command = ["env", *(f"{name}={value}" for name, value in variables.items()), *start, script, "sh"]
    return subprocess.run(
        [*command, *project.command(*TABLES)],
        cwd=project.path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def _mounted(project: Project, script: str, **variables: str) -> subprocess.CompletedProcess[str]:
    if subprocess.run([*_NAMESPACE, "mount -t tmpfs x /mnt"], capture_output=True, check=False).returncode:
        pytest.skip("a disk cannot be mounted here: it needs root, or name spaces of users")
    return _in_shell(project, _NAMESPACE, script, **variables)


def full_disk(project: Project) -> subprocess.CompletedProcess[str]:
    return _mounted(project, _SMALL_DISK)


def results_read_only(project: Project) -> subprocess.CompletedProcess[str]:
    return _mounted(project, _READ_ONLY, FOLDER="results")


def state_read_only(project: Project) -> subprocess.CompletedProcess[str]:
    return _mounted(project, _READ_ONLY, FOLDER=".snakemake")


def limited_files(project: Project) -> subprocess.CompletedProcess[str]:
    """A job whose files may have 4 kB; Snakemake's own, which are larger, come before."""
    (project.path / "slow.py").write_text(SLOW.replace("time.sleep(0.4)", _LIMIT))
    return _in_shell(project, ("sh", "-ec"), 'exec "$@"')


def limited_memory(project: Project) -> subprocess.CompletedProcess[str]:
    """A method that asks for 16 GB, where a process may have 8."""
    (project.path / "slow.py").write_text(_LARGE)
    return _in_shell(project, ("bash", "-ec"), 'ulimit -v 8000000; exec "$@"')


def as_it_was(project: Project) -> None:
    (project.path / "slow.py").write_text(SLOW)


def killed_for_memory(project: Project) -> subprocess.CompletedProcess[str]:
    """What the system does when memory runs out: the process that has most gets SIGKILL."""
    (project.path / "slow.py").write_text(SLOW.replace("time.sleep(0.4)", "import os; os.kill(os.getpid(), 9)"))
    return project.snakemake(*TABLES)


FAULTS = (
    Fault(
        "The disk is full",
        full_disk,
        "No disk space left while writing ... Free some space and run again",
        "The job ends, its unfinished file is removed. Jobs that still find room go on.",
        "Free some space, start it again.",
        heading=HEADING,
    ),
    Fault(
        "A file would exceed the quota or a limit of its size (`ulimit -f`)",
        limited_files,
        "A file became larger than is allowed while writing ... (see `ulimit -f`, or the file system's own limit)",
        "As with a full disk.",
        "Raise the limit, start it again.",
        mend=as_it_was,
        heading=HEADING,
    ),
    Fault(
        "The folder of results is read-only",
        results_read_only,
        "Nothing can be written in results (Read-only file system). Change that, or choose another folder by `results`",
        "The run ends before its first job. Where files are to be replaced, Snakemake says `Write-protected`.",
        "Make it writable, start it again.",
        remade=("predictions", "scores", "trust", "tables"),
        heading=HEADING,
    ),
    Fault(
        "The folder of Snakemake's records (`.snakemake`) is read-only",
        state_read_only,
        ".snakemake/promptseg... cannot be written (Read-only file system). Check the permissions of .snakemake",
        "The run ends before its first job.",
        "Make it writable, start it again.",
        heading=HEADING,
    ),
    Fault(
        "Memory ran out within the limit of a process (`ulimit -v`)",
        limited_memory,
        "slow (slow.py:Slow) at ...: Memory ran out (Unable to allocate 16.0 GiB ...). Let fewer jobs run at once",
        "The job ends. No row says that a method failed because a machine is small.",
        "Give it more memory, or run fewer jobs at once; start it again.",
        as_it_was,
        heading=HEADING,
    ),
    Fault(
        "The system kills a job because memory ran out",
        killed_for_memory,
        "it was ended from outside before it could say anything, often for lack of memory",
        "The job ends, its unfinished files are removed at the next start. Others go on.",
        "Give it more memory, or run fewer jobs at once; start it again.",
        as_it_was,
        heading=HEADING,
    ),
)
