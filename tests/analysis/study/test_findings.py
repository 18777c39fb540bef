"""The study's findings, from its own numbers."""

from pathlib import Path

import pytest

from promptseg.analysis.statistics import statistics
from promptseg.analysis.study.claims import claims, findings
from promptseg.analysis.study.published import read_published
from promptseg.analysis.sums import patient_sums
from support.scores import pick, row

PUBLISHED = Path(__file__).resolve().parents[3] / "resources" / "published" / "mazurowski2023.csv"


def test_findings_of_the_study():
    table = findings(read_published(PUBLISHED).assign(protocol=""), "published", ["sam"])

    def value(claim, method="sam", selection="first", **more):
        return pick(table, claim=claim, method=method, selection=selection, **more)

    assert value("single_point_min")["value"] == pytest.approx(0.1136, abs=5e-5)
    assert value("single_point_min")["detail"] == "MRI-Spine: GM"
    assert value("single_point_max")["value"] == pytest.approx(0.8692, abs=5e-5)
    assert value("single_point_max")["detail"] == "CT-Spleen"
    assert value("best_mode")["value"] == pytest.approx(0.6542, abs=5e-5)
    assert value("best_mode")["detail"] == "mode4"
    assert value("best_mode_tasks")["value"] == 23
    # (0.5891 + 0.6542 + 0.5829) / 3 - (0.4610 + 0.4826) / 2
    assert value("boxes_minus_points")["value"] == pytest.approx(0.1369, abs=1e-4)
    assert value("first_at_1_click")["value"] == 24
    assert value("first_at_1_click", "focalclick")["value"] == 4
    assert "US-Nerve (focalclick)" in value("first_at_1_click")["detail"]
    counts = [value("first_at_9_clicks", method)["value"] for method in ("ritm", "sam", "simpleclick", "focalclick")]
    assert counts == [13, 7, 6, 2]
    assert value("gain")["value"] == pytest.approx(0.6112 - 0.4595, abs=1e-4)
    assert value("gain", "ritm")["value"] == pytest.approx(0.6875 - 0.1322, abs=1e-4)
    assert value("loses_with_clicks")["value"] == 9
    assert value("loses_with_clicks")["detail"].startswith("Xray-Hip: Ilium -0.122, CT-Organ: Lung -0.090")
    assert "US-Muscle" in value("oracle_below_first", selection="oracle")["detail"]
    passed = table[table["claim"] == "overtaken"].set_index("detail")["value"].to_dict()
    assert passed == {"ritm passes sam": 6, "simpleclick passes sam": 6, "focalclick passes sam": 9}


def test_findings_of_our_rows_leave_controls_out():
    rows = [row("a", "p1", "i1", value, method=method) for method, value in (("perfect", 1.0), ("m", 0.4))]
    methods = {"perfect": {"control": True}, "m": {"published": "sam"}}
    table = claims(read_published(PUBLISHED), statistics(patient_sums(rows), 10), methods)
    ours = table[table["source"] == "ours"]
    assert set(ours["method"]) == {"m"}
    assert pick(ours, claim="single_point_max")["detail"] == "d: a"
