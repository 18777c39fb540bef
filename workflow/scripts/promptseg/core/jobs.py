"""What every job does around its work: log to the rule's log file, end with one clear error, say what it took."""

import gc
import logging
import os
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from promptseg.core.cards import own_card
from promptseg.core.errors import PromptsegError
from promptseg.core.exhausted import exhausted
from promptseg.core.processes import Stopped, end_with_parent, stopped_tidily
from promptseg.core.queue import queue_seconds

logger = logging.getLogger(__name__)

LOG_FORMAT = "%(asctime)s %(levelname)s %(message)s"
# Names of the folders of logs and measurements in a path, see `pathvars` in the Snakefile.
_LOGS, _MEASURED = "logs", "benchmarks"
_IMPORTED = time.monotonic()
# New objects between looks for unused ones; after Python's 700 they take a twentieth of the time of a job that draws.
_COLLECTED = 50_000


@contextmanager
def job(snakemake: Any) -> Iterator[None]:
    """Log to the rule's log and to stderr; a `PromptsegError` is printed without a traceback and ends the job.

    A job that asks for a GPU sees one card, the others see none: see `cards.own_card`.
    What a job that succeeds took is written to the place of its log, with `benchmarks` for `logs`: see `measured`.
    """
    handlers: list[logging.Handler] = [_Stream(sys.stderr)]
    log = Path(snakemake.log[0]) if snakemake.log else None
    if log:
        try:
            handlers.append(_File(log, mode="w"))
        except OSError as error:  # whether the outputs can be written is another matter
            print(f"There will be no log of this job: {error}", file=sys.stderr)
    logging.basicConfig(level=logging.INFO, format=LOG_FORMAT, handlers=handlers, force=True)
    logging.captureWarnings(True)
    logging.getLogger("numexpr").setLevel(logging.WARNING)  # where it is installed, pandas wakes it, and it tells so
    table = measured_file(log) if log else None
    if table:
        table.unlink(missing_ok=True)
    end_with_parent()
    gc.set_threshold(_COLLECTED)
    try:
        with stopped_tidily(), own_card(bool(snakemake.resources.get("gpu", 0))):
            yield
    except PromptsegError as error:
        logger.error("%s: %s", snakemake.rule, error)
        sys.exit(1)
    except Stopped as signal:
        logger.error(
            "%s was stopped from outside (%s): by hand, at a time limit or with its run. Nothing unfinished is kept; "
            "run again to go on.",
            snakemake.rule,
            signal,
        )
        sys.exit(signal.status)
    except Exception as error:
        if reason := exhausted(error):
            logger.error("%s: %s", snakemake.rule, reason)
        else:
            logger.exception("%s failed", snakemake.rule)
        sys.exit(1)
    if table:
        try:
            table.parent.mkdir(parents=True, exist_ok=True)
            table.write_text(measured())
        except OSError as error:
            table.unlink(missing_ok=True)
            logger.warning("What this job took cannot be noted: %s", error)


class _Quiet(logging.Handler):
    """Loses the lines that a full disk does not take; the standard handlers would print a traceback for each."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name is logging's
        if not isinstance(sys.exception(), OSError):
            super().handleError(record)


class _Stream(_Quiet, logging.StreamHandler):
    pass


class _File(_Quiet, logging.FileHandler):
    pass


def measured_file(log: Path) -> Path | None:
    """`results/benchmarks/score/m/d.tsv` for `results/logs/score/m/d.log`; None for a log in no folder `logs`."""
    parts = list(log.parts)
    if _LOGS not in parts:
        return None
    parts[len(parts) - 1 - parts[::-1].index(_LOGS)] = _MEASURED
    return Path(*parts).with_suffix(".tsv")


def measured() -> str:
    """What this process took until now, as a table of one row: columns of Snakemake's benchmarks, and `queue`.

    s: seconds since the process started, imports included. max_rss: MB of the largest process, this one or one that it
    waited for. cpu_time: seconds of all of them. queue: see `core.queue`. The system counts these anyway. The directive
    `benchmark:` would ask for the memory of all processes twice a second instead, which takes 17 to 30 ms of a core
    once PyTorch is imported, because the kernel walks through a thousand mappings; this takes 0.1 ms
    (tests/benchmarks/job_measurement.py).
    """
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    unit = 2**20 if sys.platform == "darwin" else 2**10  # bytes there, kB elsewhere
    row = (
        age(),
        max(usage.ru_maxrss for usage in usages) / unit,
        sum(usage.ru_utime + usage.ru_stime for usage in usages),
        queue_seconds(),
    )
    return "s\tmax_rss\tcpu_time\tqueue\n" + "\t".join(f"{value:.2f}" for value in row) + "\n"


def age() -> float:
    """Seconds since this process started; since this module was imported where the system has no /proc."""
    try:
        started = Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return time.monotonic() - _IMPORTED
    return time.clock_gettime(time.CLOCK_BOOTTIME) - int(started) / os.sysconf("SC_CLK_TCK")
