"""What the page says of trust."""

import pandas as pd
import pytest

from promptseg.analysis.study.claims import CLAIMS
from promptseg.analysis.trust.claims import trust_claims
from promptseg.analysis.trust.run import TABLES, trust_tables
from promptseg.core.tables import write_csv
from promptseg.report.trust import trust_parts
from support.trust import CONFIDENCE, IOU, masks, write

METHODS = {"sam": {"title": "SAM ViT-B"}, "net": {"title": "Net"}}


def parts(folder, *rows):
    found = trust_tables(write(folder, *rows), 200, 0)
    for frame, table in zip(found, TABLES, strict=True):
        write_csv(folder / table.name, frame.assign(provenance=""), table)
    claims = trust_claims(found[0], found[2], METHODS, "corrected").assign(provenance="")
    write_csv(folder / "claims.csv", claims, CLAIMS)
    files = {name: folder / f"{name}.csv" for name in ("claims", "trust", "trust_thresholds")}
    return trust_parts(files, METHODS, "corrected")


def cells(table, row):
    return dict(zip(table["columns"], table["rows"][row], strict=True))


@pytest.fixture(scope="module")
def six(tmp_path_factory):
    own = masks(IOU, "aabbcc", predicted_iou=CONFIDENCE, stability=[0.9] * 5 + [None])
    other = masks(IOU, "aabbcc", method="net", mode="iterative", protocol="corrected", step=3, soft_dice=IOU)
    return parts(tmp_path_factory.mktemp("trust"), own, other)


def test_the_best_confidence_of_each_method_and_prompt(six):
    row = cells(six["best"], 0)
    assert (row["method"], row["prompt"], row["best confidence"]) == ("SAM ViT-B", "mode 1", "predicted IoU")
    assert (row["IoU"], row["IoU of 80 %"], row["ideal 80 %"], row["gain"]) == ("0.533", "0.633", "0.633", "+0.100")
    assert (row["share"], row["AUROC, IoU < 0.5"]) == ("0.74", "0.78")
    assert " to " in row["gain"].below
    assert [cells(six["best"], 1)[name] for name in ("method", "prompt", "share")] == ["Net", "3 clicks", "1.00"]
    assert len(six["sentences"]) == 2


def test_all_confidences(six):
    first, second, _ = [cells(six["confidences"], row) for row in range(3)]
    assert (first["masks"], first["without"], first["AURC"], first["excess"]) == ("6", "", "0.319", "0.053")
    assert (second["confidence"], second["masks"], second["without"], second["share"]) == (
        "stability",
        "5",
        "1",
        "0.00",
    )
    assert first["share"].best
    assert not second["share"].best


def test_thresholds(six):
    row = cells(six["thresholds"], 0)
    assert (row["at least"], row["masks"], row["share kept"], row["IoU"]) == ("0.5", "5", "0.83", "0.620")


def test_nothing_to_trust(tmp_path):
    assert trust_parts({}, METHODS, "") is None
    assert parts(tmp_path, masks([0.5])) is None
    assert pd.read_csv(tmp_path / "trust.csv").empty
