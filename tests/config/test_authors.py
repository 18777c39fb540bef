"""The protocol `authors`: what each method is asked under it, beside what its authors do, and where that is seen."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest
import yaml

from promptseg.config.check import check
from promptseg.config.protocols import protocols_of
from promptseg.methods import Method, Prompt, Query, adapter_class
from promptseg.methods.promptable import Promptable
from support.projects import ROOT


@dataclass(frozen=True)
class Usage:
    """What authors do with a second click.

    Attributes:
        fed_back: whether their low-resolution mask is part of the next prompt.
        several: whether several masks are asked for with one click, two clicks, a box; None: there is one mask only.
        source: who says so.
    """

    fed_back: bool
    several: tuple[bool, bool, bool] | None
    source: str


SINGLE_CLICK, NEVER, ALWAYS = (True, False, False), (False, False, False), (True, True, True)
_OWN_MASK = "their evaluation keeps the previous mask as an input of the network: `previous_mask: keep`"
_SAM2 = "notebooks/image_predictor_example.ipynb feeds the best mask's logits back, and asks for a single mask then"
FAMILIES = {
    "Perfect": Usage(False, None, "no network"),
    "BoxFill": Usage(False, None, "no network"),
    "LassoFill": Usage(False, None, "no network"),
    "BoxEllipse": Usage(False, None, "no network"),
    "ClickDisk": Usage(False, None, "no network"),
    "GrabCut": Usage(False, None, "no network"),
    "RandomWalker": Usage(False, None, "no network"),
    "RegionGrowing": Usage(False, None, "no network"),
    "Ritm": Usage(False, None, _OWN_MASK),
    "SimpleClick": Usage(False, None, _OWN_MASK),
    "FocalClick": Usage(False, None, _OWN_MASK),
    "Sam": Usage(True, SINGLE_CLICK, "notebooks/predictor_example.ipynb: the best mask's logits, then a single mask"),
    "MobileSam": Usage(True, SINGLE_CLICK, "notebooks/predictor_example.ipynb, which is SAM's"),
    "Sam2": Usage(True, SINGLE_CLICK, _SAM2),
    "Sam3": Usage(True, SINGLE_CLICK, "its example for SAM's task is SAM 2's notebook"),
    "HqSam": Usage(False, NEVER, "demo/demo_hqsam.py, train/train.py: one call, a single mask, no mask as input"),
    "EfficientSam": Usage(False, ALWAYS, "efficient_sam.py takes no mask and always gives three"),
    "MedSam": Usage(False, None, "MedSAM_Inference.py: a box, a single mask, no mask as input"),
    "LiteMedSam": Usage(False, None, "as MedSAM, branch LiteMedSAM"),
    "SamMed2D": Usage(True, None, "utils.generate_point feeds sigmoid(logits) back; test.py takes the best of several"),
    "ScribblePromptUnet": Usage(True, None, "demos/app.py hands low_res_mask to the next call"),
    "ScribblePromptSam": Usage(True, None, "demos/app.py hands low_res_mask to the next call; the best of three masks"),
    "MedicoSam": Usage(False, SINGLE_CLICK, "micro_sam/evaluation/inference.py: use_masks=False, several at first"),
    "UltraSam": Usage(False, None, "one prompt per object; its two passes are within its adapter"),
}


@cache
def shipped():
    """The shipped configuration with the protocol."""
    config = {}
    for name in ("datasets", "methods", "config"):
        config |= yaml.safe_load((ROOT / "config" / f"{name}.yaml").read_text())
    config["run"] = {"datasets": list(config["datasets"])[:1], "methods": ["perfect"], "protocols": ["authors"]}
    return check(config)


ENTRIES = set(yaml.safe_load((ROOT / "config" / "methods.yaml").read_text())["methods"])
FOR_VOLUMES = {"nninteractive"}  # which protocols do not concern


@pytest.mark.parametrize("name", sorted(ENTRIES - FOR_VOLUMES))
def test_methods_are_asked_as_by_their_authors(name):
    adapter = adapter_class(shipped()["methods"][name]["adapter"])
    usage = FAMILIES[adapter.__name__]
    (own,) = protocols_of(shipped(), name)
    switches = own["switches"]
    assert (switches["distance"], switches["error_region"]) == ("exact", "larger")
    assert switches["previous_mask"] == "keep"
    assert switches["multimask"] == "official"
    assert (adapter.mask_feedback and switches["mask_feedback"] == "logits") is usage.fed_back, usage.source
    assert (adapter.candidates > 1 or adapter.__name__ == "HqSam") is (usage.several is not None)
    if usage.several is not None:
        assert several(adapter) == usage.several, usage.source


def several(adapter: type[Method]) -> tuple[bool, ...]:
    """Whether several masks are asked for with one click, two clicks and a box."""
    assert issubclass(adapter, Promptable)
    method = object.__new__(adapter)  # without weights: the answer depends on the prompt alone
    prompts = [
        *(Prompt(np.zeros((count, 2), np.int32), np.ones(count, np.int8)) for count in (1, 2)),
        Prompt(np.zeros((0, 2), np.int32), np.zeros(0, np.int8), np.array([0, 0, 5, 5], np.int32)),
    ]
    return tuple(method.multimask(Query(None, prompt, multimask="official")) for prompt in prompts)
