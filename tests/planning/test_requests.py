"""What jobs ask of a cluster, with literal values."""

import copy

import pytest
import yaml

from promptseg.config.check import check
from promptseg.config.schema import SCRIPTS
from promptseg.planning.counts import shards
from promptseg.planning.requests import Expected, Requests

CONFIG = SCRIPTS.parents[1] / "config"


def checked(datasets, methods, **keys):
    """The shipped registries with a run of these."""
    config = {}
    for name in ("datasets", "methods", "protocols", "config"):
        config |= yaml.safe_load((CONFIG / f"{name}.yaml").read_text())
    config |= {"run": {**config["run"], "datasets": datasets, "methods": methods}, **keys}
    check(config)
    return config


@pytest.fixture(scope="module")
def config():
    own = {"source": {"kind": "folder", "path": "data/own"}, "tasks": {"a": [1], "b": [2]}, "modality": "xray"}
    mine = {"adapter": "promptseg.methods.sam:Sam", "gpu": True, "variant": "vit_b", "checkpoint": {"path": "mine.pth"}}
    found = checked(["lesions_mri", "ct_liver"], ["box_ellipse", "sam_vit_h"], cluster={})
    found["datasets"]["own"], found["methods"]["mine"] = own, mine
    check(found)
    return found


def asks(config, rule, attempt=1, **wildcards):
    """(MB, minutes) of a job."""
    requests = Requests(config)
    return requests.mem_mb(wildcards, attempt, rule), requests.runtime(wildcards, attempt, rule)


def test_what_a_dataset_holds_is_declared_or_taken_to_be_large(config):
    requests = Requests(config)
    assert requests.expected("lesions_mri") == Expected(images=13, objects=26, megapixels=0.262144, slices=104)
    assert requests.expected("ct_liver") == Expected(images=5501, objects=5501, megapixels=0.262144, slices=1000)
    assert requests.expected("own") == Expected(images=2000, objects=4000, megapixels=12, slices=0)
    assert requests.expected() == Expected(images=5514, objects=5527, megapixels=0.262144, slices=1000)


def test_small_jobs_ask_for_little_and_large_ones_for_enough(config):
    assert asks(config, "predict", dataset="lesions_mri", method="box_ellipse") == (1000, 5)
    memory, minutes = asks(config, "predict_shard", dataset="ct_liver", method="sam_vit_h")
    # Measured on a CPU: 4.4 GB (README); on the host of a GPU rather less.
    assert 1.5 * 4400 < memory < 6 * 4400
    assert 60 <= minutes <= 24 * 60
    large, _ = asks(config, "predict", dataset="own", method="sam_vit_h")
    assert large > memory


def test_what_is_not_known_of_a_method_is_taken_to_be_large(config):
    mine, known = (asks(config, "predict_shard", dataset="ct_liver", method=name) for name in ("mine", "sam_vit_h"))
    assert mine[0] > known[0]
    assert mine[1] > known[1]


def test_each_attempt_asks_for_twice_as_much(config):
    first = asks(config, "predict", dataset="lesions_mri", method="sam_vit_h")
    assert asks(config, "predict", 3, dataset="lesions_mri", method="sam_vit_h") == (4 * first[0], 4 * first[1])


def test_no_job_asks_for_more_than_the_cluster_has(config):
    small = copy.deepcopy(config)
    small["cluster"] |= {"max_memory_gb": 6, "max_hours": 0.05}
    assert asks(small, "predict", dataset="ct_liver", method="sam_vit_h") == (6000, 3)
    small["cluster"]["max_hours"] = 0.01
    assert asks(small, "predict", dataset="ct_liver", method="sam_vit_h") == (6000, 1)  # Slurm takes 0 for no limit


def test_without_a_gpu_a_network_takes_longer_and_a_job_less_memory_for_cuda(config):
    alone = copy.deepcopy(config)
    alone["device"] = "cpu"
    on_gpu, on_cpu = (asks(one, "predict_shard", dataset="ct_liver", method="sam_vit_h") for one in (config, alone))
    assert on_cpu[1] > 3 * on_gpu[1]
    assert on_cpu[0] < on_gpu[0]


@pytest.mark.parametrize("rule", ["aggregate", "tabulate_trust", "build_page", "plot_modes"])
def test_jobs_about_the_whole_run_have_no_dataset(config, rule):
    memory, minutes = asks(config, rule)
    assert 1000 <= memory <= 16_000
    assert 5 <= minutes <= 240


def test_shards_share_the_work(config):
    cut, whole = (Requests(config).seconds(rule, "ct_liver", "sam_vit_h") for rule in ("predict_shard", "predict"))
    assert whole / cut == pytest.approx(3, rel=0.05)


@pytest.mark.parametrize(
    ("about", "expected"),
    [
        ({}, 1),
        ({"images": 2000}, 1),
        ({"images": 2001}, 2),
        ({"images": 704, "megapixels": 20}, 8),
        ({"images": 8000, "megapixels": 0.1}, 4),
    ],
)
def test_shards_follow_the_pixels_that_are_declared(config, about, expected):
    entry = {**config["datasets"]["own"], "modality": "ct", "expected": about}
    assert shards(entry) == expected
    assert shards({**entry, "shards": 5}) == 5


def test_shards_of_the_study(config):
    cut = {name: count for name, entry in config["datasets"].items() if (count := shards(entry)) > 1}
    assert cut == {
        "ct_liver": 3,
        "ct_liver_lits": 3,
        "ct_pancreas": 5,
        "ct_hepatic_vessel": 7,
        "ct_organ": 3,
        "mri_brain": 7,
        "mri_brain_decathlon": 7,
        "xray_chest": 8,
        "us_kidney": 3,
        "us_muscle": 3,
        "us_nerve": 2,
    }
