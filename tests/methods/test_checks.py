"""What is wrong with an adapter is said in one sentence, before anything is asked of it."""

import textwrap

import pytest

from promptseg.methods.checks import entry_problems, file_problems, problems_of
from promptseg.methods.controls import ClickDisk

GOOD = """
from promptseg.methods import Candidates, Method

class Mine(Method):
    prompt_types = frozenset({"box"})

    def predict(self, queries):
        return [Candidates(query.image[None, ..., 0] > 40) for query in queries]
"""


def problems(tmp_path, monkeypatch, source, entry=None):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(textwrap.dedent(source))
    return list(problems_of("it", {"adapter": "mine.py:Mine", **(entry or {})}))


def test_nothing_is_wrong_with_a_whole_method(tmp_path, monkeypatch):
    assert problems(tmp_path, monkeypatch, GOOD, {"options": {"any": "thing"}, "variant": "large"}) == []


def test_the_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(GOOD)
    assert file_problems("promptseg.methods.sam:Sam") == []
    assert file_problems("mine.py:Mine") == []
    assert file_problems("mien.py:Mine") == [
        f"there is no file mien.py (paths count from {tmp_path}). Did you mean 'mine.py'?"
    ]
    assert file_problems("mine.py:Mien") == ["mine.py has no class 'Mien'. Did you mean 'Mine'? Its classes: Mine."]
    (tmp_path / "mine.py").write_text("class Mine(:\n    pass\n")
    assert file_problems("mine.py:Mine") == [
        "mine.py, line 1: invalid syntax. Python cannot read the file; correct it."
    ]
    (tmp_path / "mine.py").write_text("from elsewhere import *\n")
    assert file_problems("mine.py:Mine") == []  # who knows
    (tmp_path / "mine.py").write_text("raise SystemExit\nfrom elsewhere import Theirs as Mine\n")
    assert file_problems("mine.py:Mine") == []  # and it was not run


@pytest.mark.parametrize(
    ("old", "new", "sentences"),
    [
        ("prompt_types", "prompt_type", ["`prompt_types` is missing (it has 'prompt_type': rename that): say which"]),
        (
            'frozenset({"box"})',
            '{"boxes"}',
            ["names 'boxes'. Did you mean 'box'? Known: point, box, scribble, lasso, everything."],
        ),
        ('frozenset({"box"})', '"box"', ["`prompt_types` is 'box': give it a set of words, as frozenset("]),
        ('frozenset({"box"})', "set()", ["`prompt_types` is empty, so that it would never be asked"]),
        (
            'frozenset({"box"})',
            '{"everything"}',
            ["names 'everything', but there is no `def everything(self, encoded, pixels, grid)`: write it."],
        ),
        (
            'frozenset({"box"})',
            '{"box"}; candidates = 2.5; max_points = 0; negative_points = 1; known_options = "radius"',
            [
                "`candidates` is 2.5: it has to be a whole number of at least 1.",
                "`max_points` is 0: it has to be a whole number of at least 1, or None.",
                "`negative_points` is 1: it has to be True or False.",
                "`known_options` is 'radius': it has to be a set of words, or None.",
            ],
        ),
        (
            'frozenset({"box"})',
            '{"box"}; cacheable = True',
            ["there is no `def pack(self, encoded)`", "there is no `def unpack(self, content, pixels)`"],
        ),
        (
            "def predict",
            "def predcit",
            ["the method `predict` is missing (it has 'predcit': rename that): write `def predict(self, queries)`."],
        ),
        (
            "def predict(self, queries)",
            "def predict(self, image, prompt)",
            ["`predict` cannot be called as predict(queries): write `def predict(self, queries)`."],
        ),
        ("def predict(self, queries)", "def predict(queries)", ["`predict` cannot be called as predict(queries)"]),
        ("    def predict", "    async def predict", ["`predict` is `async`: write `def predict(self, queries)`."]),
        (
            "    def predict",
            "    def __init__(self):\n        pass\n\n    def predict",
            ["`__init__` cannot be called as __init__(settings): write `def __init__(self, settings)`."],
        ),
    ],
)
def test_the_class(tmp_path, monkeypatch, old, new, sentences):
    found = problems(tmp_path, monkeypatch, GOOD.replace(old, new))
    assert len(found) == len(sentences)
    for sentence, problem in zip(sentences, found, strict=True):
        assert problem.startswith("methods.it.adapter is mine.py:Mine: ")
        assert sentence in problem


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        (
            "import no_such_package\nclass Mine: pass",
            "mine.py cannot be imported: mine.py, line 1: ModuleNotFoundError: No module named 'no_such_package'. "
            "Install no_such_package, or correct the name.",
        ),
        (
            "import helper\nclass Mine: pass",
            "Write `sys.path.insert(0, os.path.dirname(__file__))` before it imports helper.py.",
        ),
        (
            "class Mine: pass\nnump.zeros(3)",
            "mine.py, line 2: NameError: name 'nump' is not defined. Correct the file.",
        ),
        ("import sys\nsys.exit('usage: mine')\nclass Mine: pass", "mine.py, line 2: SystemExit: usage: mine."),
        (
            "from promptseg.methods import Candidate\nclass Mine: pass",
            "line 1: ImportError: cannot import name 'Candidate'",
        ),
        ("class Mine: pass", "Mine is not a subclass of promptseg.methods.Method. Write `class Mine(Method):`."),
    ],
)
def test_the_import(tmp_path, monkeypatch, source, sentence):
    (tmp_path / "helper.py").touch()
    (problem,) = problems(tmp_path, monkeypatch, source)
    assert problem.startswith("methods.it: adapter mine.py:Mine: ")
    assert sentence in problem


