"""`check-method`: what is wrong with a method shows on two drawn images."""

import re

import numpy as np
import pytest

from promptseg.core import masks
from promptseg.core.errors import PromptsegError
from promptseg.methods import Candidates, Method, Proposals, Settings
from promptseg.methods.classical import RandomWalker
from promptseg.methods.controls import BoxFill, ClickDisk, Perfect
from promptseg.predict.check_method import check_method, in_words
from promptseg.predict.trial import Trial


def tried(found):
    """Problems by the prompt or the comparison that shows them."""
    report = Trial(found(Settings())).run()
    problems = {line.kind: line.problem for line in report.lines} | report.checks
    assert report.good == (not any(problems.values()))
    return {name: problem for name, problem in problems.items() if problem}


@pytest.mark.parametrize("method", [BoxFill, ClickDisk, Perfect, RandomWalker])
def test_nothing_is_wrong_with_ours(method):
    assert tried(method) == {}


def test_what_came_back_is_in_the_table():
    report = Trial(BoxFill(Settings())).run()
    assert [(line.kind, line.came) for line in report.lines] == [
        ("box", "1 x 96 x 128 bool"),
        ("box", "1 x 144 x 100 bool"),
    ]
    box_and_ellipse = 4 / np.pi
    assert report.lines[0].area == pytest.approx(0.22 * 0.3 * 4, rel=0.03)
    assert report.lines[0].iou == pytest.approx(1 / box_and_ellipse, rel=0.03)
    assert "per prompt, in a batch" in report.seconds
    text = in_words(report)
    assert re.search(r"^box +96 x 128 +1 x 96 x 128 bool +0\.260 +0\.798 *$", text, re.MULTILINE)
    assert text.endswith("\nNothing is wrong.")


def test_kinds_of_prompts_follow_what_the_class_declares():
    class OneClick(ClickDisk):
        max_points = 1

    class OnItOnly(ClickDisk):
        negative_points = False

    def kinds(method):
        return [line.kind for line in Trial(method(Settings())).run().lines][:2]

    assert kinds(ClickDisk) == ["one point", "three points, one of them beside"]
    assert kinds(OneClick) == ["one point", "one point"]
    assert kinds(OnItOnly) == ["one point", "two points"]


class Remembering(ClickDisk):
    mask_feedback = True


class Averaging(BoxFill):
    """Its answer depends on the others of the batch."""

    def predict(self, queries):
        answers = super().predict(queries)
        return [Candidates(answer.masks & (len(queries) == 1)) for answer in answers]


class Drawn(BoxFill):
    """As a network with dropout, for want of `eval()`."""

    def predict(self, queries):
        rng = np.random.default_rng()
        return [Candidates(rng.random(answer.masks.shape) > 0.5) for answer in super().predict(queries)]


class Marking(BoxFill):
    def predict(self, queries):
        for query in queries:
            query.image[:5] = 0
        return super().predict(queries)


class Shifting(BoxFill):
    def predict(self, queries):
        for query in queries:
            query.prompt.box[2:] += 1
        return super().predict(queries)


class Reusing(BoxFill):
    """All masks are views of one array."""

    def predict(self, queries):
        self.canvas = getattr(self, "canvas", np.zeros((1, 144, 128), bool))
        answers = []
        for query, answer in zip(queries, super().predict(queries), strict=True):
            height, width = query.image.shape[:2]
            self.canvas[:, :height, :width] = answer.masks
            answers.append(Candidates(self.canvas[:, :height, :width]))
        return answers


class Forgetful(BoxFill):
    cacheable = True

    def pack(self, encoded):
        return b"nothing"

    def unpack(self, content, pixels):
        return pixels.T


class Adding(BoxFill):
    """From the second prompt on, whole images."""

    asked = False

    def predict(self, queries):
        answers = [Candidates(answer.masks | self.asked) for answer in super().predict(queries)]
        self.asked = True
        return answers


class Quitting(BoxFill):
    def predict(self, queries):
        raise SystemExit(3)


class Finding(BoxFill):
    prompt_types = frozenset({"everything"})

    def everything(self, encoded, pixels, grid):
        return Proposals([masks.encode(np.zeros((10, 10), bool))], [1.0], [1.0])


@pytest.mark.parametrize(
    ("method", "where", "problem"),
    [
        (
            Remembering,
            "one point",
            "`mask_feedback` is True, but the answer has no states to feed back; give one per mask",
        ),
        (
            Averaging,
            "the same answers in a batch of 2 as alone",
            "box: 26.0% of the pixels differ; an answer must depend",
        ),
        (Drawn, "the same answers when asked twice", "of the pixels differ"),
        (Marking, "the image is left as it is", "it was changed in place, and later questions see that; copy it first"),
        (Shifting, "prompt.box is left as it is", "copy it first: box = query.prompt.box.copy()"),
        (
            Reusing,
            "masks stay as they were given",
            "later calls write into masks of earlier ones; give copies of the array",
        ),
        (Forgetful, "pack and unpack", "masks have the shape (1, 3, 128), the image has (h, w) = (96, 128)"),
        (
            Adding,
            "the same answers when nothing was asked before",
            "of the pixels differ; keep nothing between calls: an answer must not depend on what was asked before",
        ),
        (Quitting, "box", "raised SystemExit: 3 (test_trial.py, line "),
        (
            Finding,
            "no prompt (everything)",
            "a code is of a mask of 10 x 10 pixels, the image has 96 x 128; give (k, h, w)",
        ),
    ],
)
def test_wrong_methods(method, where, problem):
    assert problem.replace("96 x 128", "144 x 100") in tried(method)[where].replace("96 x 128", "144 x 100")


def test_masks_that_are_all_empty_are_a_warning():
    class Empty(BoxFill):
        def predict(self, queries):
            return [Candidates(np.zeros_like(answer.masks)) for answer in super().predict(queries)]

    report = Trial(Empty(Settings())).run()
    assert report.good
    assert in_words(report).endswith("\nWARNING: every mask is empty.\n\nNothing else is wrong.")


def test_errors_name_the_line_of_the_method(tmp_path):
    source = (
        "import numpy as np\nfrom promptseg.methods import Candidates, Method\n\n\nclass Mine(Method):\n"
        '    prompt_types = frozenset({"box"})\n\n    def predict(self, queries):\n'
        "        return [Candidates(np.reshape(query.image, (3, 3))) for query in queries]\n"
    )
    (file := tmp_path / "mine.py").write_text(source)
    report = check_method("Mine", {"adapter": f"{file}:Mine"}, device="cpu")
    assert report.lines[0].problem.startswith("raised ValueError: cannot reshape array of size 36864 into shape (3,3)")
    assert report.lines[0].problem.endswith("(mine.py, line 9)")
    text = in_words(report)
    assert text.count("WRONG: raised ValueError: cannot reshape array of size 36864") == 1
    assert text.endswith("2 of 6 are wrong.")
    file.write_text(
        source.replace("    def predict", "    def __init__(self, settings):\n        1 / 0\n\n    def predict")
    )
    with pytest.raises(
        PromptsegError, match=r"Mine: its constructor raised ZeroDivisionError: division by zero \(mine.py, l"
    ):
        check_method("Mine", {"adapter": f"{file}:Mine"}, device="cpu")


def test_a_method_that_encodes_nothing():
    class Blind(Method):
        prompt_types = frozenset({"box"})

        def encode(self, pixels):
            raise KeyError("weights")

        def predict(self, queries):
            return []

    assert tried(Blind)["encode"].startswith("raised KeyError: 'weights' (test_trial.py, line")
