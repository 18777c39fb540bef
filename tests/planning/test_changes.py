"""What changed in a configuration, and which jobs that concerns."""

import pytest

from promptseg.planning.changes import NOTHING, Change, differences, stages_of
from promptseg.planning.jobs import Job


def job(stage, **wildcards):
    return Job(1, "rule", stage, wildcards, ("out",))


def texts(old, new):
    return [str(change) for change in differences(old, new)]


def test_single_values_and_lists_of_names():
    old = {"prompts": {"seed": 1}, "run": {"methods": ["a", "b"]}, "device": "auto"}
    new = {"prompts": {"seed": 2}, "run": {"methods": ["b", "c"]}, "device": "auto"}
    assert texts(old, new) == ["prompts.seed: 1 -> 2", "run.methods: +c, -a"]


def test_another_order_of_names_is_shown_as_it_is():
    assert texts({"run": {"methods": ["a", "b"]}}, {"run": {"methods": ["b", "a"]}}) == [
        'run.methods: ["a", "b"] -> ["b", "a"]'
    ]


def test_windows_of_different_kinds_are_one_change_and_those_of_one_kind_a_number():
    def entry(**intensity):
        return {"datasets": {"ct": {"intensity": intensity}}}

    assert texts(entry(kind="none"), entry(kind="window", low=0)) == [
        'datasets.ct.intensity: {"kind": "none"} -> {"kind": "window", "low": 0}'
    ]
    assert texts(entry(kind="window", low=-160), entry(kind="window", low=-100)) == [
        "datasets.ct.intensity.low: -160 -> -100"
    ]


def test_a_key_that_was_not_there():
    assert texts({"methods": {"m": {"options": {}}}}, {"methods": {"m": {"options": {}, "variant": "b"}}}) == [
        "methods.m.variant: not given -> b"
    ]


def test_that_an_entry_is_used_is_said_by_run():
    assert texts({"methods": {}}, {"methods": {"m": {"adapter": "a.py:A"}}}) == []


def test_long_values_are_cut():
    (text,) = texts({"datasets": {"a": {"home": ""}}}, {"datasets": {"a": {"home": "x" * 100}}})
    assert text == f"datasets.a.home:  -> {'x' * 60}..."


@pytest.mark.parametrize(
    ("path", "stages"),
    [
        (("prompts", "tie_break"), ("prompts", "predict", "volumes", "users", "report")),
        (("datasets", "ct", "intensity", "low"), ("preprocess", "volumes")),
        (("protocols", "ritm", "prompts"), ("protocols",)),
        (("protocols", "corrected", "distance"), ("predict", "users")),
        (("run", "unavailable"), ()),
        (("no", "such", "key"), ()),
    ],
)
def test_the_schema_says_what_depends_on_a_key(path, stages):
    assert stages_of(path) == stages


def test_an_entry_concerns_its_own_jobs():
    change = Change(("datasets", "ct", "axis"), "axial", "coronal")
    assert change.concerns(job("preprocess", dataset="ct"))
    assert not change.concerns(job("preprocess", dataset="mri"))
    assert not change.concerns(job("score", dataset="ct"))


def test_titles_concern_the_page():
    assert Change(("datasets", "ct", "title"), NOTHING, "CT").concerns(job("report"))
