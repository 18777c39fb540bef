"""What is the machine's fault is said in one sentence; other errors keep their nature."""

import errno

import cv2
import numpy as np
import pyarrow as pa
import pytest

from promptseg.core.exhausted import exhausted


class OutOfMemoryError(RuntimeError):
    """As torch.OutOfMemoryError, whose import takes seconds."""


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "a/b.csv"), "No disk space left while writing a/b.csv. Free"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "The disk quota is used up. Free some space"),
        (OSError(errno.EFBIG, "File too large", "b"), "A file became larger than is allowed while writing b (see `uli"),
        (OSError(errno.EROFS, "Read-only file system", "x/y"), "x/y cannot be written (Read-only file system). Check"),
        (PermissionError(errno.EACCES, "Permission denied", "x/y"), "x/y cannot be opened (Permission denied). Check "),
        (OSError(errno.EIO, "Input/output error", "x"), "The disk or network drive fails at x (Input/output error)."),
        (OSError(errno.EMFILE, "Too many open files"), "Too many files are open at once. Raise the limit"),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), "Memory ran out ([Errno 12] Cannot allocate memory). Let"),
        (MemoryError(), "Memory ran out. Let fewer jobs run at once"),
        (pa.ArrowMemoryError("malloc of size 64 failed"), "Memory ran out (malloc of size 64 failed)."),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried 9 bytes"), "Memory ran out (DefaultCPUAl"),
        (RuntimeError("can't start new thread"), "Memory ran out (can't start new thread)."),
        (ImportError("libx.so: failed to map segment from shared object"), "Memory ran out (libx.so"),
        (cv2.error("(-4:Insufficient memory) Failed to allocate 8 bytes"), "Memory ran out ((-4:Insufficient"),
        (OutOfMemoryError("CUDA out of memory."), "The memory of the GPU ran out (CUDA out of memory.)."),
    ],
)
def test_what_a_machine_lacks(error, said):
    assert exhausted(error).startswith(said)


def test_numpy_and_what_is_raised_from_it():
    with pytest.raises(MemoryError) as caught:
        np.empty(2**60, np.uint8)
    wrapped = ValueError("the method failed")
    wrapped.__cause__ = caught.value
    assert exhausted(wrapped).startswith("Memory ran out (Unable to allocate 1.00 EiB")


@pytest.mark.parametrize(
    "error",
    [ValueError("out of memory"), RuntimeError("shape mismatch"), FileNotFoundError(errno.ENOENT, "No such file", "x")],
)
def test_defects_are_none_of_the_machine(error):
    assert exhausted(error) is None
