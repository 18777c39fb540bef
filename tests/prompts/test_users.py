"""The ideal user is the simulated one of `modes` and `clicks`, nothing else."""

import numpy as np
import pytest

from promptseg.core.vocabulary import ALL_MODES
from promptseg.prompts.clicks import Click, ClickTarget, Protocol, next_click
from promptseg.prompts.modes import PromptSettings, make_prompts
from promptseg.prompts.users import IDEAL
from support.objects import disk


def test_the_ideal_user_is_one_person_who_prompts_as_before():
    truth, settings = disk().astype(bool), PromptSettings(seed=3)
    assert IDEAL.annotators("a") == ("",)
    assert IDEAL.rows("a", truth, ALL_MODES, settings, "") == make_prompts("a", truth, ALL_MODES, settings)


@pytest.mark.parametrize("seed", [0, 7])
def test_the_ideal_user_clicks_as_before(seed):
    truth = disk().astype(bool)
    target, none = ClickTarget("a", truth, truth.astype(np.uint8)), np.zeros_like(truth)
    for prediction, clicks in ((none, []), (none, [Click(10, 10, True)]), (~truth, []), (truth, [])):
        for protocol in (Protocol(), Protocol(error_region="joint", distance="chamfer5")):
            expected = next_click(target, prediction, clicks, protocol, tie_break="random", seed=seed)
            how = {"tie_break": "random", "seed": seed, "annotator": ""}
            assert IDEAL.next_click(target, prediction, clicks, protocol, **how) == expected
