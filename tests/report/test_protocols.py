"""What the page says of the protocols of others."""

from promptseg.report.protocols import protocol_parts
from support.presets import METHODS, TITLES, tables


def _cells(table, row):
    return dict(zip(table["columns"], table["rows"][row], strict=True))


def test_values_ranks_and_what_is_hidden(tmp_path):
    found = protocol_parts(tables(tmp_path), METHODS, TITLES)
    ((kind, values),) = found["values"]
    assert kind == "images"
    sam, cut, perfect = (_cells(values, row) for row in range(3))
    final, noc = "First one: iou final (best 1)", "Second one: noc 80 (best 1)"
    assert (sam["method"], sam[final], sam[noc]) == ("SAM X", "0.775", "2.000")
    assert sam[final].best
    assert not sam[noc].best
    assert cut[noc].best
    assert cut[noc].below.startswith("rank 1, ")
    assert perfect[final].below == "1.000 to 1.000", "a control has no rank"
    effect = _cells(found["effects"], 0)
    assert (effect["protocol"], effect["what the variant does"]) == ("First one", "the start counts")
    assert (effect["as released"], effect["variant"], effect["difference"]) == ("0.775", "0.700", "-0.075")
    assert (effect["changed"], effect["rank"]) == ("2 of 2", "1 to 2")
    assert [row[3] for row in found["effects"]["rows"]] == ["SAM X", "Cut"]
    assert found["unchanged"] == 1, "nothing changes for the perfect one"
    assert found["sentences"] == [
        "First one and Second one order 1 of 1 pairs of methods the other way round, asked about images: Kendall's tau "
        "-1.00 (-1.00 to 1.00), another method is first."
    ]


def test_protocols_that_order_alike(tmp_path):
    found = protocol_parts(tables(tmp_path, methods=["cut"]), METHODS, TITLES)
    assert found["sentences"] == []
    assert not found["values"][0][1]["rows"][0][1].best, "alone is no best"
    assert protocol_parts({}, METHODS, TITLES) is None
