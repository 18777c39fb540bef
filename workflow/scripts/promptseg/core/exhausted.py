"""What a machine ran out of or refuses, in one sentence: memory, disk space, permissions. No defect of the program."""

import errno
import re
from collections.abc import Iterator
from pathlib import Path

_FULL = {errno.ENOSPC: "No disk space left", errno.EDQUOT: "The disk quota is used up"}
_REFUSED = {errno.EACCES, errno.EPERM, errno.EROFS}
_FAULTY = {errno.EIO, errno.ESTALE, errno.ENXIO, errno.EREMOTEIO}
_OPEN = {errno.EMFILE, errno.ENFILE}
_MEMORY = re.compile(
    r"bad_alloc|(can't|cannot|failed to|could not|unable to) allocate|(not enough|insufficient|out of) memory"
    r"|can't start new thread|failed to map segment",
    re.IGNORECASE,
)
_KEPT = "everything finished before is kept"


def exhausted(error: BaseException, writing: str | Path | None = None) -> str | None:
    """What a person has to do where the machine is the reason of an error; None where it is not.

    Libraries say in many ways that memory ran out: NumPy and Arrow by a MemoryError, PyTorch and SimpleITK by a
    RuntimeError, OpenCV by an error of its own, the loader of shared libraries by an ImportError. An error that was
    raised from another one has its reason.

    Args:
        writing: the file that was being written, if the caller knows.
    """
    for one in _reasons(error):
        if isinstance(one, OSError) and (found := _of_system(one, writing)):
            return found
        if isinstance(one, MemoryError) or (_from_library(one) and _MEMORY.search(str(one))):
            return _out_of_memory(one)
    return None


def _reasons(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        yield error
        seen.add(id(error))
        error = error.__cause__


def _from_library(error: BaseException) -> bool:
    return isinstance(error, (RuntimeError, ImportError, OSError)) or type(error).__module__.startswith("cv2")


def _of_system(error: OSError, writing: str | Path | None) -> str | None:
    number = error.errno
    file = writing or error.filename
    place = f" while writing {file}" if file else ""
    if number in _FULL:
        return f"{_FULL[number]}{place}. Free some space and run again: the unfinished file was removed, {_KEPT}."
    if number == errno.EFBIG:
        return (
            f"A file became larger than is allowed{place} (see `ulimit -f`, or the file system's own limit). Raise the "
            f"limit or write elsewhere, and run again: the unfinished file was removed, {_KEPT}."
        )
    if number in _REFUSED and file:
        verb = "written" if writing or number == errno.EROFS else "opened"
        return (
            f"{file} cannot be {verb} ({error.strerror}). Check the permissions of {Path(file).parent}, and run again."
        )
    if number in _FAULTY:
        at = f" at {file}" if file else ""
        return f"The disk or network drive fails{at} ({error.strerror}). Mend it and run again: {_KEPT}."
    if number in _OPEN:
        return "Too many files are open at once. Raise the limit (`ulimit -n`) or use fewer threads, and run again."
    return None


def _out_of_memory(error: BaseException) -> str:
    said = " ".join(str(error).split())[:200]
    about = f" ({said})" if said else ""
    if type(error).__name__ == "OutOfMemoryError":  # of PyTorch
        return f"The memory of the GPU ran out{about}. Let nothing else use it, or set `device: cpu`, and run again."
    return (
        f"Memory ran out{about}. Let fewer jobs run at once (--cores), raise the limit that the process has, or use a "
        f"machine with more, and run again: {_KEPT}."
    )
