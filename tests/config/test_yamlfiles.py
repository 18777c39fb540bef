"""What is wrong with a configuration file is said with its line; each key has a place in one of the files."""

import pytest

from promptseg.config.yamlfiles import Places, root_of, value_of
from promptseg.core.errors import PromptsegError


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("run:\n\tdatasets: [a]\n", r"my.yaml:2: the line is indented with a tab.*use spaces"),
        ("run:\n  a: 1\n  \tb: 2\n", r"my.yaml:3: the line is indented with a tab"),
        ("run:\n  datasets: [a\n  methods: [b]\n", r"my.yaml:3: this is not YAML .* begins in line 2\).*not closed"),
        ("run:\n    a: 1\n   b: 2\n", "my.yaml:3: .*exactly below each other"),
        ('a: "C:\\data"', "my.yaml:1: .*backslash begins an escape"),
        ("a: b: c", "my.yaml:1: .*a text with a colon needs quotes"),
        ("a: *.png", r"my.yaml:1: .*begins with \* needs quotes"),
        ("a: @b", "my.yaml:1: .*begins with one of @"),
        ('a: 1\nb: "c\n', "my.yaml:2: this is not YAML"),
        ("a: 1\n---\nb: 2\n", "my.yaml:2: .*take the line --- away"),
        ("", "my.yaml is empty"),
        ("# a comment\n", "my.yaml is empty"),
        ("- a\n", "my.yaml holds no keys at its top"),
        ("just words\n", "my.yaml holds no keys at its top"),
        ("a: 1\nb: {c: 1, d: 2,\n    c: 3}\n", r"my.yaml:3: b.c stands in line 2 already"),
        ("a:\n - {b: 1, b: 2}\n", r"my.yaml:2: a.0.b stands in line 2 already"),
        ("'1': 1\n1: 2\n'1': 3\n", r"my.yaml:3: 1 stands in line 1 already"),
    ],
)
def test_a_file_that_cannot_be_meant(tmp_path, monkeypatch, text, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my.yaml").write_text(text)
    with pytest.raises(PromptsegError, match=message) as caught:
        root_of(tmp_path / "my.yaml")
    assert "/" not in str(caught.value).split(":")[0]  # relative, as people call it


def test_other_encodings(tmp_path):
    path = tmp_path / "my.yaml"
    path.write_bytes("titel: Röntgen".encode("latin-1"))
    with pytest.raises(PromptsegError, match="is not text in UTF-8"):
        root_of(path)
    path.write_bytes("titel: Röntgen".encode("utf-8-sig"))
    assert value_of(path) == {"titel": "Röntgen"}
    with pytest.raises(PromptsegError, match=r"no\.yaml cannot be read"):
        root_of(tmp_path / "no.yaml")


def test_anchors_and_merge_keys_repeat_nothing(tmp_path):
    path = tmp_path / "my.yaml"
    path.write_text("a: &a {b: 1}\nc: {<<: *a, d: 2}\ne: {<<: *a, d: 2}\n")
    assert value_of(path)["c"] == {"b": 1, "d": 2}


def test_places(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "below.yaml").write_text("run:\n  datasets:\n  - a\n  - b\n  methods: [c]\ndevice: cpu\n")
    (tmp_path / "my.yaml").write_text("# mine\nrun:\n  datasets: a, b\ndatasets:\n  a:\n    cases:\n    - image: i\n")
    places = Places([tmp_path / "below.yaml", tmp_path / "my.yaml"], {"device": "cuda"})
    assert places.of(["run", "methods", 0]) == "below.yaml:5"
    assert places.of(["run", "datasets", 1]) == "my.yaml:3"  # it replaces the list
    assert places.of(["run"]) == "my.yaml:2"
    assert places.of(["run", "unknown"]) == "my.yaml:2"
    assert places.of(["datasets", "a", "cases", 0, "labels"]) == "my.yaml:7"
    assert places.of(["device"]) == "--config"
    assert places.of(["precision"]) == ""
    assert places.of([]) == ""
    assert Places([tmp_path / "below.yaml"]).of(["device"]) == "below.yaml:6"
