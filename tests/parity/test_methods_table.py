"""The table in docs/methods.md is what the registry, the classes and the measurements say."""

from typing import ClassVar

import pytest

from promptseg.core.errors import PromptsegError
from promptseg.methods import Method
from promptseg.methods.ritm import Ritm
from promptseg.methods.sam import Sam
from promptseg.methods.sam_med2d import SamMed2D
from promptseg.parity.methods_table import (
    COMMAND,
    DOCUMENT,
    document,
    fed_back,
    masks,
    parameters,
    parity,
    points,
    prompts,
    seen,
)


def test_the_table_is_up_to_date():
    text = DOCUMENT.read_text(encoding="utf-8")
    assert text == document(text), f"the methods have changed; run: {COMMAND}"


def test_a_document_without_a_place_for_the_table_is_refused():
    with pytest.raises(PromptsegError, match=r"has no lines .<!-- The table is made from"):
        document("# Methods\n")


class OneClick(Method):
    prompt_types: ClassVar = frozenset({"point"})
    untrained_types: ClassVar = frozenset({"box"})
    max_points: ClassVar = 1
    negative_points: ClassVar = False
    main_mask: ClassVar = "the best of 3"

    def predict(self, queries):
        raise AssertionError(queries)


def test_facts_of_a_class_in_words():
    assert (prompts(OneClick), points(OneClick), masks(OneClick), fed_back(OneClick)) == (
        "points, (boxes)",
        "one, positive",
        "1: the best of 3",
        "no",
    )
    assert (points(Sam), masks(Sam), fed_back(Sam)) == (
        "several, also negative",
        "3: `first`, `best_score`, `oracle`",
        "logits",
    )
    assert fed_back(Ritm) == fed_back(SamMed2D) == "probabilities"


def test_parameters_are_those_of_the_published_network():
    assert parameters(Sam, "vit_b") == "93.7 M"
    assert parameters(OneClick, "") == ""


def test_parity_says_how_far_the_recorded_outputs_are():
    entry = {"family": "sam", "variant": "vit_b", "masks": {"differing": 2, "pixels": 3_400_000}}
    measured = {
        "sam_vit_b": {**entry, "differences": {"logits": 3.8e-6, "embedding": 1.0}},
        "protocol_sam_vit_b": {**entry, "differences": {"IoU": 0.0}},
        "ritm_hrnet18s__seq": {**entry, "family": "ritm", "differences": {"probabilities": 1.2e-5}},
    }
    told = parity("promptseg.methods.sam:Sam", "vit_b", measured)
    assert told == "2 fixtures: 4e-06 of logits; 4 of 6.8 M pixels"
    assert parity("promptseg.methods.sam:Sam", "vit_h", measured) == ""
    assert parity("promptseg.methods.ritm:Ritm", "vit_b", measured).startswith("`ritm_hrnet18s__seq`: 1e-05 of prob")


def test_what_was_seen_is_said_of_named_datasets_and_of_the_rest():
    said = {"a": {"answer": True, "source": ""}, "b": {"answer": "unknown", "source": ""}}
    assert seen(said) == "a, others unknown"
    assert seen({**said, "other": {"answer": "no", "source": ""}}) == "a, b (unknown), no other"
    assert seen({}) == "others unknown"
    assert seen({"other": {"answer": False, "source": ""}}) == "none"
