"""Data files of the explorer: scripts, because a page that is opened from a disk may load nothing else.

Each is one call `promptseg.shard(name, type, base64 of gzip)`. The type is `json`, or that of a little-endian array
with one value per object.
"""

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np

ARRAYS = ("f4", "u4", "u2", "u1")


def write_json(folder: Path, name: str, content: Any) -> None:
    """Write `<folder>/<name>.js` that holds what JSON can hold.

    Raises:
        ValueError: a number is not finite.
    """
    text = json.dumps(content, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    _write(folder, name, "json", text.encode())


def write_array(folder: Path, name: str, values: np.ndarray) -> None:
    """Write `<folder>/<name>.js` that holds a one-dimensional array.

    Raises:
        ValueError: its type is none of ARRAYS.
    """
    kind = values.dtype.str.lstrip("<>|=")
    if kind not in ARRAYS:
        raise ValueError(f"{name}: {values.dtype} is none of {', '.join(ARRAYS)}")
    _write(folder, name, kind, values.astype(values.dtype.newbyteorder("<")).tobytes())


def _write(folder: Path, name: str, kind: str, payload: bytes) -> None:
    path = folder / f"{name}.js"
    path.parent.mkdir(parents=True, exist_ok=True)
    packed = base64.b64encode(gzip.compress(payload, compresslevel=6, mtime=0)).decode("ascii")
    path.write_text(f'promptseg.shard({json.dumps(name)},"{kind}","{packed}");\n', encoding="utf-8")
