import re

import pytest

from promptseg.core.errors import PromptsegError
from promptseg.methods import adapter_class
from promptseg.methods.volume import VolumeMethod
from promptseg.methods.volume_checks import volume_class, volume_problems

CODE = """
from promptseg.methods.volume import VolumeMethod

class Mine(VolumeMethod):
    route = "native"
    known_options = frozenset({"threshold", "place"})
    text_options = frozenset({"place"})

    def answer(self, volume, queries):
        return []
"""


@pytest.fixture
def written(tmp_path):
    def write(old="", new=""):
        assert old in CODE
        file = tmp_path / "mine.py"
        file.write_text(CODE.replace(old, new))
        return f"{file}:Mine"

    return write


def test_a_class_for_volumes_is_found_in_a_file(written):
    assert issubclass(volume_class(written()), VolumeMethod)
    assert volume_problems("mine", {"adapter": written(), "options": {"threshold": 0.5, "place": "here"}}) == []


def test_it_is_no_class_for_images(written):
    with pytest.raises(PromptsegError, match=re.escape("Name it in `volumes.methods`, not in `run.methods`.")):
        adapter_class(written())
    with pytest.raises(PromptsegError, match=r"BoxFill is not a subclass of promptseg\.methods\.volume\.VolumeMethod"):
        volume_class("promptseg.methods.controls:BoxFill")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("def answer(", "def anwser(", "the method `answer` is missing (it has 'anwser': rename that): write"),
        ("volume, queries)", "queries)", "`answer` cannot be called as answer(volume, queries): write `def answer("),
        ('"native"', '"natively"', "`route` is 'natively': it has to be 'memory' or 'native'."),
        ('route = "native"', 'prompt_types = {"points"}', "`prompt_types` is {'points'}: it has to be a set of words"),
        ('route = "native"', "needs_raw = 1", "`needs_raw` is 1: it has to be True or False."),
        ("class Mine", "class Mime", "has no class 'Mine'. Did you mean 'Mime'?"),
    ],
)
def test_what_is_wrong_with_a_class_is_said(written, old, new, said):
    (problem,) = volume_problems("mine", {"adapter": written(old, new)})
    assert said in problem


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"options": {"treshold": 1}}, "options names 'treshold', which Mine does not know. Did you mean 'threshold'?"),
        ({"options": {"place": 3}}, "methods.mine.options.place is 3: give it a word, in quotes."),
        ({"options": {"threshold": "high"}}, "options.threshold is 'high': give it a number"),
        ({"off_label": True}, "methods.mine.off_label is true, which Mine has no use for. Remove it."),
    ],
)
def test_what_is_wrong_with_an_entry_is_said(written, entry, said):
    (problem,) = volume_problems("mine", {"adapter": written(), **entry})
    assert said in problem
