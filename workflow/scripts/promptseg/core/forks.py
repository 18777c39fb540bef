"""A process that has imported what most jobs need and forks for each: they start in a tenth of the time.

`planning/starts.py` starts it and asks it for jobs. A fork goes on as a process of its own that runs one script as
`python script.py` would: with its own exit status, environment, random state and threads. A job runs the code that lies
there when it starts: modules of promptseg that jobs have used are imported, too, but nothing forks any more once a file
of one has changed. What is imported must survive a fork: no threads, no CUDA.
"""

import atexit
import builtins
import gc
import importlib
import importlib.util
import io
import json
import os
import select
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Iterable, Mapping, Set
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

from promptseg.core.digests import State, state_of

# Those that end a job. The process that forks lives until the other end of its socket is closed; it is started with
# them blocked, and its forks take them up once they are processes of their own, so that none is lost.
SIGNALS = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
# Imported at once, and once a job has used them. `snakemake` is what Snakemake puts at the head of every script;
# `pyarrow.dataset` and the formats are what PyArrow and Pillow import when they read the first file.
_AT_ONCE = (
    "snakemake.io",
    "snakemake.iocontainers",
    "snakemake.logging",
    "numpy.random",
    "pandas",
    "pyarrow.dataset",
    "pyarrow.pandas_compat",
    "pyarrow.parquet",
    "scipy.ndimage",
    "cv2",
    "PIL.GifImagePlugin",
    "PIL.JpegImagePlugin",
    "pycocotools.mask",
    "tqdm",
    "yaml",
)
_ONCE_USED = (
    "isal.igzip",
    "matplotlib.pyplot",
    "nibabel",
    "pydicom",
    "requests",
    "scipy.stats",
    "SimpleITK",
    "skimage.morphology",
    "statsmodels.stats.multitest",
    "tabulate",
    "torch",
    "torchvision",
)
_OWN = "promptseg."
_ADAPTERS = "promptseg.methods."  # import the packages of one method, which the others need not carry
_WRITERS = {io.TextIOWrapper, io.BufferedWriter, io.BufferedRandom}
_SAFE_THREADS = {"jemalloc_bg_thd"}  # that of PyArrow's allocator, which looks after itself at a fork


def main(descriptor: int, *more: str) -> None:
    """Fork for each request that comes from a socket until its other end is closed; then end the jobs that still run.

    A request is a byte with the descriptor of a socket of its own, from which a line of JSON is read (`script`,
    `folder`, `environment`) and to which lines are written: the number of the process, and its exit status once it has
    ended, negative if a signal ended it, as in `subprocess`. Of packages that are not imported for all jobs, those of
    `more` are, if they are installed.
    """
    if not sys.flags.safe_path:
        del sys.path[0]  # of `python -c`: the folder of the user
    for name in (*_AT_ONCE, *filter(importlib.util.find_spec, more)):
        importlib.import_module(name)
    forks = _Forks(socket.socket(fileno=descriptor))
    if request := forks.serve():
        _run(request, forks.used)


class _Forks:
    """The loop of the process that forks."""

    def __init__(self, control: socket.socket) -> None:
        self._control: socket.socket | None = control
        self._jobs: dict[int, socket.socket] = {}
        # Python writes a byte where a signal arrives: a job has ended.
        self._ended, woken = os.pipe()
        # Modules that jobs have used come as lines.
        self._told, self.used = os.pipe()
        for pipe in (self._ended, woken):
            os.set_blocking(pipe, False)
        signal.set_wakeup_fd(woken)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self._fit = True
        # The files of modules of promptseg as they were imported.
        self._sources: dict[str, State | None] = {path: state_of(path) for path in _own_files()}

    def serve(self) -> dict[str, Any] | None:
        """The request that a fork, in which this returns, has to fulfil; None at the end of the process that forks."""
        while self._control or self._jobs:
            waiting: list[Any] = [self._ended, self._told, *([self._control] if self._control else [])]
            ready = select.select(waiting, [], [])[0]
            if self._ended in ready:
                os.read(self._ended, 4096)
                self._reap()
            if self._told in ready:
                self._learn(os.read(self._told, 65536).decode().split())
            if self._control in ready and (request := self._asked()):
                return request
        return None

    def _learn(self, names: Iterable[str]) -> None:
        try:
            for name in names:
                importlib.import_module(name)
        except Exception as error:  # for lack of memory, say; what is half imported must not be handed on
            self._refuse(str(error))
        for path in _own_files() - self._sources.keys():
            self._sources[path] = state_of(path)

    def _refuse(self, reason: str) -> None:
        print(f"No job is a fork from here on: {reason}.", file=sys.stderr)
        self._fit = False

    def _reap(self) -> None:
        while self._jobs:
            ended, status = os.waitpid(-1, os.WNOHANG)
            if not ended:
                return
            if reply := self._jobs.pop(ended, None):
                _say(reply, os.waitstatus_to_exitcode(status))
                reply.close()

    def _asked(self) -> dict[str, Any] | None:
        """Fork for the next request, which only the fork returns."""
        assert self._control
        data, descriptors, _, _ = socket.recv_fds(self._control, 1, 1)
        if not data:  # the run is over, or was killed
            self._control.close()
            self._control = None
            for job in self._jobs:
                os.kill(job, signal.SIGTERM)
            return None
        reply = socket.socket(fileno=descriptors[0])
        reply.set_inheritable(False)
        with reply.makefile() as lines:
            line = lines.readline()
        if not line or (process := self._fork()) is None:
            reply.close()
            return None
        if process:
            _say(reply, process)
            self._jobs[process] = reply
            return None
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for other in (self._control, reply, *self._jobs.values()):  # whoever holds one of these is taken for alive
            other.close()
        return dict(json.loads(line))

    def _fork(self) -> int | None:
        """As `os.fork`; None where that is not possible."""
        if not self._fit:
            return None
        if others := _threads() - _SAFE_THREADS:
            self._refuse(f"there are the threads {others}")
        if changed := [path for path, state in self._sources.items() if state_of(path) != state]:
            self._refuse(f"{changed[0]} has changed")
        if not self._fit:
            return None
        gc.collect()
        gc.freeze()  # a collection in a fork would copy the memory that it shares
        with suppress(OSError):  # too many processes, or too little memory
            return os.fork()
        return None


