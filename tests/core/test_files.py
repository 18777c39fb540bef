import errno
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from promptseg.core.errors import PromptsegError
from promptseg.core.files import atomic, digest, read_json, write_json
from promptseg.core.tables import (
    INTEGER,
    STRING,
    Column,
    Table,
    open_table,
    read_csv,
    read_table,
    write_csv,
    write_table,
)
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
        raise OSError(errno.ENOTCONN, "not connected")
    assert caught.value.errno == errno.ENOTCONN
    with pytest.raises(PromptsegError, match=r"^other cannot be opened"), atomic(tmp_path / "x"):
        raise PermissionError(errno.EACCES, "Permission denied", "other")


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


def test_json_that_was_damaged(tmp_path):
    file = tmp_path / "a.json"
    write_json(file, {"a": [1, None]})
    assert read_json(file) == {"a": [1, None]}
    for content in (file.read_bytes()[:-2], b"\xff\xfe{"):
        file.write_bytes(content)
        with pytest.raises(PromptsegError, match=r"a\.json is damaged \(.*\)\. Delete it and run again"):
            read_json(file)


def test_csv_that_was_cut_off(tmp_path):
    file, table = tmp_path / "a.csv", Table("a.csv", "", [Column("name", STRING, ""), Column("n", INTEGER, "")])
    write_csv(file, pd.DataFrame({"name": ["x", "y"], "n": [1, 25]}), table)
    assert read_csv(file, table)["n"].tolist() == [1, 25]
    whole = file.read_bytes()
    for content, problem in ((whole[:-2], "its last line is not whole"), (b"", "its last line"), (b"\xff\n", "utf-8")):
        file.write_bytes(content)
        with pytest.raises(PromptsegError, match=rf"a\.csv is damaged \(.*{problem}.*\)\. Delete it and run again"):
            read_csv(file, table)
