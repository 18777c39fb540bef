"""No machine name is in a figure: methods, datasets, protocols and prompts have titles."""

import re

import pytest

from promptseg.figures import clicks, comparison, modalities, modes, source
from support import synthetic
from support.figures import METHODS, texts

PROTOCOLS = {"corrected": {"title": "corrected clicks"}}


@pytest.mark.parametrize(
    "draw",
    [modes.draw, modalities.draw, clicks.draw_tasks, clicks.draw_mean, comparison.draw],
    ids=lambda one: one.__module__,
)
def test_no_machine_name_is_in_a_figure(statistics_file, draw):
    methods = {**synthetic.METHODS, **METHODS}
    figure = draw(source.measured(statistics_file, synthetic.DATASETS, methods, "corrected", PROTOCOLS))
    found = texts(figure)
    assert not re.findall(r"\w+_\w+|\bmode\d", found)
    if draw not in (modes.draw, modalities.draw):
        assert "protocol corrected clicks" in found
