"""Values that fit the schema and cannot be meant."""

import copy

import pytest

from promptseg.config.check import check
from promptseg.config.load import load
from promptseg.core.errors import PromptsegError

BASE = {
    "run": {"datasets": ["mine"], "methods": ["box_fill"]},
    "protocols": {"corrected": {}},
    "datasets": {"mine": {"source": {"kind": "folder", "path": "data"}, "tasks": {"lung": [1]}}},
    "methods": {"box_fill": {"adapter": "promptseg.methods.controls:BoxFill"}},
}
TCIA = {"kind": "tcia", "home": "h", "instructions": "i", "files": ["*"], "collection": "c"}


def said(entry=None, **top) -> list[str]:
    config = copy.deepcopy(BASE) | top
    config["datasets"]["mine"] |= entry or {}
    try:
        check(config)
    except PromptsegError as error:
        return str(error).splitlines()[1:]
    return []


def intensity(kind, low, high):
    return {"intensity": {"kind": kind, "low": low, "high": high}}


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (intensity("percentiles", 0, 100), []),
        (intensity("window", -160, 240), []),
        (intensity("percentiles", 99, 1), ["datasets.mine.intensity: low 99 is not below high 1: every image would"]),
        (intensity("window", 240, -160), ["datasets.mine.intensity: low 240 is not below high -160: every image"]),
        (intensity("window", 5, 5), ["datasets.mine.intensity: low 5 is not below high 5: every image would be"]),
        (
            intensity("percentiles", -50, 150),
            [
                "datasets.mine.intensity.low: -50 is no percentile: write a number from 0 to 100.",
                "datasets.mine.intensity.high: 150 is no percentile: write a number from 0 to 100.",
            ],
        ),
        ({"patient": r"^(p\d+)_"}, []),
        ({"patient": "img_(0"}, ["datasets.mine.patient: 'img_(0' is no regular expression (missing ), unterminated"]),
        (
            {"source": TCIA | {"patients": "(a"}},
            ["datasets.mine.source.patients: '(a' is no regular expression (missing ), unterminated"],
        ),
        (
            {"source": [{"kind": "folder", "path": "d"}, TCIA | {"patients": "a"}]},
            ["datasets.mine.source.1.patients: 'a' has no group"],
        ),
        ({"patient": "img_"}, ["datasets.mine.patient: 'img_' has no group: put parentheses around what names the"]),
        (
            {"cases": [{"image": "{case}[z-a].png", "labels": "{case}.png"}]},
            ["datasets.mine.cases.0: '{case}[z-a].png' is no pattern of names (bad character range z-a"],
        ),
    ],
)
def test_of_a_dataset(entry, expected):
    lines = said(entry)
    assert len(lines) == len(expected)
    assert all(line.strip().startswith(start) for line, start in zip(lines, expected, strict=True))


@pytest.mark.parametrize(
    ("edges", "wrong"), [([40, 60, 80], False), ([50], False), ([60, 40], True), ([1, 3, 2], True)]
)
def test_ends_of_groups_rise(edges, wrong):
    expected = [f"  groups.age: the ends {edges} of the ranges do not rise: put them in order."]
    assert said(groups={"age": edges}) == (expected if wrong else [])


def test_file_and_line_are_named(tmp_path):
    file = tmp_path / "my.yaml"
    file.write_text(
        "run: {datasets: [mine], methods: [box]}\nprotocols: {corrected: {}}\n"
        "methods: {box: {adapter: 'promptseg.methods.controls:BoxFill'}}\n"
        "datasets:\n  mine:\n    source: {kind: folder, path: data}\n    tasks: {lung: [1]}\n    patient: 'img_(0'\n"
    )
    with pytest.raises(PromptsegError, match=r"my\.yaml:8: datasets\.mine\.patient: 'img_\(0' is no regular"):
        load([file], shipped=[])
