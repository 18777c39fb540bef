"""What a source says about where its files come from."""

import pytest

from promptseg.core.errors import PromptsegError
from promptseg.download.origins import archive_name, archives_of, expected, is_dropped, is_fetched, sources_of
from support.sources import manual


def test_kinds_of_sources() -> None:
    page = "https://zenodo.org/records/1"
    record = {"kind": "http", "url": page}
    assert sources_of({"source": record}) == [record]
    assert sources_of({"source": [record, manual()]}) == [record, manual()]
    assert is_dropped(record)
    assert is_fetched(record)
    assert archive_name(record) is None
    assert archive_name(record | {"file": "a.zip"}) == "a.zip"
    assert not is_dropped(record | {"file": "a.zip"})
    assert is_dropped(manual())
    assert not is_fetched(manual())
    assert archive_name(manual()) is None
    assert archive_name({"kind": "http", "url": "s3://bucket/a/b.tar"}) == "b.tar"
    with pytest.raises(PromptsegError, match="does not tell the name of its file"):
        archive_name({"kind": "http", "url": "https://drive.google.com/file/d/1/view"})
    assert expected(manual(), ["*"], alone=True) == ["*.nii"]
    assert expected(record, ["*.png"], alone=True) == ["*.png"]
    assert expected(record, ["*.png"], alone=False) == []


def test_archives_of_several_datasets() -> None:
    one = {"kind": "http", "url": "https://a.org/x.zip"}
    registry = {
        "a": {"source": [one, manual()]},
        "b": {"source": one | {"unpack": ["*.zip"]}},
        "c": {"source": {"kind": "http", "url": "https://b.org/x.zip"}},
    }
    assert archives_of(registry, ["a", "b"]) == {"x.zip": one}
    with pytest.raises(PromptsegError, match=r"The dataset c .* same name x\.zip.*key `file`"):
        archives_of(registry, ["a", "b", "c"])
