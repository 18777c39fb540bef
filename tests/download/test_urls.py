"""What addresses tell."""

import pytest

from promptseg.core.errors import PromptsegError
from promptseg.download.urls import Record, base, file_name, is_drive_link, record_of, redact, web_address


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://host.org/a/b.zip", "https://host.org/a/b.zip"),
        ("https://me:pw@host.org:8443/a?x=1#f", "https://host.org:8443/a?..."),
        ("https://token@host.org/a", "https://host.org/a"),
        ("https://a:b@c@host.org/a", "https://host.org/a"),
        ("http://[1/a", "(an address that cannot be read)"),
    ],
)
def test_redact(url: str, expected: str) -> None:
    assert redact(url) == expected


def test_file_name() -> None:
    assert file_name("https://host.org/a/b%20c.zip?download=1") == "b c.zip"
    for url in ("https://host.org/", "https://host.org", "https://host.org/a/..", "https://host.org/a/"):
        with pytest.raises(PromptsegError, match="add the key `file`"):
            file_name(url)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://zenodo.org/records/13358372", Record("zenodo", "13358372")),
        ("https://zenodo.org/record/1/", Record("zenodo", "1")),
        ("https://zenodo.org/records/1?preview=1", Record("zenodo", "1")),
        ("https://zenodo.org/records/1/files/a.zip", None),
        ("https://data.mendeley.com/datasets/zm6bxzhmfz/1", Record("mendeley", "zm6bxzhmfz", "1")),
        ("https://data.mendeley.com/datasets/zm6bxzhmfz", Record("mendeley", "zm6bxzhmfz")),
        ("https://data.mendeley.com/public-files/datasets/zm6bxzhmfz/files/1/x", None),
        ("https://figshare.com/articles/dataset/brain_tumor_dataset/1512427/5", Record("figshare", "1512427", "5")),
        ("https://uni.figshare.com/articles/1512427", Record("figshare", "1512427")),
        ("https://ndownloader.figshare.com/files/7953679", None),
        ("https://zenodo.org.evil.com/records/1", None),
        ("http://[1/records/1", None),
    ],
)
def test_pages_of_records(url: str, expected: Record | None) -> None:
    assert record_of(url) == expected


def test_addresses_of_s3() -> None:
    assert web_address("s3://msd/Task.tar") == "https://msd.s3.amazonaws.com/Task.tar"
    assert web_address("s3://a.b/c/d.zip") == "https://s3.amazonaws.com/a.b/c/d.zip"
    assert web_address("https://host/a") == "https://host/a"
    assert is_drive_link("https://drive.google.com/file/d/x/view")
    assert not is_drive_link("https://drive.google.com.evil.org/")


def test_base_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PROMPTSEG_ZENODO", raising=False)
    assert base("zenodo") == "https://zenodo.org/api"
    monkeypatch.setenv("PROMPTSEG_ZENODO", "http://mirror/api/")
    assert base("zenodo") == "http://mirror/api"
