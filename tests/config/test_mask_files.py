"""Methods whose masks come from files: what is wrong with an entry, and what a change of the files is."""

import copy
import os

import pytest

from promptseg.config.check import check
from promptseg.config.exported import possible_settings
from promptseg.config.facts import ambiguous_methods, asked_methods, masked, modes, volume_methods, volume_sources
from promptseg.config.mask_files import mask_digests
from promptseg.core.errors import PromptsegError
from promptseg.planning import readiness

MASKS = {"path": "given", "pattern": "{case}.png"}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".snakemake").mkdir()
    for name in ("given/a.png", "given/b.png", "given/notes.txt", "per/mine/a.nii.gz", "all.json", "one.png"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    return tmp_path


def config(masks=MASKS, **entry):
    return {
        "run": {"datasets": ["mine"], "methods": ["fill", "unet"]},
        "protocols": {"corrected": {}},
        "datasets": {"mine": {"source": {"kind": "folder", "path": "data"}, "tasks": {"lung": [1]}}},
        "methods": {
            "fill": {"adapter": "promptseg.methods.controls:BoxFill"},
            "unet": {"masks": copy.deepcopy(masks), **entry},
        },
    }


def test_who_is_asked():
    found = check(config(title="My U-Net", reference=True))
    assert found["methods"]["unet"]["masks"]["check_labels"] is True
    assert masked(found) == ["unet"]
    assert asked_methods(found) == ["fill"]
    assert modes(found) == ["mode1", "mode2", "mode3", "mode4", "mode5", "iterative", "automatic"]
    assert "automatic.first" in possible_settings(found)
    without = check({**config(), "run": {"datasets": ["mine"], "methods": ["fill"]}})
    assert modes(without) == without["prompts"]["modes"]
    assert "automatic.first" not in possible_settings(without)
    assert volume_methods(check(config())) == ["fill"]


def test_three_masks_for_a_prompt_are_compared_wherever_they_come_from():
    assert ambiguous_methods(check(config(ambiguity=True))) == ["unet"]


@pytest.mark.parametrize(
    ("masks", "entry", "said"),
    [
        (
            MASKS,
            {"adapter": "a:B"},
            "methods.unet.adapter: its masks come from files (`masks`), so that nothing is asked",
        ),
        (MASKS, {"options": {"a": 1}}, "methods.unet.options: its masks come from files"),
        (MASKS, {"off_label": True}, "methods.unet.off_label: its masks come from files"),
        ({}, {}, "methods.unet.masks: 'path' is missing: it is needed here"),
        ({**MASKS, "patern": 1}, {}, "unknown key 'patern' in methods.unet.masks. Did you mean 'pattern'?"),
        (
            {**MASKS, "pattern": "{cas}.png"},
            {},
            "methods.unet.masks.pattern '{cas}.png': {cas} is no placeholder. Did you",
        ),
        (
            {**MASKS, "datasets": ["mien"]},
            {},
            "methods.unet.masks.datasets names 'mien', which is not an entry of datasets:.",
        ),
        (
            {**MASKS, "labels": {"liver": [1]}},
            {},
            "methods.unet.masks.labels names none of the tasks of the run: lung.",
        ),
        ({**MASKS, "labels": {"lung": [0]}}, {}, "methods.unet.masks.labels.lung"),
        ({**MASKS, "geometry": "free"}, {}, "methods.unet.masks.geometry: 'free' is not allowed"),
        ({**MASKS, "path": "nowhere"}, {}, "methods.unet.masks.path is nowhere, and there is no such folder or file."),
        ({**MASKS, "path": "per/{dataset}x"}, {}, "methods.unet.masks.path is per/minex, and there is no such folder"),
        (
            {"path": "given"},
            {},
            "methods.unet.masks.path is given, which holds no manifest.json: say by `pattern` which file",
        ),
        ({"path": "one.png"}, {}, "methods.unet.masks.path is one file, one.png, and only COCO JSON holds many images"),
    ],
)
def test_mistakes(masks, entry, said):
    with pytest.raises(PromptsegError) as error:
        check(config(masks, **entry))
    assert said in str(error.value)


def test_an_entry_with_neither():
    with pytest.raises(PromptsegError, match=r"methods.unet: 'adapter' is missing: it is needed here, or 'masks'"):
        bad = config()
        bad["methods"]["unet"] = {"title": "nothing"}
        check(bad)


def test_one_reference_at_most():
    both = config(reference=True)
    both["methods"]["fill"]["reference"] = True
    with pytest.raises(
        PromptsegError, match=r"methods.unet.reference: fill is the reference already: a run has one line"
    ):
        check(both)


def test_short_forms():
    found = check(config({"path": "all.json", "labels": {"lung": 3}, "datasets": "mine"}))
    assert found["methods"]["unet"]["masks"]["labels"] == {"lung": [3]}
    assert found["methods"]["unet"]["masks"]["datasets"] == ["mine"]


def test_digests_are_of_names_and_bytes_of_the_files_that_count(folder):
    def digest(masks=MASKS):
        return mask_digests(check(config(masks)), ["mine"], print)["unet"]["mine"]

    first = digest()
    os.utime(folder / "given" / "a.png", (1, 1))
    (folder / "given" / "notes.txt").write_text("other")
    (folder / "given" / "deep").mkdir()
    (folder / "given" / "deep" / "a.png").write_text("not of the pattern")
    assert digest() == first
    (folder / "given" / "a.png").write_text("changed")
    changed = digest()
    assert changed != first
    (folder / "given" / "c.png").write_text("new")
    assert digest() != changed
    assert digest({"path": "per/{dataset}", "pattern": "{case}.nii.gz"}) != first
    assert digest({"path": "all.json"}) != first


def test_volumes_are_scored_without_being_asked_for():
    found = check({**config(), "volumes": {"routes": ["each"]}})
    assert volume_sources(found) == ["fill", "unet"]
    assert volume_sources(check({**config(volumes=False), "volumes": {"routes": ["each"]}})) == ["fill"]
    with pytest.raises(
        PromptsegError, match=r"volumes.methods names 'unet', whose masks come from files and are scored"
    ):
        check({**config(), "volumes": {"methods": ["unet"]}})


def test_the_check_of_a_run_counts_the_files():
    found = check(config())
    said = [str(point) for point in readiness.points(found) if point.what == "masks unet"]
    assert said == ["ok    masks unet               mine: 2 files in given fit {case}.png"]
    none = check(config({**MASKS, "pattern": "{case}.nrrd"}))
    said = [str(point) for point in readiness.points(none) if point.what == "masks unet"]
    assert said == ["fail  masks unet               mine: 0 files in given fit {case}.nrrd"]
