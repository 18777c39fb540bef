import errno
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from promptseg.core.errors import PromptsegError
from promptseg.core.files import atomic, digest
from promptseg.core.tables import open_table, read_table, write_table
from promptseg.preprocess.tables import OBJECTS


def test_a_file_is_whole_or_absent(tmp_path):
    target = tmp_path / "new" / "file.txt"
    with atomic(target) as temporary:
        temporary.write_text("half")
        assert not target.exists()
    assert target.read_text() == "half"
    with pytest.raises(ZeroDivisionError), atomic(target) as temporary:
        temporary.write_text("other")
        raise ZeroDivisionError
    assert target.read_text() == "half"
    assert [path.name for path in target.parent.iterdir()] == ["file.txt"]


def test_a_folder_is_replaced_as_a_whole(tmp_path):
    for content in ("a", "b"):
        with atomic(tmp_path / "folder") as temporary:
            temporary.mkdir()
            (temporary / content).touch()
    assert [path.name for path in (tmp_path / "folder").iterdir()] == ["b"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device here that is always full")
@pytest.mark.parametrize("way", ["python", "arrow"])
def test_a_full_disk_is_one_clear_error_and_leaves_nothing(tmp_path, way):
    target = tmp_path / "table.parquet"
    with pytest.raises(PromptsegError, match=r"No disk space left while writing .*table.parquet. Free some space"):
        with atomic(target) as temporary:
            temporary.symlink_to("/dev/full")
            if way == "python":
                temporary.write_bytes(b"x" * 10_000)
            else:
                pq.write_table(pa.table({"a": range(100_000)}), str(temporary))
    assert list(tmp_path.iterdir()) == []


def test_other_errors_keep_their_nature(tmp_path):
    with pytest.raises(OSError) as caught, atomic(tmp_path / "x"):
        raise OSError(errno.EIO, "input/output error")
    assert caught.value.errno == errno.EIO


def test_digest(tmp_path):
    (tmp_path / "abc").write_bytes(b"abc")
    assert digest(tmp_path / "abc", "md5") == "900150983cd24fb0d6963f7d28e17f72"


def test_a_table_of_something_else_is_refused(tmp_path):
    pq.write_table(pa.table({"object_id": ["a"]}), tmp_path / "other.parquet")
    with pytest.raises(PromptsegError, match=r"other.parquet lacks the columns image_id, .*: delete it and run again"):
        read_table(tmp_path / "other.parquet", OBJECTS)


def test_an_interrupted_table_does_not_appear(tmp_path):
    target = tmp_path / "objects.parquet"
    with pytest.raises(ZeroDivisionError), open_table(target, OBJECTS) as table:
        table.write([{"object_id": "a"}])
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []
    write_table(target, [{"object_id": "a", "area": 3}], OBJECTS)
    assert read_table(target, OBJECTS, ["object_id", "area"]).to_dict("records") == [{"object_id": "a", "area": 3}]
