"""Snakemake for real, from volumes in files to the masks of all routes."""

import os
import re
import subprocess
import sys

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
import yaml

from promptseg.analysis.provenance import SOURCES
from promptseg.core.tables import read_csv
from promptseg.volumes.analysis.retention import RETENTION
from promptseg.volumes.analysis.routes import ROUTES
from promptseg.volumes.routes.answers import read_answers
from support.bodies import cylinder, dice
from support.browser import Visit, chromium, visit

__all__ = ["chromium", "visit"]

MADE = [f"results/volumes/predictions/{method}/bodies.parquet" for method in ("region_growing", "contours")]
SHAPE = (12, 40, 44)


@pytest.fixture(scope="module")
def predicted(volumes):
    """The project with its predictions, and all that is made of them."""
    volumes.run(*MADE, "results/report/volumes.html")
    return volumes


def test_every_route_of_a_method_and_the_controls(predicted):
    bodies = {
        name: cylinder(SHAPE, radius=8, first=first, last=last, centre=(18, 20))
        for name, first, last in (("a", 3, 7), ("b", 2, 9))
    }
    routes = {"each", "between", "carry_point"}, {"extrude", "interpolate"}
    for path, expected in zip(MADE, routes, strict=True):
        file = predicted.path / path
        rows = pd.read_parquet(file)
        assert set(rows["route"]) == expected
        assert set(rows["status"]) == {"ok"}
        seconds = pd.read_parquet(file.with_suffix(".seconds.parquet"))
        assert (seconds["n_objects"] == 2).all()
    # A grown region ends where the grey value does: nothing lies beyond, though the ends are open.
    for name, body in bodies.items():
        for answer in read_answers(predicted.path / MADE[0], [f"{name}:thing"], SHAPE):
            if answer.setting.route == "carry_point":
                assert answer.masks.slices == np.flatnonzero(body.any((1, 2))).tolist()
                assert dice(answer.masks, body) > 0.8  # its rim is smoothed
                assert answer.facts["first"] == (0 if answer.setting.extents == "open" else answer.masks.slices[0])


def test_presets_and_label_maps_of_volumes(predicted):
    config = yaml.safe_load((predicted.path / "my.yaml").read_text())
    preset = {
        "start": {"prompt": "point", "slices": "middle"},
        "clicks": {"rule": "deepest", "region": "joint"},
        "prompts": 1,
        "route": ["memory", "each"],
        "asks": ["volumes"],
        "metrics": {"dice": {}},
        "summaries": [{"name": "dice", "metric": "dice", "kind": "final"}],
    }
    config["protocols"] = {**config.get("protocols", {}), "theirs": preset}
    config["run"] = {**config["run"], "protocols": ["theirs"]}
    config["compose"] = {"enabled": True, "label_maps": True, "rules": ["first_wins", "largest_probability"]}
    predicted.configure(config, "presets.yaml")
    kinds = ("protocols/scores/{}.volumes", "composed/volumes/{}")
    scores, composed = (f"results/{kind.format('region_growing/bodies')}.parquet" for kind in kinds)
    predicted.run(scores, composed, configfile="presets.yaml")
    rows = pd.read_parquet(predicted.path / scores)
    # The middle slice of each body is answered, and after it that of the click.
    one, two = (rows[rows["step"] == step]["dice"].to_numpy() for step in (0, 1))
    assert set(rows["status"]) == {"ok"}
    assert (two > one).all()
    objects = pd.read_parquet(predicted.path / composed)
    assert set(objects["status"]) == {"ok", "not_applicable: probabilities of voxels are not kept"}
    assert (objects["lost"].dropna() == 0).all()  # a volume has one object
    maps = predicted.path / "results/composed/volumes/region_growing/bodies.label_maps"
    assert len(list(maps.rglob("a.nii.gz"))) == objects["setting"].nunique()


def test_the_pages_lead_to_each_volume(predicted):
    report = predicted.path / "results" / "report"
    page = (report / "volumes.html").read_text()
    for name in ("a", "b"):
        assert f'<a href="volumes/bodies/{name}.html">bodies, {name}</a>: thing' in page
        volume = (report / "volumes" / "bodies" / f"{name}.html").read_text()
        assert "Region growing: point carried, 3 slices, point, ends open, 1 click" in volume
        assert re.search(r'<p class="soft">(.* )?Licence: \S.*\.</p>', volume)
    assert page.count('<template id="full-') == 4  # routes, retention, overrun, strips