def _say(reply: socket.socket, number: int) -> None:
    with suppress(OSError):  # nobody listens any more
        reply.sendall(f"{number}\n".encode())


def _own_files() -> set[str]:
    """Of the modules of promptseg that are imported here."""
    modules = [module for name, module in list(sys.modules.items()) if name.startswith(_OWN)]
    return {path for module in modules if (path := getattr(module, "__file__", None))}


def _used(new: Set[str]) -> list[str]:
    """Of the modules that a job has imported, those that the jobs after it should find imported."""
    own = [name for name in new if name.startswith(_OWN) and not name.startswith(_ADAPTERS)]
    return [name for name in _ONCE_USED if name in new] + sorted(own)


def _threads() -> set[str]:
    """Names of the threads of this process apart from this one, libraries' own among them."""
    own = str(threading.get_native_id())
    return {(task / "comm").read_text().strip() for task in Path("/proc/self/task").iterdir() if task.name != own}


def _run(request: Mapping[str, Any], used: int) -> NoReturn:
    """Run a script as a fresh process would, and end without taking apart what was imported, which takes long."""
    before = set(sys.modules)
    status = 1
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        _settle(Path(request["script"]), request["folder"], request["environment"])
        status = _executed(request["script"])
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        with suppress(OSError):
            for name in _used(sys.modules.keys() - before):  # a line at a time, because longer writes may mix
                os.write(used, f"{name}\n".encode())
        _flush()
    except BaseException:
        status = 1
        traceback.print_exc()
    finally:
        os._exit(status)


def _settle(script: Path, folder: str, environment: Mapping[str, str]) -> None:
    """Give this process the folder, environment, threads and random state of a fresh one."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    with suppress(OSError):
        Path("/proc/self/comm").write_text(script.name.partition(".")[2][:15])  # `score.py` in `top`
    sys.argv = [str(script)]
    if not sys.flags.safe_path:
        sys.path.insert(0, str(script.parent.absolute()))
    import tempfile

    import numpy as np

    tempfile.tempdir = None  # asked for by an import, in the environment of the other process
    np.random.seed()  # the global state, which all forks would share
    threads = int(environment["OMP_NUM_THREADS"])
    if threads > 1:  # libraries read the variable when they were loaded
        from threadpoolctl import threadpool_limits

        threadpool_limits(threads)
        if torch := sys.modules.get("torch"):
            torch.set_num_threads(threads)  # in the threads that a job starts as well


def _executed(script: str) -> int:
    """Run a script as the main module; the exit status that Python would end with."""
    module = ModuleType("__main__")
    module.__dict__.update(__file__=script, __builtins__=builtins)
    sys.modules["__main__"] = module
    try:
        exec(compile(Path(script).read_bytes(), script, "exec"), module.__dict__)
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return (end.code or 0) & 0xFF
        print(end.code, file=sys.stderr)
        return 1
    except BaseException as error:
        theirs = error.__traceback__ and error.__traceback__.tb_next
        sys.excepthook(type(error), error.with_traceback(theirs), theirs)
        return 128 + signal.SIGINT if isinstance(error, KeyboardInterrupt) else 1
    return 0


def _flush() -> None:
    """Write what open files still hold, also those that nobody closed."""
    opened = [one for one in gc.get_objects() if type(one) in _WRITERS]
    for file in (*opened, sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            file.flush()
