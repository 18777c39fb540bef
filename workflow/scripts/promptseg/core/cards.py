"""The graphics cards of this machine, and one of them for each job that asks for a GPU."""

import fcntl
import logging
import os
import platform
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from itertools import count
from pathlib import Path
from typing import IO

logger = logging.getLogger(__name__)

VISIBLE = "CUDA_VISIBLE_DEVICES"
# Jobs of Slurm, PBS, LSF and Grid Engine: what is visible there is theirs.
_BATCH_JOBS = ("SLURM_JOB_ID", "PBS_JOBID", "LSB_JOBID", "JOB_ID")
_NAME = re.compile(r"\d+|GPU-.+|MIG-.+")
# `nvidia-smi -L`; the parts of a card that is divided follow it.
_LISTED = re.compile(r"^\s*(GPU|MIG) .*\(UUID: (\S+)\)", re.MULTILINE)
_FREE = ("--query-gpu=uuid,index,memory.free", "--format=csv,noheader,nounits")
_SECONDS = 60  # a driver that lost a card may never answer


def cards(environment: Mapping[str, str] | None = None) -> list[str]:
    """How CUDA_VISIBLE_DEVICES names each card that this process may use.

    What is set there counts, as CUDA reads it: up to the first entry that names none. Where it is not set, a job of
    Slurm was given no card; other processes may use all that NVIDIA's driver lists, of one that is divided (MIG) its
    parts. Without `nvidia-smi` device files are counted, of AMD's cards one. Neither PyTorch nor CUDA is started.

    Args:
        environment: of the process, this one's by default.
    """
    environment = os.environ if environment is None else environment
    if VISIBLE in environment:
        names: list[str] = []
        for name in map(str.strip, environment[VISIBLE].split(",")):
            if not _NAME.fullmatch(name):
                break
            names.append(name)
        return list(dict.fromkeys(names))
    return [] if "SLURM_JOB_ID" in environment else list(_of_machine())


@cache
def _of_machine() -> tuple[str, ...]:
    if shutil.which("nvidia-smi"):
        return listed(nvidia_smi("-L"))
    devices = Path("/dev")
    found = len([*devices.glob("nvidia[0-9]*")]) or int(Path(devices, "kfd").exists())
    return tuple(map(str, range(found)))


def nvidia_smi(*arguments: str) -> str:
    """What NVIDIA's tool prints; where there is none, or it does not answer, nothing, or what is wrong."""
    try:
        command = ["nvidia-smi", *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""


def listed(text: str) -> tuple[str, ...]:
    """The UUIDs in the output of `nvidia-smi -L`: of each card, or of its parts where it is divided."""
    found: list[str] = []
    whole = False
    for kind, uuid in _LISTED.findall(text):
        if kind == "MIG" and whole:
            found.pop()
        whole = kind == "GPU"
        found.append(uuid)
    return tuple(found)


def wanted(device: str) -> bool:
    """Whether methods that can use a GPU ask for one on this machine: `device` is cuda, or auto and there is a card."""
    return device == "cuda" or (device == "auto" and bool(cards()))


def limit(arguments: Sequence[str] = ()) -> int:
    """How many jobs with a GPU a run starts at a time, at least one: for `profiles/default`.

    Args:
        arguments: those of a call of Snakemake. The processes that it starts for single jobs (`--mode`) need no limit.
    """
    return 1 if "--mode" in arguments else max(1, len(cards()))


@contextmanager
def own_card(asked: bool, folder: Path | None = None) -> Iterator[None]:
    """Let this process, and those that it starts, see one card, or none. To be entered before CUDA is.

    Of the cards that it may use it takes the one that the fewest jobs hold, of those the one with most free memory.
    Each job holds a file, `<card>.<n>.lock`, by an flock that the system drops with the process, however that ends.
    Nobody waits: how many jobs run at a time is up to who starts them.

    Args:
        asked: whether it asks for one; without, all are hidden, so that it takes no memory of them by accident.
        folder: of the files, on this machine; `promptseg-cards` in the folder for temporary files by default.
    """
    names = cards() if asked else []
    if asked and not names:  # what there is is up to PyTorch
        yield
        return
    before = os.environ.get(VISIBLE)
    lock = None
    os.environ[VISIBLE] = ""
    if names:
        os.environ[VISIBLE], lock = _take(names, folder or Path(tempfile.gettempdir(), "promptseg-cards"))
    try:
        yield
    finally:
        if lock:
            lock.close()
        if before is None:
            os.environ.pop(VISIBLE, None)
        else:
            os.environ[VISIBLE] = before


def _take(names: Sequence[str], folder: Path) -> tuple[str, IO[bytes] | None]:
    free = _free_mb() if len(names) > 1 else {}
    by_memory = sorted(names, key=lambda name: -free.get(name, 0))
    # A number counts within what a batch job was given; a UUID is one card everywhere.
    scope = next((os.environ[key] for key in _BATCH_JOBS if os.environ.get(key)), platform.node())
    try:
        for others, name in ((others, name) for others in count() for name in by_memory):
            known = f"{scope}-{name}" if name.isdigit() else name
            if lock := _locked(folder / f"{known.replace('/', '-')}.{others}.lock"):
                shared = f", with {others} more of promptseg" if others else ""
                logger.info("This job has the GPU %s%s", name, shared)
                return name, lock
    except OSError as error:
        logger.warning("Jobs cannot share out %d GPUs, this one takes the first: %s", len(names), error)
    return by_memory[0], None


def _free_mb() -> dict[str, float]:
    """Free memory of each card by its UUID and its number; a part of a card is not told."""
    rows = [row.split(", ") for row in nvidia_smi(*_FREE).splitlines()]
    return {name: float(row[2]) for row in rows if len(row) == 3 and row[2].isdigit() for name in row[:2]}


def _locked(path: Path) -> IO[bytes] | None:
    """The file, made where it is not there, with its lock; None where another process holds that.

    Raises:
        OSError: it cannot be made or opened, or its file system has no locks.
    """
    if not path.parent.is_dir():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.parent.chmod(0o1777)  # several people may share a machine
    try:  # to create what another user owns is refused in folders for everybody
        file = os.open(path, os.O_RDWR | os.O_NOFOLLOW)
    except FileNotFoundError:
        file = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CREAT, 0o666)
        with suppress(PermissionError):
            os.fchmod(file, 0o666)
    stream = os.fdopen(file, "r+b")
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        stream.close()
        return None
    except OSError:
        stream.close()
        raise
    return stream
