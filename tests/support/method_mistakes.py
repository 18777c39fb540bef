"""docs/method_mistakes.md: mistakes that people make in a method of their own, with what is said of each.

PYTHONPATH=workflow/scripts:tests python -m support.method_mistakes > docs/method_mistakes.md
"""

import contextlib
import logging
import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from promptseg.core.errors import PromptsegError
from promptseg.methods.checks import file_problems, problems_of
from promptseg.predict.check_method import check_method
from promptseg.predict.engine import Runner
from promptseg.predict.inspection import inspect
from promptseg.predict.method_run import Computing, prepare
from promptseg.predict.plan import Plan
from promptseg.predict.run import predict
from promptseg.predict.scene import Scene
from promptseg.preprocess.images import LabelledImage
from support.objects import targets

COMMAND = "PYTHONPATH=workflow/scripts:tests python -m support.method_mistakes > docs/method_mistakes.md"
METHOD = """
import numpy as np

from promptseg.methods import Candidates, Method


class Mine(Method):
    prompt_types = frozenset({"point", "box"})

    def predict(self, queries):
        return [Candidates(self.masks(query)) for query in queries]

    def masks(self, query):
        probability = query.image.mean(axis=2) / 255
        return (probability > 0.5)[None]
"""
_TYPES = 'prompt_types = frozenset({"point", "box"})'
_PREDICT = "def predict(self, queries):"
_ANSWERS = "return [Candidates(self.masks(query)) for query in queries]"
_MASKS = "return (probability > 0.5)[None]"


@dataclass(frozen=True)
class Mistake:
    """A change of METHOD that makes it wrong.

    Attributes:
        new: takes the place of `old` in the file.
        shown: the lines of the page, if they are not those of `new`.
        entry: of the method in the configuration.
    """

    name: str
    old: str
    new: str
    shown: str = ""
    entry: dict = field(default_factory=dict)


