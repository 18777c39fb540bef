import copy
from pathlib import Path

import pytest

from promptseg.config import facts
from promptseg.config.arguments import SHIPPED
from promptseg.config.check import check
from promptseg.config.imports import adapter_file, library_of
from promptseg.config.load import load
from promptseg.config.protocols import protocols_of
from promptseg.config.schema import SCRIPTS
from promptseg.core.errors import PromptsegError

BASE = {
    "run": {"datasets": ["mine"], "methods": ["box_fill"]},
    "protocols": {"corrected": {}},
    "datasets": {"mine": {"source": {"kind": "folder", "path": "data"}, "tasks": {"lung": [1]}}},
    "methods": {"box_fill": {"adapter": "promptseg.methods.controls:BoxFill"}},
}


def edited(path: str, value):
    config = copy.deepcopy(BASE)
    *parents, last = path.split("/")
    node = config
    for key in parents:
        node = node.setdefault(key, {})
    node[last] = value
    return config


def test_defaults_are_filled_in():
    config = check(copy.deepcopy(BASE))
    assert config["run"]["protocols"] == ["corrected"]
    assert config["prompts"]["clicks"] == 9
    assert config["device"] == "auto"
    assert config["protocols"]["corrected"] == {
        "title": "corrected",
        "error_region": "larger",
        "click_label": "object",
        "repeat_clicks": False,
        "distance": "exact",
        "previous_mask": "keep",
        "refinement": True,
        "mask_feedback": "none",
        "multimask": "always",
    }
    assert config["methods"]["box_fill"]["protocols"] == {}
    entry = config["datasets"]["mine"]
    assert entry["cases"] == [
        {"image": "images/{case}.*", "labels": "masks/{case}.*", "pair": "name", "unpaired": "fail"}
    ]
    assert entry["sampling"] == {"every": 1, "seed": 1, "min_area": 1}
    assert entry["title"] == "mine"


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("datasets/mine/tasks", {"lung": [1.0]}, "datasets.mine.tasks.lung.0: 1.0 is not a whole number: write 1"),
        ("datasets/mine/other_labels", [255.0], "255.0 is not a whole number: write 255"),
        ("metrics/nsd_tolerance_mm", float("nan"), "metrics.nsd_tolerance_mm: nan cannot be computed with"),
        ("metrics/nsd_tolerance_mm", float("inf"), "metrics.nsd_tolerance_mm: inf"),
        ("devise", "cpu", r"unknown key 'devise' in the top level. Did you mean 'device'\?"),
        ("prompts/click", 3, r"unknown key 'click' in prompts. Did you mean 'clicks'\?"),
        ("datasets/mine/task", {}, r"unknown key 'task' in datasets.mine. Did you mean 'tasks'\?"),
        ("datasets/mine/modality", "mr", r"datasets.mine.modality: 'mr' is not allowed. Did you mean 'mri'\?"),
        ("datasets/mine/source", {"kind": "pypi", "package": "x"}, "datasets.mine.source: 'version' is missing"),
        ("datasets/mine/source", [{"kind": "http"}], "datasets.mine.source.0: 'url' is missing"),
        (
            "datasets/mine/source",
            {"kind": "http", "url": "u", "md6": ""},
            r"'md6' in datasets.mine.source. Did you mean",
        ),
        ("datasets/mine/source", {"kind": "http", "url": "u", "verify_tls": False}, "'sha256' is missing"),
        ("datasets/mine/source", {"kind": "kaggle", "dataset": "a/b"}, "datasets.mine.source: 'home' is missing"),
        ("datasets/mine/sampling", {"evry": 2}, r"unknown key 'evry' in datasets.mine.sampling. Did you mean 'every'"),
        ("datasets/mine/sampling", "none", "datasets.mine.sampling: 'none' must be 'all' or a mapping"),
        ("datasets/mine/cases", [{"image": ["a", "b"], "labels": "c"}], "datasets.mine.cases.0.image: .* too short"),
        ("methods/box_fill/seen", {"mine": {"answer": "y", "source": ""}}, "'y' is not allowed.*'yes'"),
        ("datasets/mine/tasks", {"lung": [0]}, "datasets.mine.tasks: lung names the label 0, which is the background"),
        ("run/datasets", ["min"], r"run.datasets names 'min', which is not an entry of datasets:. Did you mean 'mine'"),
        ("version", 1, r"unknown key 'version' in the top level. Known keys: run, "),
        ("run/ablation", ["released"], "run.ablation names 'released', which is not an entry of protocols:"),
        ("methods/box_fill/protocols", {"correct": {}}, r"methods.box_fill.protocols names 'correct'.*'corrected'"),
        ("methods/box_fill/same_as", "box_fill", "methods.box_fill.same_as names the method itself"),
        (
            "methods/box_fill/same_as",
            "box_fil",
            r"'box_fil', which is not an entry of methods:. Did you mean 'box_fill'",
        ),
        ("run/methods", ["boxfill"], r"Did you mean 'box_fill'\?"),
        ("prompts/clicks", 0, "prompts.clicks: 0 is less than the minimum of 1"),
        (
            "protocols/corrected/refine",
            False,
            "'refine' in protocols.corrected. Did you mean 'refinement'",
        ),
        ("methods/box_fill/protocols", {"corrected": {"previous_mask": "kept"}}, "'kept' is not allowed. .* 'keep'"),
        (
            "methods/box_fill/protocols",
            {"corrected": {"previous": "keep"}},
            "unknown key 'previous' in methods",
        ),
        (
            "methods/box_fill/checkpoint",
            {"licence": "MIT"},
            "methods.box_fill.checkpoint: 'home' is missing",
        ),
        ("methods/box_fill/checkpoint", {"parts": [{"url": "u"}]}, "'file' is missing"),
        (
            "methods/box_fill/checkpoint",
            {"path": "none.pth", "url": "https://example.org/w.pth", "licence": "MIT"},
            r"none.pth is not there. Get it from https://example.org/w.pth \(MIT\) and put it there",
        ),
    ],
)
def test_mistakes_are_named_with_the_nearest_word(path, value, message):
    with pytest.raises(PromptsegError, match=message):
        check(edited(path, value))


