"""Ranks under every protocol, and how alike two protocols order the methods."""

import pytest

from promptseg.core.tables import read_csv, write_csv
from promptseg.figures import protocols
from promptseg.protocols.comparison.tables import AGREEMENT, PROTOCOLS
from support.figures import legend, texts, visible
from support.presets import METHODS, TITLES, tables


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    return tables(tmp_path_factory.mktemp("protocols"))


def _draw(files):
    return protocols.draw(files["protocols"], files["protocol_agreement"], METHODS, TITLES)


def test_a_line_for_each_method_and_a_cell_for_each_pair_of_protocols(drawn):
    figure = _draw(drawn)
    ranks, taus = figure.axes
    lines = {line.get_label(): line.get_ydata().tolist() for line in ranks.lines}
    assert lines == {"sam_x": [1, 2], "cut": [2, 1]}
    assert [label.get_text() for label in ranks.get_xticklabels()] == ["First one", "Second one"]
    assert ranks.get_ylim()[0] > ranks.get_ylim()[1], "the best on top"
    assert [text.get_text().split("\n")[0] for text in taus.texts] == ["-1.00"]
    assert taus.texts[0].get_text().endswith("\n(-1.00, 1.00)")
    assert legend(figure) == ["Cut", "SAM X"] or legend(figure) == ["SAM X", "Cut"]


def test_a_pair_without_tau_is_told(tmp_path):
    files = tables(tmp_path)
    pairs = read_csv(files["protocol_agreement"], AGREEMENT)
    write_csv(files["protocol_agreement"], pairs.assign(tau=float("nan")), AGREEMENT)
    assert [text.get_text() for text in _draw(files).axes[1].texts] == ["n/a"]


def test_one_protocol_alone_has_no_matrix(tmp_path):
    figure = _draw(tables(tmp_path, presets=["a"]))
    assert len(visible(figure)) == 1


def test_a_protocol_that_one_method_alone_takes_is_left_out(tmp_path):
    files = tables(tmp_path)
    rows = read_csv(files["protocols"], PROTOCOLS)
    rows.loc[(rows["preset"] == "b") & (rows["method"] == "cut"), "rank"] = float("nan")
    write_csv(files["protocols"], rows, PROTOCOLS)
    (ranks,) = visible(_draw(files))
    assert [label.get_text() for label in ranks.get_xticklabels()] == ["First one"]


def test_one_method_alone_has_no_ranks(tmp_path):
    figure = _draw(tables(tmp_path, methods=["cut"]))
    assert "Ranks need at least two methods that answer under a protocol." in " ".join(texts(figure).split())


def test_one_column(drawn, narrow):
    ranks, taus = _draw(drawn).axes
    assert ranks.get_position().x0 == pytest.approx(taus.get_position().x0, abs=0.2)