PLANNED = [
    Mistake("a file that is not there", "", "", "adapter: mien.py:Mine", {"adapter": "mien.py:Mine"}),
    Mistake("a class that is not there", "class Mine(Method)", "class Mime(Method)"),
    Mistake("a bracket that is not closed", _ANSWERS, _ANSWERS.replace("))", ")")),
    Mistake("a package that is not installed", "import numpy", "import numpi"),
    Mistake("a helper in a file beside it", "import numpy as np", "import helper"),
    Mistake("a name that promptseg does not have", "import Candidates", "import Candidate"),
    Mistake("an error when the file is read", "\n\nclass Mine", "\nSIZE = sise\n\nclass Mine", "SIZE = sise"),
    Mistake("no subclass of Method", "class Mine(Method)", "class Mine"),
    Mistake("an unknown type of prompt", _TYPES, 'prompt_types = {"points", "box"}'),
    Mistake("one type of prompt, not a set", _TYPES, 'prompt_types = "box"'),
    Mistake("a misspelt attribute", "prompt_types", "prompt_type"),
    Mistake("a misspelt method", "def predict(", "def predcit("),
    Mistake("other arguments", _PREDICT, "def predict(self, image, prompt):"),
    Mistake(
        "a constructor without settings",
        f"    {_PREDICT}",
        f"    def __init__(self):\n        self.threshold = 0.5\n\n    {_PREDICT}",
        "def __init__(self):",
    ),
    Mistake("a number in quotes", _TYPES, f'{_TYPES}\n    candidates = "3"', 'candidates = "3"'),
    Mistake("`everything` without its method", _TYPES, 'prompt_types = frozenset({"everything"})'),
    Mistake(
        "an option that the class does not know",
        _TYPES,
        f'{_TYPES}\n    known_options = frozenset({{"threshold"}})',
        "options: {treshold: 0.4}",
        {"options": {"treshold": 0.4}},
    ),
    Mistake(
        "a variant that the class does not know",
        _TYPES,
        f'{_TYPES}\n    variants = ("small", "large")',
        "variant: lareg",
        {"variant": "lareg"},
    ),
]
RUN = [
    Mistake("probabilities for masks", _MASKS, "return probability[None].astype(np.float32)"),
    Mistake("logits for masks", _MASKS, "return np.log(probability / (1 - probability))[None]"),
    Mistake("masks of 0 and 255", _MASKS, "return ((probability > 0.5) * 255).astype(np.uint8)[None]"),
    Mistake("labels for masks", _MASKS, "return np.digitize(probability, [0.1, 0.2, 0.3])[None]"),
    Mistake("torch tensors", _MASKS, "import torch; return torch.from_numpy(probability > 0.5)[None]"),
    Mistake("one mask without its axis", _MASKS, "return probability > 0.5"),
    Mistake("columns before rows", _MASKS, "return (probability > 0.5).T[None]"),
    Mistake("candidates last", _MASKS, "return (probability > 0.5)[..., None]"),
    Mistake("masks of the network's size", _MASKS, "return np.zeros((1, 256, 256), bool)"),
    Mistake("the axes of batch and channel", _MASKS, "return (probability > 0.5)[None, None]"),
    Mistake("more masks than the class declares", _MASKS, "return np.repeat((probability > 0.5)[None], 3, axis=0)"),
    Mistake("no mask where nothing is found", _MASKS, "return np.zeros((0, *probability.shape), bool)"),
    Mistake("no `return`", _ANSWERS, "[Candidates(self.masks(query)) for query in queries]"),
    Mistake("one answer, not a list", _ANSWERS, "return Candidates(self.masks(queries[0]))"),
    Mistake("an answer for the first query only", _ANSWERS, "return [Candidates(self.masks(queries[0]))]"),
    Mistake("masks, not Candidates", _ANSWERS, "return [self.masks(query) for query in queries]"),
    Mistake("a score that is NaN", _ANSWERS, "return [Candidates(self.masks(query), [np.nan]) for query in queries]"),
    Mistake(
        "one number, not a score for each mask", _ANSWERS, "return [Candidates(self.masks(q), 0.5) for q in queries]"
    ),
    Mistake("a state too many", _ANSWERS, "return [Candidates(self.masks(q), None, [1, 2]) for q in queries]"),
    Mistake(
        "the image changed in place", "probability =", "query.image[:] //= 2; probability =", "query.image[:] //= 2"
    ),
    Mistake(
        "an error at every prompt", "query.image.mean", "query.pixels.mean", "probability = query.pixels.mean(axis=2)"
    ),
    Mistake(
        "a constructor that keeps no settings",
        f"    {_PREDICT}",
        f"    def __init__(self, settings):\n        self.threshold = 0.5\n\n    {_PREDICT}",
        "def __init__(self, settings):\n    self.threshold = 0.5",
    ),
]
TRIED = [
    Mistake(
        "an answer that depends on the batch",
        _ANSWERS,
        "return [Candidates(self.masks(query) & (len(queries) == 1)) for query in queries]",
    ),
    Mistake(
        "another answer each time",
        _MASKS,
        "self.calls = getattr(self, 'calls', 0) + 1\n"
        "        return np.full((1, *probability.shape), self.calls % 3 == 0)",
        "self.calls = getattr(self, 'calls', 0) + 1\nreturn np.full((1, *probability.shape), self.calls % 3 == 0)",
    ),
    Mistake(
        "one array for all masks",
        _MASKS,
        "if not hasattr(self, 'all'):\n            self.all = np.zeros((1, 200, 200), bool)\n"
        "        h, w = probability.shape\n        self.all[0, :h, :w] = probability > 0.5\n"
        "        return self.all[:, :h, :w]",
        "self.all[0, :h, :w] = probability > 0.5\nreturn self.all[:, :h, :w]",
    ),
    Mistake("feedback without states", _TYPES, f"{_TYPES}\n    mask_feedback = True", "mask_feedback = True"),
]