def test_a_run_names_both_methods_that_should_be_equal():
    fill = BASE["methods"]["box_fill"]
    config = edited("methods", {"fill": fill, "mine": {**fill, "same_as": "fill"}})
    config["run"]["methods"] = ["mine"]
    with pytest.raises(
        PromptsegError, match=r"methods.mine.same_as: to compare mine with fill .* add fill to run.methods"
    ):
        check(copy.deepcopy(config))
    for chosen in (["fill"], ["fill", "mine"]):
        config["run"]["methods"] = chosen
        check(copy.deepcopy(config))


def test_a_method_changes_only_the_switches_that_it_names():
    config = check(edited("methods/box_fill/protocols", {"corrected": {"previous_mask": "reset"}}))
    assert config["methods"]["box_fill"]["protocols"] == {"corrected": {"previous_mask": "reset"}}
    assert config["protocols"]["corrected"]["previous_mask"] == "keep"


def test_shipped_configuration_is_valid():
    config = load([], [SCRIPTS.parents[1] / path for path in SHIPPED])
    assert len(config["run"]["datasets"]) >= 5
    assert sum(len(config["datasets"][name]["tasks"]) for name in config["run"]["datasets"]) >= 14
    assert all(config["datasets"][name]["licence"] != "not stated" for name in config["run"]["datasets"])


