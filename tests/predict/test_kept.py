"""Answers of an earlier job: a run that grew step by step is one made at once, and asks only what is missing."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from promptseg.methods import Settings
from promptseg.methods.base import Method
from promptseg.methods.classical import GrabCut, RegionGrowing
from promptseg.methods.controls import BoxFill, ClickDisk, Perfect
from promptseg.methods.ritm import Ritm
from promptseg.methods.sam import Sam
from promptseg.predict.engine import Runner
from promptseg.predict.kept import as_one_job, folder_of, keep, read_kept, total
from promptseg.predict.plan import Plan
from promptseg.predict.run import predict
from promptseg.prompts.clicks import Protocol
from support.objects import MODES, disk, image, targets
from support.projects import ROOT

QUICKSTART = ROOT / "resources" / "quickstart"
RELEASED = Protocol("joint", "any_class", True, "chamfer5", previous_mask="reset", refinement=False)
PLAN = Plan(clicks=3, tie_break="first")
BOTH = {("corrected", None): Protocol(), ("as_released", None): RELEASED}
METHODS = {
    "perfect": lambda: Perfect(Settings()),
    "box_fill": lambda: BoxFill(Settings()),
    "click_disk": lambda: ClickDisk(Settings(options={"radius": 0.2})),
    "region_growing": lambda: RegionGrowing(Settings()),
    "grabcut": lambda: GrabCut(Settings()),
    "sam_small": lambda: Sam(Settings(variant="small", weights=QUICKSTART / "sam_small.safetensors")),
    "ritm_small": lambda: Ritm(
        Settings(
            variant="small",
            weights=QUICKSTART / "ritm_small.safetensors",
            options={"flip": False, "target_size": 96, "skip_clicks": -1, "min_crop_size": 64},
        )
    ),
}


def pictures(modes, odd=False):
    """Six images with two objects each; with `odd`, the label map of the second is another one."""
    found = []
    for index in range(6):
        labels = disk((40, 50), (14, 12 + index), 6 + index % 3) + 2 * disk((40, 50), (28, 36), 7)
        if odd and index == 1:
            labels = disk((40, 50), (15, 13), 9) + 2 * disk((40, 50), (28, 36), 7)
        picture = image(disk((40, 50), (14, 12 + index), 6) + 2 * disk((40, 50), (28, 36), 6), f"image{index}")
        noise = np.random.default_rng(index).integers(0, 12, picture.pixels.shape, np.uint8)
        shown = replace(picture, pixels=picture.pixels + noise, labels=labels)
        found.append((shown, targets(labels, [1, 2], modes, name=f"image{index}")))
    return found


@pytest.fixture(scope="module")
def methods():
    """Each is loaded once; it counts what it is asked."""
    made = {}

    def get(name):
        if name not in made:
            made[name] = METHODS[name]()
        method = made[name]
        method.counted = 0

        def predict(queries):
            method.counted += len(queries)
            return type(method).predict(method, queries)

        method.predict = predict
        return method

    return get


def job(folder, method: Method, modes=MODES, plan=PLAN, fingerprint="same", pairs=None):
    """One job with the outputs of a method, and what it left behind; how many prompts were asked."""
    method.counted = 0
    paths = folder / "images.parquet", folder / "images.everything.parquet"
    kept = read_kept(folder_of(paths[0]), fingerprint, method.needs_truth)
    runner = Runner(method, plan, kept=kept)
    cost = total(kept.cost, predict(pairs or pictures(modes), runner, paths[0], everything=paths[1]))
    for path in paths:
        assert path.is_file()
    keep(folder_of(paths[0]), fingerprint, plan, runner.asked, cost, paths, stateful=runner.stateful)
    return method.counted


STEPS = {
    "modes": [{"modes": ["mode1"]}, {"modes": ["mode1", "mode3"]}, {}],
    "fewer modes": [{}, {"modes": ["mode5", "iterative"]}],
    "clicks": [{"plan": replace(PLAN, clicks=2)}, {"plan": replace(PLAN, clicks=5)}],
    "fewer clicks": [{"plan": replace(PLAN, clicks=5)}, {"plan": replace(PLAN, clicks=2)}],
    "protocol": [{}, {"plan": replace(PLAN, protocols=BOTH)}],
    "renamed": [{}, {"plan": replace(PLAN, protocols={("mine", None): Protocol()})}],
    "seed": [{"plan": replace(PLAN, tie_break="random", seed=s)} for s in (1, 2)],
    "label map": [{}, {"pairs": pictures(MODES, odd=True)}],
}


# Their masks do not depend on what else is in a batch; the last bits of their scores do (torch 2 on a CPU).
NETWORKS = ("sam_small", "ritm_small")
CASES = [(name, step) for name in METHODS for step in STEPS if name not in NETWORKS]
CASES += [("sam_small", "modes"), ("sam_small", "label map"), ("ritm_small", "protocol")]


@pytest.mark.parametrize(("name", "steps"), CASES)
def test_a_run_that_grew_is_one_that_was_made_at_once(methods, tmp_path, name, steps):
    grown, once = tmp_path / "grown", tmp_path / "once"
    for step in STEPS[steps]:
        asked = job(grown, methods(name), **step)
    alone = job(once, methods(name), **STEPS[steps][-1])
    if name in NETWORKS:
        tables = [pq.read_table(folder / "images.parquet").to_pandas() for folder in (grown, once)]
        scores = [table.pop("score").to_numpy(np.float64) for table in tables]
        pd.testing.assert_frame_equal(*tables)
        np.testing.assert_allclose(*scores, rtol=1e-6)
    else:
        assert (grown / "images.parquet").read_bytes() == (once / "images.parquet").read_bytes()
    assert asked == 0 if steps in ("fewer modes", "fewer clicks", "renamed") else asked <= alone


def test_only_what_is_missing_is_asked(methods, tmp_path):
    """Twelve objects, each in one piece."""
    disks = methods("click_disk")
    assert job(tmp_path, disks, ["mode1"]) == 12
    assert job(tmp_path, disks, ["mode1", "mode2"]) == 0  # the same point
    assert job(tmp_path, disks, ["mode1", "iterative"], replace(PLAN, clicks=1)) == 12
    more = job(tmp_path, disks, ["mode1", "iterative"], replace(PLAN, clicks=2))
    assert more == 10  # the second clicks alone, of objects that the first disk is not equal to
    other = [(replace(one, pixels=one.pixels // 2), found) for one, found in pictures(["mode1"])[:1]]
    assert job(tmp_path, disks, ["mode1"], pairs=[*other, *pictures(["mode1"])[1:]]) == 0  # it looks at no pixel
    regions = methods("region_growing")
    assert job(tmp_path / "regions", regions, ["mode1"]) == 12
    assert job(tmp_path / "regions", regions, ["mode1"], pairs=[*other, *pictures(["mode1"])[1:]]) == 2


def test_what_made_the_answers_has_to_be_the_same(methods, tmp_path, caplog):
    disks = methods("click_disk")
    assert job(tmp_path, disks, ["mode1"]) == job(tmp_path, disks, ["mode1"], fingerprint="other") == 12
    about = tmp_path / ".images.kept" / "about.json"
    assert json.loads(about.read_text())["fingerprint"] == "other"
    about.write_text("{}")
    assert job(tmp_path, disks, ["mode1"], fingerprint="other") == 12
    assert "cannot be used and is ignored" in caplog.text
    assert sorted(path.name for path in tmp_path.glob("*.parquet")) == ["images.everything.parquet", "images.parquet"]
    assert [path for path in tmp_path.rglob("*.parquet") if ".kept" in str(path)] == []


def test_failures_are_asked_again(tmp_path):
    class Moody(ClickDisk):
        counted, fails = 0, True

        def predict(self, queries):
            self.counted += len(queries)
            if self.fails and any(query.prompt.points[0][0] > 30 for query in queries):
                raise ValueError("not today")
            return super().predict(queries)

    moody = Moody(Settings())
    job(tmp_path, moody, ["mode1"])
    moody.fails = False
    assert job(tmp_path, moody, ["mode1"]) == 6
    assert set(pq.read_table(tmp_path / "images.parquet")["status"].to_pylist()) == {"ok"}


def test_costs_are_those_of_one_job():
    cost = {"encode_seconds": 2.0, "encodings": 4, "images": 4, "decode_seconds": 1.0, "everything_seconds": 0.0}
    cost |= {"wall_seconds": 4.0, "prompts": 8, "predictions": 8, "peak_memory_mb": 5.0, "reused": 0}
    more = {**cost, "prompts": 2, "predictions": 10, "peak_memory_mb": 3.0, "reused": 8}
    both = as_one_job(total(cost, more))
    assert (both["images"], both["predictions"], both["prompts"], both["reused"]) == (4, 10, 10, 8)
    assert (both["encode_seconds"], both["decode_seconds"], both["wall_seconds"]) == (2.0, 2.0, 6.0)
    assert both["peak_memory_mb"] == 5.0
    assert as_one_job(total({}, cost)) == cost
