"""Files that are damaged, and downloads that are not what they should be."""

import io
import os
import shutil
import subprocess
import tarfile
from collections.abc import Callable

from faults.frame import TABLES, Fault
from support.projects import RUN, Project
from support.servers import serve

DAMAGE, DOWNLOADS = "Damaged files", "Downloads"
_SAME = "Delete it, start it again."
_WEIGHTS = "resources/quickstart/ritm_small.safetensors"


def _damaged(file: str, change: Callable[[bytearray], object]) -> Callable[[Project], subprocess.CompletedProcess[str]]:
    """A run that meets a file whose bytes changed, while its size and time stayed."""

    def meet(project: Project) -> subprocess.CompletedProcess[str]:
        path = project.path / file
        content, times = bytearray(path.read_bytes()), path.stat()
        change(content)
        path.write_bytes(content)
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
        return project.snakemake(*TABLES)

    return meet


def _flip(content: bytearray) -> None:
    """Flip one bit."""
    content[len(content) // 2] ^= 4


def _flip_in_page(content: bytearray) -> None:
    """Flip one bit of a Parquet file, before its footer."""
    content[(len(content) - 8 - int.from_bytes(content[-8:-4], "little")) // 2] ^= 4


def _end(content: bytearray) -> None:
    content[-1:] = b"0"


def _deleted(file: str) -> Callable[[Project], object]:
    return lambda project: (project.path / file).unlink()


def _with_weights(project: Project, path: str) -> None:
    method = {"ritm_small": {"checkpoint": {"path": path}}}
    run = {**RUN["run"], "methods": ["perfect", "ritm_small"]}
    project.configure({**RUN, "run": run, "methods": method}, "weights.yaml")


def shipped_weights(project: Project) -> subprocess.CompletedProcess[str]:
    _with_weights(project, _WEIGHTS)
    shutil.copy(project.path / _WEIGHTS, project.path / "whole")
    path = project.path / _WEIGHTS
    content = bytearray(path.read_bytes())
    _flip(content)
    path.write_bytes(content)
    return project.snakemake(*TABLES, configfile="weights.yaml")


def whole_weights(project: Project) -> None:
    (project.path / "whole").replace(project.path / _WEIGHTS)


def own_weights(project: Project) -> subprocess.CompletedProcess[str]:
    """Weights of a user, used once and then damaged."""
    shutil.copy(project.path / _WEIGHTS, project.path / "mine.safetensors")
    _with_weights(project, "mine.safetensors")
    project.run("datasets_status", configfile="weights.yaml")
    content = bytearray((project.path / "mine.safetensors").read_bytes())
    _flip(content)
    (project.path / "mine.safetensors").write_bytes(content)
    return project.snakemake("-n", *TABLES, configfile="weights.yaml")


def _huge_tar() -> bytes:
    """A thousand bytes that state to hold 2 GB; there is nothing in them."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        member = tarfile.TarInfo("images/p0.png")
        member.size = 2 * 10**9
        archive.addfile(member)
    return stream.getvalue()


def _fetched(content: bytes | None, **facts: str) -> Callable[[Project], subprocess.CompletedProcess[str]]:
    """A run of a dataset whose archive a server sends, or does not have; it is asked for it once."""

    def meet(project: Project) -> subprocess.CompletedProcess[str]:
        with serve() as server:
            if content is not None:
                server.files["/set.tar"] = content
            source = {"kind": "http", "url": f"{server.url}/set.tar", **facts}
            entry = {**RUN["datasets"]["blobs"], "source": source}
            run = {**RUN["run"], "datasets": ["far"]}
            project.configure({**RUN, "run": run, "datasets": {"far": entry}}, "far.yaml")
            done = project.snakemake(*TABLES, configfile="far.yaml")
            assert [request.path for request in server.requests].count("/set.tar") == 1, server.requests
        for path in project.path.glob("results/raw/archives/*"):
            path.unlink()
        return done

    return meet


def _between(kind: str, file: str, change: Callable[[bytearray], object], *remade: str, why: str = "...") -> Fault:
    return Fault(
        f"Damage of {kind}",
        _damaged(file, change),
        f"{file} is damaged ({why}). Delete it and run again: it is made anew",
        "The jobs that read it end. Nothing is made of it.",
        _SAME,
        _deleted(file),
        remade=remade,
        heading=DAMAGE,
    )


FAULTS = (
    _between(
        "a table of masks: one flipped bit in a Parquet file",
        "results/predictions/slow/blobs.parquet",
        _flip_in_page,
        *("scores", "tables"),
    ),
    _between(
        "the images of a dataset: one flipped bit in a Parquet file",
        "results/datasets/blobs/images.parquet",
        _flip_in_page,
        *("predictions", "scores", "tables"),
    ),
    _between("a JSON file between two stages", "results/predictions/slow/blobs.throughput.json", _end, "tables"),
    _between(
        "a CSV file between two stages: it is cut off",
        "results/raw/blobs/files.csv",
        _end,
        *("datasets", "predictions", "scores", "tables"),
        why="its last line is not whole",
    ),
    Fault(
        "Weights of this project are damaged (one flipped bit)",
        shipped_weights,
        f"{_WEIGHTS}, the weights of ritm_small, is damaged: expected sha256 ..., found ... Get it back (git checkout",
        "The run ends before its first job.",
        "Get them back, start it again.",
        whole_weights,
        heading=DAMAGE,
    ),
    Fault(
        "Weights of your own (`checkpoint: path`) have changed since their first use",
        own_weights,
        "mine.safetensors, the weights of ritm_small, has changed since it was first used: expected sha256 ...",
        "Their predictions are made anew, and it is said at each start, in dry runs as well.",
        "If you changed them, delete their entry in `config/datasets.lock.yaml`; else get the file again.",
        fails=False,
        heading=DAMAGE,
    ),
    Fault(
        "A file is not on its server (404)",
        _fetched(None),
        "set.tar could not be fetched from ...: it answered 404 Not Found. Run again, or put the file by hand at ...",
        "It is asked for once; other jobs go on.",
        "Correct the address, or put the file there by hand; start it again.",
        heading=DOWNLOADS,
    ),
    Fault(
        "A file is another one than its checksum says",
        _fetched(b"a page or an error of the server" * 40, sha256="0" * 64),
        "is not the file it should be: expected sha256 0... What was downloaded has been deleted.",
        "It is fetched once and deleted.",
        "Correct the checksum or the address, start it again.",
        heading=DOWNLOADS,
    ),
    Fault(
        "An archive would unpack to far more than it can hold (made to fill disks)",
        _fetched(_huge_tar()),
        "would unpack to more than 1 GB and to more than 200 times its size",
        "Nothing is unpacked.",
        "Do not use it; get it from its publisher. If it is right, unpack it yourself (source kind `folder`).",
        heading=DOWNLOADS,
    ),
)
