"""The folder of label maps of a method and a dataset."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from promptseg.core.files import atomic, write_json


@contextmanager
def label_maps(path: Path, order: Mapping[str, int]) -> Iterator[Path]:
    """A folder that appears when the block ends well, with `tasks.json`: task -> its value in the maps, from 1."""
    with atomic(path) as folder:
        folder.mkdir()
        write_json(folder / "tasks.json", dict(order))
        yield folder
