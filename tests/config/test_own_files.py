"""Which files of the user a method runs with, and their digests: of names and bytes, not of times."""

import os
from pathlib import Path

import pytest

from promptseg.config.own_files import hub_commit, hub_folder, own_digests, own_files, own_weights
from promptseg.core.errors import PromptsegError

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "weights" / "tokenizer").mkdir(parents=True)
    (tmp_path / "weights" / "a.safetensors").write_bytes(b"abc")
    (tmp_path / "weights" / "tokenizer" / "words.txt").write_text("liver")
    (tmp_path / ".snakemake").mkdir()
    return tmp_path


@pytest.fixture
def cache(folder, monkeypatch):
    """The cache of the hub with one model."""
    monkeypatch.setenv("HF_HOME", str(folder / "hf"))
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    model = folder / "hf" / "hub" / "models--owner--name"
    (model / "snapshots" / COMMIT).mkdir(parents=True)
    (model / "blobs").mkdir()
    (model / "blobs" / "b").write_bytes(b"weights")
    (model / "snapshots" / COMMIT / "model.safetensors").symlink_to("../../blobs/b")
    (model / "refs").mkdir()
    (model / "refs" / "main").write_text(COMMIT)
    return model


def test_weights_beside_a_network_count_with_it(folder):
    for name in ("net.xml", "net.bin", "net.onnx", "net.onnx.data", "network.bin", "other.xml"):
        (folder / "weights" / name).write_text(name)
    found = own_files({"networks": {"encoder": "weights/net.xml"}})
    assert sorted(path.name for path in found.values()) == ["net.bin", "net.onnx", "net.onnx.data", "net.xml"]
    before = own_digests({"mine": {"networks": {"encoder": "weights/net.xml"}}}, ["."])
    (folder / "weights" / "net.bin").write_text("other weights")
    after = own_digests({"mine": {"networks": {"encoder": "weights/net.xml"}}}, ["."])
    assert {key for key in before["mine"] if before["mine"][key] != after["mine"][key]} == {"networks.encoder net.bin"}


def test_what_an_option_names_counts_if_it_is_there(folder):
    options = {
        "words": "weights/tokenizer/words.txt",
        "several": ["weights", {"deep": "weights/a.safetensors"}],
        "mode": "fast",
        "number": 3,
        "long": "x" * 5000,
        "odd": "a\0b",
        "project": ".",
        "above": "..",
        "root": "/",
    }
    found = own_files({"checkpoint": {"path": "weights"}, "options": options}, ["."])
    assert {name: str(path) for name, path in found.items()} == {
        "checkpoint": "weights",
        "options.words": "weights/tokenizer/words.txt",
        "options.several.0": "weights",
        "options.several.1.deep": "weights/a.safetensors",
    }
    (folder / "fast").touch()
    assert "options.mode" in own_files({"options": options}, ["."])


def test_a_digest_is_that_of_names_and_bytes(folder):
    entry = {"checkpoint": {"path": "weights"}, "options": {"words": "weights/tokenizer/words.txt"}}

    def digests():
        return own_digests({"mine": entry, "other": {}, "again": entry}, ["."])

    first = digests()
    assert first["other"] == {}
    assert first["mine"] == first["again"]
    assert set(first["mine"]) == {"checkpoint", "options.words"}
    (folder / "weights" / ".cache").mkdir()
    (folder / "weights" / ".cache" / "lock").touch()
    (folder / "weights" / "itself").symlink_to(folder / "weights")
    os.utime(folder / "weights" / "a.safetensors", (1e9, 1e9))
    assert digests() == first
    (folder / "weights" / "a.safetensors").write_bytes(b"abd")
    changed = digests()
    assert changed["mine"]["options.words"] == first["mine"]["options.words"]
    assert changed["mine"]["checkpoint"] != first["mine"]["checkpoint"]
    (folder / "weights" / "tokenizer").rename(folder / "weights" / "words")
    entry["options"] = {}
    assert digests()["mine"]["checkpoint"] not in (first["mine"]["checkpoint"], changed["mine"]["checkpoint"])


def test_a_model_of_the_hub_is_taken_from_its_cache(cache):
    snapshot = cache / "snapshots" / COMMIT
    assert hub_folder("owner/name", "main") == hub_folder("owner/name", COMMIT) == snapshot
    assert own_weights({"hf": "owner/name", "url": "https://example.org"}) == snapshot
    assert (hub_commit(snapshot), hub_commit(Path("weights"))) == (COMMIT, None)
    before = own_digests({"mine": {"checkpoint": {"hf": "owner/name"}}}, ["."])
    (cache / "blobs" / "b").write_bytes(b"others.")
    assert own_digests({"mine": {"checkpoint": {"hf": "owner/name"}}}, ["."]) != before
    (cache.parent / "owner" / "name").mkdir(parents=True)
    os.chdir(cache.parent)  # a folder of this name comes first
    assert own_weights({"hf": "owner/name"}) == Path("owner/name")


def test_it_is_where_the_package_of_the_hub_finds_it(cache):
    hub = pytest.importorskip("huggingface_hub")
    found = hub.snapshot_download("owner/name", cache_dir=cache.parent, local_files_only=True)
    assert Path(found) == hub_folder("owner/name", "main")


def test_what_is_not_in_the_cache_is_said_with_the_command(cache):
    entry = {"checkpoint": {"hf": "owner/other", "revision": "v2"}}
    with pytest.raises(PromptsegError, match=r"^methods\.mine\.checkpoint\.hf: 'owner/other' is no folder") as caught:
        own_digests({"mine": entry}, ["."])
    assert str(caught.value).endswith("hf download owner/other --revision v2")