def _planned(entry: dict) -> str:
    """As `snakemake` says it, which looks at the file first and then asks a process that imports it."""
    text = "\n".join(problems_of("mine", entry))
    found = inspect("mine", entry)
    assert file_problems(entry["adapter"]) or text == found.get("problem", found.get("missing"))
    return text


def _run(entry: dict) -> str:
    scene = Scene.draw((96, 128))
    labels = scene.truth.astype(np.uint8)
    inputs = [(LabelledImage("p", "p", scene.pixels, labels, None), targets(labels, [1], name="p"))]
    try:
        run = prepare("mine", "toy", {"gpu": False, "options": {}, **entry}, None, Computing("cpu"))
        predict(inputs, Runner(run.method, Plan(clicks=1, tie_break="first"), label=run.label), "out.parquet")
    except PromptsegError as error:
        return str(error)
    return ""


def _tried(entry: dict) -> str:
    report = check_method("mine", entry, device="cpu")
    lines = [f"{line.kind}: {line.problem}" for line in report.lines if line.problem]
    return next(iter(lines + [f"{name}: {problem}" for name, problem in report.checks.items() if problem]), "")


def said(mistake: Mistake, how: Callable[[dict], str]) -> str:
    """What is said of a mistake; the file is written into the working directory.

    Raises:
        AssertionError: nothing is, or the mistake is none.
    """
    assert mistake.old in METHOD, mistake
    Path("mine.py").write_text(METHOD.lstrip().replace(mistake.old, mistake.new, 1) if mistake.old else METHOD)
    text = how({"adapter": "mine.py:Mine", **mistake.entry})
    assert text, f"Nothing is said of: {mistake.name}"
    text = re.sub(r" \(/\S+/promptseg/", " (.../promptseg/", text)
    return text.replace(str(Path.cwd()), "/home/me/promptseg")


_HEAD = "| mistake | in `mine.py` or its entry | what is said |\n|---|---|---|\n"
_INTRODUCTION = f"""
# Mistakes in a method

What is wrong with a method of one's own, and what is said of it. Each line below stands in place of one of these:

```python{METHOD}```

Made from `tests/support/method_mistakes.py`, which makes every mistake for real; after a change of a message run
`{COMMAND}` again.
"""
_SECTIONS = [
    ("Before anything is planned", "`snakemake -n` says it as well.", PLANNED, _planned),
    (
        "In the job `predict`",
        'Where other prompts are answered, the sentence after "The first:" is the `status` of the prompt\'s row; with\n'
        "`strict: true` the first one ends the job. Nothing of it is ever a score.",
        RUN,
        _run,
    ),
    (
        "Only by `promptseg check-method mine.py:Mine`",
        "A run cannot see these: try a method before you trust its numbers. It also finds all of the above.",
        TRIED,
        _tried,
    ),
]


def _cell(text: str) -> str:
    return re.sub(r"([\\`*_\[\]|<>])", r"\\\1", text).replace("\n", "<br>")


def _rows(mistakes: Sequence[Mistake], how: Callable[[dict], str]) -> Iterator[str]:
    for mistake in mistakes:
        lines = (mistake.shown or next(line for line in mistake.new.splitlines() if line.strip())).splitlines()
        code = "<br>".join(f"`` {line.strip()} ``".replace("|", "\\|") for line in lines)
        yield f"| {mistake.name} | {code} | {_cell(said(mistake, how))} |\n"


def document() -> str:
    """The whole document."""
    parts = [_INTRODUCTION.lstrip()]
    logging.disable(logging.ERROR)  # they are made on purpose
    try:
        with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
            Path("helper.py").touch()
            for title, about, mistakes, how in _SECTIONS:
                parts += [f"\n## {title}\n\n{about}\n\n{_HEAD}", *_rows(mistakes, how)]
    finally:
        logging.disable(logging.NOTSET)
    return "".join(parts)


if __name__ == "__main__":
    print(document(), end="")
