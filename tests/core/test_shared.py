"""Which root a run uses for what it may share, by what lies there and with which settings it was made."""

import pytest

from promptseg.core.shared import made_with, root_of

PART = "datasets/d/images.parquet"
SETTINGS = {"tasks": {"a": [1]}, "colours": {1: "#ff0000"}, "pair": (1, 2)}
OTHER = {**SETTINGS, "tasks": {"a": [2]}}


def make(root, settings=None):
    path = root / PART
    path.parent.mkdir(parents=True)
    if settings is None:
        path.touch()
    else:
        with made_with(settings, path):
            path.touch()


@pytest.mark.parametrize(
    ("shared", "run", "chosen"),
    [
        pytest.param({}, {}, "shared", id="nothing there"),
        pytest.param({"made": SETTINGS}, {}, "shared", id="equal, as JSON knows no tuples and no numbers as keys"),
        pytest.param({"made": OTHER}, {}, "run", id="other settings"),
        pytest.param({"made": {**SETTINGS, "pair": [1.0, 2]}}, {}, "run", id="equal, but not for Snakemake"),
        pytest.param({"made": dict(reversed(SETTINGS.items()))}, {}, "run", id="tasks in another order, say"),
        pytest.param({"made": None}, {}, "shared", id="without a record"),
        pytest.param({"made": SETTINGS}, {"made": OTHER}, "run", id="what the run has, it keeps"),
        pytest.param({}, {"made": SETTINGS}, "run", id="the run's own alone"),
    ],
)
def test_root(tmp_path, shared, run, chosen):
    for name, about in (("shared", shared), ("run", run)):
        if about:
            make(tmp_path / name, about["made"])
    roots = {name: str(tmp_path / name) for name in ("run", "shared")}
    assert root_of(PART, SETTINGS, roots["run"], roots["shared"]) == roots[chosen]


def test_one_root_for_both(tmp_path):
    make(tmp_path, OTHER)
    assert root_of(PART, SETTINGS, str(tmp_path), str(tmp_path)) == str(tmp_path)


def test_what_fails_leaves_no_record(tmp_path):
    make(tmp_path / "shared", OTHER)
    path = tmp_path / "shared" / PART
    with pytest.raises(RuntimeError), made_with(SETTINGS, path):
        raise RuntimeError
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_damaged_record_counts_as_none(tmp_path):
    make(tmp_path / "shared", OTHER)
    (record,) = (tmp_path / "shared").rglob(".*.json")
    record.write_text('{"tas')
    assert root_of(PART, SETTINGS, str(tmp_path / "run"), str(tmp_path / "shared")) == str(tmp_path / "shared")
