"""Presets beside a finished run: the protocol of docs/writing_a_protocol.md, and what its changes make again."""

import copy
import re

import pytest
import yaml

from promptseg.core.tables import read_csv, read_table
from promptseg.protocols.comparison.tables import PROTOCOLS
from promptseg.protocols.tables import PROTOCOL_ANSWERS
from support.projects import ROOT, RUN

PAGE = (ROOT / "docs" / "writing_a_protocol.md").read_text(encoding="utf-8")
(WRITTEN,) = re.findall(r"```yaml\n# my_protocol.yaml\n(.*?)```", PAGE, flags=re.DOTALL)
MINE = yaml.safe_load(WRITTEN)["protocols"]["clinic"]
TABLE = "results/tables/protocols.csv"
TRACK = {"predict_protocols": 4, "score_protocols": 4, "tabulate_protocols": 1}


def with_preset(**changes):
    config = copy.deepcopy(RUN)
    config["run"]["protocols"] = ["corrected", "clinic"]
    config["protocols"] = {"clinic": {**copy.deepcopy(MINE), **changes}}
    return config


def test_a_run_without_presets_plans_nothing_of_them_and_one_added_later_asks_nothing_else_again(project):
    assert project.planned() == {}
    project.configure(with_preset())
    page = {"build_page": 1, "build_explorer": 1, "write_captions": 1, "plot_protocols": 1}
    assert project.planned() == TRACK | page


@pytest.fixture(scope="module")
def asked(finished, tmp_path_factory):
    """The finished run with a ninth preset, and a small network in the place of the slow method."""
    project = finished.clone(tmp_path_factory.mktemp("preset") / "project")
    config = with_preset()
    config["run"] |= {"datasets": ["blobs"], "methods": ["perfect", "sam_small"]}
    project.configure(config)
    project.run(TABLE)
    return project, config


def test_a_protocol_of_a_users_own_is_asked_measured_and_summed_up(asked):
    project, _ = asked
    results = project.path / "results"
    answers = read_table(results / "protocols" / "answers" / "sam_small" / "blobs.parquet", PROTOCOL_ANSWERS)
    assert list(answers["variant"].unique()) == ["", "no_memory"]  # that of other means asks nothing
    assert set(answers["status"]) == {"ok"}
    objects = answers[answers["variant"] == ""].groupby("object_id")
    assert len(objects) == 6
    assert all(list(one["step"]) == list(range(len(one))) for _, one in objects)
    truth = read_table(results / "protocols" / "answers" / "perfect" / "blobs.parquet", PROTOCOL_ANSWERS)
    assert (truth.groupby(["object_id", "variant"]).size() == 1).all()
    assert truth["stopped"].all()
    table = read_csv(project.path / TABLE, PROTOCOLS)
    values = table[table["variant"] == ""].set_index(["dataset", "method", "summary"])["value"]
    assert values["blobs", "perfect", "dice_area"] == 2
    assert values["blobs", "perfect", "iou_final"] == 1
    assert 0 < values["blobs", "sam_small", "dice_area"] < 2
    assert set(table["variant"]) == {"", "no_memory", "cases"}


@pytest.mark.parametrize(
    ("change", "jobs"),
    [
        ({"clicks": {**MINE["clicks"], "region": "joint"}}, {"predict_protocols": 2, "score_protocols": 2}),
        ({"metrics": {"dice": {}, "iou": {}, "boundary_iou": {}}}, {"score_protocols": 2}),
        ({"averaging": ["classes", "cases"]}, {}),
        ({"title": "Another clinic"}, {}),
    ],
)
def test_what_a_change_of_a_preset_makes_again(asked, change, jobs):
    """Of the table; a title is for readers of pages and figures."""
    project, config = asked
    changed = copy.deepcopy(config)
    changed["protocols"]["clinic"] |= change
    project.configure(changed)
    tables = {} if "title" in change else {"tabulate_protocols": 1}
    assert project.planned(TABLE) == jobs | tables
