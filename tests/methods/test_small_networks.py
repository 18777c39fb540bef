"""The small networks that ship with the project: their files, and a run of the pipeline with all four."""

import copy

import numpy as np
import pandas as pd
import pytest
import yaml
from segment_anything import SamPredictor

from promptseg.core.masks import iou, tight_box
from promptseg.methods import Prompt, Query, Settings
from promptseg.methods.checkpoints import load_state_dict, load_strictly
from promptseg.methods.sam import Sam
from promptseg.training.generate import sample
from support.projects import ROOT, TINY, Project

SHIPPED = ROOT / "resources" / "quickstart"
FIGURES = ["candidates", "calibration", "ambiguity_blobs"]
NAMES = ["sam_small", "ritm_small", "simpleclick_small", "focalclick_small"]
METHODS = yaml.safe_load((ROOT / "config" / "methods.yaml").read_text())["methods"]


def test_all_weights_together_are_small():
    files = sorted(SHIPPED.glob("*.safetensors"))
    assert {path.stem for path in files} == set(NAMES)
    assert sum(path.stat().st_size for path in files) < 60e6


@pytest.mark.parametrize("name", NAMES)
def test_card_and_registry_say_what_a_network_is_and_is_not(name):
    card = (SHIPPED / f"{name}.md").read_text()
    rows = ("training data", "steps", "time", "seed", "stages", "losses", "licence | Apache-2.0", "finished")
    for words in (*rows, "Intended use", "Not to be used", "It is not the published"):
        assert words in card
    entry = METHODS[name]
    assert entry["title"].endswith(" family, small")
    assert "not the published models" in entry["note"]
    assert entry["checkpoint"]["path"] == f"resources/quickstart/{name}.safetensors"
    assert "published" not in entry
    assert name in yaml.safe_load((ROOT / "config" / "config.yaml").read_text())["run"]["methods"]


@pytest.fixture(scope="module")
def scores(tmp_path_factory):
    """Scores of a run with the four networks and two controls, and figures that only methods with candidates have."""
    project = Project.create(tmp_path_factory.mktemp("small") / "project")
    config = copy.deepcopy(TINY)
    config["run"] |= {"datasets": ["blobs"], "methods": ["box_fill", "click_disk", *NAMES]}
    config["prompts"]["clicks"] = 9
    project.configure(config)
    project.run("results/tables/scores.parquet", *(f"results/figures/{name}.png" for name in FIGURES))
    return pd.read_parquet(project.path / "results" / "tables" / "scores.parquet")


def mean(scores, method, mode, step=None, selection="first", protocol=None):
    rows = scores[(scores["method"] == method) & (scores["mode"] == mode) & (scores["selection"] == selection)]
    if step is not None:
        rows = rows[(rows["step"] == step) & (rows["protocol"] == protocol)]
    assert len(rows) == 6
    assert (rows["status"] == "ok").all()
    return rows["iou"].mean()


def test_networks_see_what_is_in_the_images(scores):
    assert mean(scores, "sam_small", "mode1") > mean(scores, "click_disk", "mode1")
    assert mean(scores, "sam_small", "mode4") > 0.7
    assert mean(scores, "sam_small", "mode4", selection="oracle") >= mean(scores, "sam_small", "mode4")
    for name in NAMES[1:]:
        assert mean(scores, name, "iterative", 9, protocol="corrected") > 0.7
        boxes = scores[(scores["method"] == name) & (scores["mode"] == "mode4")]
        assert set(boxes["status"]) == {"not_applicable"}


@pytest.mark.parametrize("shape", [(96, 128), (300, 200)])
def test_the_packages_predictor_around_sam_small_gives_our_masks(shape):
    weights = SHIPPED / "sam_small.safetensors"
    method = Sam(Settings(variant="small", weights=weights))
    network = Sam.architecture("small").eval()
    load_strictly(network, load_state_dict(weights), weights)
    drawn = sample(11, 0, max(shape), 1)
    pixels = np.repeat(drawn.pixels[: shape[0], : shape[1], None], 3, axis=2)
    predictor = SamPredictor(network)
    predictor.set_image(pixels)
    encoded = method.encode(pixels)
    points, labels = np.array([[40, 30], [70, 80]], np.int32), np.array([1, 0], np.int8)
    nothing = (np.zeros((0, 2), np.int32), np.zeros(0, np.int8))
    corners = np.array([20, 10, 90, 80], np.int32)
    for prompt, arguments in (
        (Prompt(points, labels), {"point_coords": points, "point_labels": labels}),
        (Prompt(*nothing, corners), {"box": corners}),
    ):
        expected, scores, _ = predictor.predict(**arguments, multimask_output=True, return_logits=True)
        answer = method.answer(encoded, prompt)
        logits, own_scores = answer.logits.numpy(), answer.scores.numpy()
        assert np.allclose(logits, expected, atol=1e-3)
        assert np.allclose(own_scores, scores, atol=1e-5)
        answer = method.predict([Query(encoded, prompt)])[0]
        sure = np.abs(expected) > 1e-2
        assert np.array_equal(answer.masks[sure], (expected > 0)[sure])
        assert sure.mean() > 0.9
        assert answer.masks.any()


def test_a_box_gives_the_object_in_it():
    method = Sam(Settings(variant="small", weights=SHIPPED / "sam_small.safetensors"))
    found = []
    for index in range(20):
        drawn = sample(12, index, 256, 1)
        corners = np.array(tight_box(drawn.objects[0]), np.int32)
        prompt = Prompt(np.zeros((0, 2), np.int32), np.zeros(0, np.int8), corners)
        encoded = method.encode(np.repeat(drawn.pixels[:, :, None], 3, axis=2))
        answer = method.predict([Query(encoded, prompt)])[0]
        found.append(iou(answer.masks[0], drawn.objects[0]))
    assert np.mean(found) > 0.5  # 0.57 when it was trained