def test_the_comparison_of_back_ends_sets_each_of_them_beside_the_quickstarts_sam():
    root = SCRIPTS.parents[1]
    config = load([root / "config" / "backends.yaml"], [root / path for path in SHIPPED])
    assert facts.same_as(config) == dict.fromkeys(config["run"]["methods"][1:], "sam_small")
    computed = {
        (entry.get("backend"), entry.get("precision")) for entry in map(config["methods"].get, facts.same_as(config))
    }
    assert computed == {(None, "bf16"), (None, "int8"), ("openvino", None), ("onnxruntime", None)}


def names(paths):
    return {path.relative_to(SCRIPTS / "promptseg").as_posix() for path in paths}


def test_library_of_a_script_is_what_it_imports_directly_or_not():
    prompts = names(library_of(SCRIPTS / "prompts.py"))
    assert {"prompts/modes.py", "prompts/tables.py", "core/masks.py", "core/errors.py", "core/randomness.py"} <= prompts
    assert not {"score/scoring.py", "predict/run.py", "methods/sam.py"} & prompts
    predict = names(library_of(SCRIPTS / "predict.py"))
    assert "methods/base.py" in predict
    assert "methods/sam.py" not in predict
    assert "score/scoring.py" not in predict


def test_adapters_are_found_without_being_imported(tmp_path):
    assert adapter_file("promptseg.methods.sam:Sam") == SCRIPTS / "promptseg" / "methods" / "sam.py"
    assert adapter_file("somewhere/mine.py:Mine") == Path("somewhere/mine.py")
    assert adapter_file("torch.nn:Module") is None
    assert adapter_file("no_such_module:Class") is None


def test_the_protocol_of_the_authors_is_taken_apart_against_the_corrected_one():
    config = copy.deepcopy(BASE)
    config["protocols"]["authors"] = {"mask_feedback": "logits", "multimask": "official"}
    config["run"]["ablation"] = ["authors"]
    corrected = {key: value for key, value in check(config)["protocols"]["corrected"].items() if key != "title"}
    found = {(one["protocol"], one["switch"]): one["switches"] for one in protocols_of(config, "box_fill")}
    assert found == {
        ("corrected", None): corrected,
        ("authors", None): corrected | {"mask_feedback": "logits", "multimask": "official"},
        ("authors", "mask_feedback"): corrected | {"multimask": "official"},
        ("authors", "multimask"): corrected | {"mask_feedback": "logits"},
    }


def test_protocols_of_a_method_with_its_own_changes_and_taken_apart():
    config = copy.deepcopy(BASE)
    config["protocols"]["released"] = {"error_region": "joint", "previous_mask": "reset"}
    config["run"]["ablation"] = ["released"]
    config["methods"]["ritm"] = {"adapter": "a:B", "protocols": {"released": {"previous_mask": "keep"}}}
    corrected = check(config)["protocols"]["corrected"]
    authors = {key: value for key, value in corrected.items() if key != "title"}  # all defaults

    def found(method):
        return {(entry["protocol"], entry["switch"]): entry["switches"] for entry in protocols_of(config, method)}

    assert found("box_fill") == {
        ("corrected", None): authors,
        ("released", None): authors | {"error_region": "joint", "previous_mask": "reset"},
        ("released", "error_region"): authors | {"previous_mask": "reset"},
        ("released", "previous_mask"): authors | {"error_region": "joint"},
    }
    assert found("ritm") == {
        ("corrected", None): authors,
        ("released", None): authors | {"error_region": "joint"},
        ("released", "error_region"): authors,
    }


def test_protocols_have_titles_and_methods_cannot_change_them():
    config = copy.deepcopy(BASE)
    config["protocols"] |= {"mine": {}, "theirs": {"title": "as they do"}}
    titles = {name: entry["title"] for name, entry in check(config)["protocols"].items()}
    assert (titles["mine"], titles["theirs"]) == ("mine", "as they do")
    config["methods"]["box_fill"]["protocols"] = {"mine": {"title": "other"}}
    with pytest.raises(PromptsegError, match=r"methods\.box_fill\.protocols\.mine"):
        check(config)