@pytest.mark.parametrize("width", [1200, 400])
def test_the_pages_in_a_browser(predicted, visit: Visit, width):
    report = predicted.path / "results" / "report"
    page = visit.open(report / "volumes.html", width=width)
    assert visit.inaccessible() == []
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.get_by_role("link", name="bodies, a").click()
    page.wait_for_url("**/volumes/bodies/a.html")
    before = page.locator("#where").inner_text()
    page.keyboard.press("ArrowRight")
    assert page.locator("#where").inner_text() != before
    assert visit.inaccessible() == []
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_masks_are_exported_onto_their_files(predicted):
    wish = ["--route", "each", "--clicks", "0", "-o", "masks"]
    assert call(predicted, "export-volumes", "-m", "region_growing", *wish).endswith("masks\n")
    for name in ("a", "b"):
        ours = nib.load(predicted.path / "masks" / "region_growing" / "bodies" / f"{name}__thing.nii.gz")
        theirs = nib.load(predicted.path / "data" / "bodies" / "masks" / f"{name}.nii.gz")
        np.testing.assert_array_equal(ours.affine, theirs.affine)
        mask, truth = (np.asarray(image.dataobj).astype(bool) for image in (ours, theirs))
        assert 2 * (mask & truth).sum() / (mask.sum() + truth.sum()) > 0.8
    several = call(predicted, "export-volumes", "-m", "region_growing", "-o", "other", rc=1)
    assert "settings of region_growing fit: choose one" in several
    assert not (predicted.path / "other").exists()


def call(project, *arguments, rc=0):
    """What the command says in the project."""
    command = [sys.executable, "-m", "promptseg.command", *arguments, "-c", "my.yaml"]
    environment = {**os.environ, "PYTHONPATH": str(project.path / "workflow" / "scripts")}
    done = subprocess.run(command, cwd=project.path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == rc, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_tables_and_figures_of_routes(predicted):
    results = predicted.path / "results"
    for name in ("routes", "retention", "overrun", "volume_strips_bodies"):
        assert (results / "figures" / f"{name}.pdf").is_file()
    table = read_csv(results / "tables" / "routes.csv", ROUTES)
    table = table[(table["level"] == "all") & (table["method"] == "contours")].set_index(["route", "extents"])
    # A cylinder is its own contour, copied or interpolated; with open ends a copy goes on to those of the volume.
    assert table["dice"].round(6).to_dict() == {
        ("extrude", "given"): 1.0,
        ("extrude", "open"): round((2 * 5 / (5 + 12) + 2 * 8 / (8 + 12)) / 2, 6),
        ("interpolate", "given"): 1.0,
        ("interpolate", "open"): round((1 + 2 * 6 / (6 + 8)) / 2, 6),
    }
    assert table["overrun_mm"].to_dict()["extrude", "open"] == 3 * (7 + 4) / 2
    assert set(table["provenance"]) <= set(
        read_csv(results / "tables" / "volume_provenance.csv", SOURCES)["provenance"]
    )
    curve = read_csv(results / "tables" / "retention.csv", RETENTION)
    assert (curve.loc[(curve["route"] == "extrude") & (curve["extents"] == "given"), "dice"] == 1).all()
    assert "| `half_distance` |" in (results / "tables" / "volumes.md").read_text()


def test_what_a_change_asks_again(predicted):
    config = yaml.safe_load((predicted.path / "my.yaml").read_text())

    def planned(**changes):
        predicted.configure({**config, "volumes": {**config["volumes"], **changes}}, "changed.yaml")
        return predicted.planned(*MADE, configfile="changed.yaml")

    # It carries points and gives one mask.
    assert planned(grow=0.5, selection="first", reset=False, connectivity=6) == {}
    assert planned(stop_iou=0.9) == {"predict_volumes": 1}


def test_what_a_change_of_the_data_makes_again(predicted):
    """`volumes` of a dataset concerns its volumes and what follows, `sampling` its images alone."""
    config = yaml.safe_load((predicted.path / "my.yaml").read_text())

    def planned(**changes):
        bodies = {**config["datasets"]["bodies"], **changes}
        predicted.configure({**config, "datasets": {**config["datasets"], "bodies": bodies}}, "changed.yaml")
        return predicted.planned(*MADE, configfile="changed.yaml")

    assert planned(sampling={"every": 2}) == {}
    assert planned(volumes={"parts": True}) == {"build_volumes": 1, "predict_volumes": 2}


def test_names_and_kinds_of_methods(predicted):
    config = yaml.safe_load((predicted.path / "my.yaml").read_text())

    def said(**changes):
        predicted.configure({**config, **changes}, "changed.yaml")
        done = predicted.snakemake("-n", configfile="changed.yaml")
        assert done.returncode != 0
        return done.stdout

    assert "volumes.methods names 'region_growin'" in said(volumes={"methods": ["region_growin"]})
    (predicted.path / "whole.py").write_text(
        "from promptseg.methods.volume import VolumeMethod\n"
        "class Whole(VolumeMethod):\n    def answer(self, volume, queries):\n        return []\n"
    )
    run = {**config["run"], "methods": ["whole"]}
    text = said(run=run, methods={"whole": {"adapter": "whole.py:Whole"}})
    assert "run.methods names whole, whose adapter whole.py:Whole is for volumes and answers no image." in text
