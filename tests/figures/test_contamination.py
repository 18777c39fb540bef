"""The figure of what methods have seen in training."""

import pytest
from matplotlib.colors import to_hex

from promptseg.analysis.contamination import CONTAMINATION, contamination
from promptseg.core.tables import write_csv
from promptseg.figures import contamination as figures
from support import synthetic
from support.figures import legend, texts

DATASETS = synthetic.DATASETS


@pytest.fixture(scope="module")
def draw(tmp_path_factory):
    """Draw what these methods have seen of these datasets."""

    def drawn(seen, methods, datasets):
        path = tmp_path_factory.mktemp("seen") / "contamination.csv"
        write_csv(path, contamination(seen, list(methods), list(datasets)).assign(provenance=""), CONTAMINATION)
        return figures.draw(path, methods, datasets)

    return drawn


@pytest.fixture(scope="module")
def axis(draw):
    (axis,) = draw(synthetic.SEEN, synthetic.METHODS, DATASETS).axes
    return axis


def test_every_cell_has_its_sign_and_colour(axis):
    methods, datasets = list(synthetic.METHODS), list(DATASETS)
    signs = {text.get_position(): text.get_text() for text in axis.texts}
    colours = {
        (patch.get_x() + 0.5, patch.get_y() + 0.5): to_hex(patch.get_facecolor()).upper() for patch in axis.patches
    }
    assert len(signs) == len(colours) == len(methods) * len(datasets)
    seen = (datasets.index("chest_xray"), methods.index("grabcut"))
    assert (signs[seen], colours[seen]) == ("yes", "#D55E00")
    assert {sign for (x, y), sign in signs.items() if y == methods.index("sam_vit_b")} == {"?"}
    assert sum(sign == "yes" for sign in signs.values()) == 1
    assert len({colours[place] for place, sign in signs.items() if sign == "no"}) == 1


def test_rows_and_columns_are_in_the_order_of_the_registries(axis):
    names = [label.get_text() for label in axis.get_yticklabels()]
    assert names == [entry["title"] for entry in synthetic.METHODS.values()]
    heads = [label.get_text() for label in axis.get_xticklabels()]
    assert heads == [entry["title"] for entry in DATASETS.values()]
    assert axis.yaxis_inverted()


def test_legend_explains_the_answers_that_occur(draw):
    no, unknown = legend(draw(synthetic.SEEN, {"perfect": {}, "sam_vit_b": {}}, {"chest_xray": {}}))
    assert no.startswith("no: not in it")
    assert unknown == "?: no source tells"


def test_one_answer_is_a_sentence(draw):
    some = draw(synthetic.SEEN, {"perfect": {}}, {"chest_xray": {}})
    assert "None of the datasets of this run was in the training set of any of its methods" in texts(some)
    assert not some.axes[0].patches


def test_nothing_to_draw_is_said(draw):
    assert "no method" in texts(draw({}, {}, {}))


def test_many_datasets_fit_a_page(draw):
    datasets = {f"d{index}": {"title": f"A dataset {index}"} for index in range(28)}
    methods = {f"m{index}": {"title": f"A method with a long name {index}"} for index in range(30)}
    seen = {"m0": {"d0": {"answer": "yes", "source": "known"}}}
    figure = draw(seen, methods, datasets)
    assert figure.get_size_inches()[0] <= figures.style.page() + 1e-9
    assert figure.get_size_inches()[1] < 9.5
    (axis,) = figure.axes
    assert len(axis.texts) == 28 * 30
    few = draw(seen, dict(list(methods.items())[:12]), datasets)  # datasets below one another
    assert [label.get_text() for label in few.axes[0].get_yticklabels()] == [
        entry["title"] for entry in datasets.values()
    ]
