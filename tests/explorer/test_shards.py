"""Data files: scripts with one call."""

import numpy as np
import pytest

from promptseg.explorer.shards import write_array, write_json
from support.explored import read_shard


def test_json(tmp_path):
    content = {"a": [1, 2.5, None, "ä </script> \\ \u2028"], "b": {}}
    write_json(tmp_path / "data", "run", content)
    assert read_shard(tmp_path, "run") == content
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "data", "run", [float("nan")])


@pytest.mark.parametrize("dtype", ["<f4", "<u4", "<u2", "u1"])
def test_arrays(tmp_path, dtype):
    values = np.array([0, 1, 200], dtype)
    write_array(tmp_path / "data", "scores/m/mode1.first/iou", values)
    found = read_shard(tmp_path, "scores/m/mode1.first/iou")
    assert (found.dtype, found.tolist()) == (values.dtype, [0, 1, 200])


def test_big_endian_becomes_little(tmp_path):
    write_array(tmp_path / "data", "a", np.array([1, 2**16], ">u4"))
    assert read_shard(tmp_path, "a").tolist() == [1, 65536]


def test_other_types_are_refused(tmp_path):
    with pytest.raises(ValueError, match="a: float64 is none of f4, u4, u2, u1"):
        write_array(tmp_path / "data", "a", np.zeros(2))


def test_equal_content_gives_equal_bytes(tmp_path):
    for folder in ("a", "b"):
        write_array(tmp_path / folder, "x", np.arange(5, dtype="<u2"))
    assert (tmp_path / "a/x.js").read_bytes() == (tmp_path / "b/x.js").read_bytes()
    assert (tmp_path / "a/x.js").read_text().startswith('promptseg.shard("x","u2","')