def test_the_entry():
    def found(adapter, **entry):
        return list(problems_of("it", {"adapter": f"promptseg.methods.{adapter}", **entry}))

    assert found("controls:ClickDisk", options={"radius": 0.2}) == []
    assert found("controls:ClickDisk", options={"radios": 0.2}) == [
        "methods.it.options names 'radios', which ClickDisk does not know. Did you mean 'radius'? Correct or remove "
        "it; known options: radius."
    ]
    assert found("controls:ClickDisk", options={"radius": "0.2"}) == [
        "methods.it.options.radius is '0.2': give it a number, or true or false without quotes."
    ]
    assert found("ritm:Ritm", variant="hrnet32") == []
    assert found("ritm:Ritm", variant="hrnet_32") == [
        "methods.it.variant is 'hrnet_32', which Ritm does not have. Did you mean 'hrnet32'? Correct it; known "
        "variants: hrnet18s, hrnet18, hrnet32, small."
    ]
    assert found("controls:BoxFill", off_label=True)[0].startswith(
        "methods.it.off_label is true, but there is no prompt"
    )


def test_an_option_that_has_to_be_a_path(tmp_path):
    class Atlas(ClickDisk):
        known_options = path_options = frozenset({"atlas"})

    assert entry_problems(Atlas, {"options": {"atlas": str(tmp_path)}}) == []
    for value in (str(tmp_path / "none"), 3):
        assert entry_problems(Atlas, {"options": {"atlas": value}}) == [
            f"options.atlas is {value!r}: give it the path of a file or a folder that is there."
        ]


def test_a_file_may_print_be_named_as_a_package_and_hold_dataclasses(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "numpy.py").write_text(
        "from __future__ import annotations\nfrom dataclasses import dataclass\nimport numpy as np\nprint('hello')\n"
        + GOOD
        + "\n@dataclass\nclass State:\n    mask: np.ndarray\n"
    )
    assert problems_of("it", {"adapter": "numpy.py:Mine"}) == []
    assert capsys.readouterr() == ("", "hello\n")
