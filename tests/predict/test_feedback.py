"""Methods that take a mask of their own as part of a prompt, and give one mask or three, as a protocol says."""

import weakref

import numpy as np
import pyarrow as pa
import pytest

from promptseg.methods import Candidates, Method, Settings
from promptseg.methods.sam import Sam
from promptseg.predict.engine import Runner
from promptseg.predict.plan import Plan
from promptseg.predict.tables import PREDICTIONS
from promptseg.prompts.clicks import Protocol
from promptseg.score.compared import Tolerance
from promptseg.score.scoring import score_object
from support.objects import disk, image, targets
from support.projects import ROOT

AUTHORS = Protocol(mask_feedback="logits", multimask="official")
LABELS = disk() + 2 * disk(centre=(10, 24), radius=4)


class Low:
    """Low-resolution logits of one mask, by the clicks and the candidate that they come from."""

    def __init__(self, clicks, candidate):
        self.name = f"{clicks} {candidate}"


class Promptable(Method):
    """As SAM: three disks around the first click, or one of them; its own mask may be part of the prompt."""

    prompt_types = frozenset({"point", "box"})
    candidates = 3
    mask_feedback = True

    def __init__(self):
        super().__init__(Settings())
        self.asked, self.states = [], weakref.WeakSet()

    def predict(self, queries):
        answers = []
        for query in queries:
            points, box = query.prompt.points, query.prompt.box
            previous = query.previous and query.previous.name
            self.asked.append((tuple(map(tuple, points.tolist())), previous, query.multimask))
            official = query.multimask == "official" and (box is not None or len(points) > 1)
            single = official or self.candidates == 1
            (x, y), *_ = points.tolist() or [box[:2]]
            rows, columns = np.ogrid[: query.image.shape[0], : query.image.shape[1]]
            radii, scores = ((2,), [0.4]) if single else ((1, 3, 2), [0.1, 0.9, 0.2])
            found = np.stack([(rows - y) ** 2 + (columns - x) ** 2 <= radius**2 for radius in radii])
            states = [Low(len(points), k) for k in range(len(radii))]
            self.states.update(states)
            answers.append(Candidates(found, np.array(scores, np.float32), states))
        return answers


def run(method, protocols, labels=None, modes=("iterative",), selections=("first",), clicks=3, **settings):
    """Rows of the objects 1 and 2 of an image, and what the method was asked."""
    labels = LABELS if labels is None else labels
    named = {(name, None): protocol for name, protocol in protocols.items()}
    plan = Plan(clicks=clicks, protocols=named, selections=selections, tie_break="first", strict=True, **settings)
    objects = targets(labels, np.unique(labels)[1:].tolist(), modes)
    (item,) = Runner(method, plan).run([(image(labels), objects)])
    return item.rows


def test_the_chosen_low_resolution_mask_is_part_of_the_next_prompt():
    method = Promptable()
    run(method, {"authors": AUTHORS}, disk(), selections=("best_score",))
    assert [(len(points), previous, multimask) for points, previous, multimask in method.asked] == [
        (1, None, "official"),
        (2, "1 1", "official"),  # of three masks the second is the one with the best score
        (3, "2 0", "official"),  # of a single one the only one
    ]


@pytest.mark.parametrize("previous_mask", ["keep", "reset", "leak"])
def test_the_previous_mask_of_click_models_does_not_concern_it(previous_mask):
    method = Promptable()
    run(method, {"it": Protocol(previous_mask=previous_mask)})
    assert [previous for _, previous, _ in method.asked] == [None] * 6
    method = Promptable()
    run(method, {"it": Protocol(previous_mask=previous_mask, mask_feedback="logits")})
    # Both objects advance together: nothing leaks, so none waits for the other.
    assert [previous for _, previous, _ in method.asked] == [None, None, "1 0", "1 0", "2 0", "2 0"]


def test_click_models_do_not_differ_and_are_asked_once_for_both_protocols():
    class Clicked(Promptable):
        prompt_types = frozenset({"point"})
        candidates = 1
        mask_feedback = False

    method = Clicked()
    rows = run(method, {"corrected": Protocol(), "authors": AUTHORS}, disk())
    assert [(len(points), previous) for points, previous, _ in method.asked] == [(1, None), (2, "1 0"), (3, "2 0")]
    assert [(row["protocol"], row["step"]) for row in rows] == [
        (name, step) for name in ("corrected", "authors") for step in (1, 2, 3)
    ]


def test_equal_prompts_are_asked_once_if_they_want_as_many_masks():
    method = Promptable()
    run(method, {"corrected": Protocol(), "authors": AUTHORS}, disk(), ("mode1", "iterative"), clicks=1)
    assert method.asked == [(((10, 10),), None, "always"), (((10, 10),), None, "official")]
    method = Promptable()
    run(method, {"authors": AUTHORS}, disk(), ("mode1", "iterative"), clicks=1, multimask="official")
    assert method.asked == [(((10, 10),), None, "official")]
    # After the first click the selections have masks of their own to feed back; of equal ones there is one question.
    method = Promptable()
    run(method, {"authors": AUTHORS}, disk(), selections=("first", "best_score", "oracle"), clicks=2)
    assert sorted(str(previous) for _, previous, _ in method.asked) == ["1 0", "1 1", "None"]


def test_states_are_kept_only_where_a_protocol_feeds_them_back():
    class Counting(Promptable):
        alive = 0

        def predict(self, queries):
            self.alive = max(self.alive, len(self.states) if self.asked else 0)
            return super().predict(queries)

    def most(protocol):
        method = Counting()
        rows = run(method, {"it": protocol}, disk(), clicks=4)
        assert len(rows) == 4
        return method.alive, len(method.states)

    assert most(Protocol()) == (0, 0)
    assert most(AUTHORS) == (1, 0)  # the one that is handed over


def test_of_a_single_mask_all_selections_are_the_same():
    rows = run(Promptable(), {"authors": AUTHORS}, disk(), ("mode1", "mode5"), multimask="official")
    predictions = pa.Table.from_pylist(rows, schema=PREDICTIONS.schema).to_pandas()
    assert predictions.groupby("mode").size().to_dict() == {"mode1": 3, "mode5": 1}
    scores = score_object(predictions, disk() == 1, image(disk()), Tolerance(), {}, several=True)
    assert [(row["mode"], row["selection"]) for row in scores] == [
        (mode, selection) for mode in ("mode1", "mode5") for selection in ("first", "best_score", "oracle")
    ]
    assert len({row["iou"] for row in scores if row["mode"] == "mode5"}) == 1
    assert len({row["iou"] for row in scores if row["mode"] == "mode1"}) == 2


def test_the_first_click_is_that_of_the_distance():
    rows, columns = np.ogrid[:13, :24]
    both = ((rows - 5) ** 2 + (columns - 6) ** 2 < 25) | ((abs(rows - 6) < 5) & (abs(columns - 18) < 5))
    protocols = {"exact": Protocol(), "study": Protocol(distance="chamfer5")}
    rows = run(Promptable(), protocols, both.astype(np.uint8), clicks=1)
    assert [(row["protocol"], row["click_x"], row["click_y"]) for row in rows] == [("exact", 6, 5), ("study", 18, 6)]


def test_a_real_network_is_fed_its_mask():
    settings = Settings("small", ROOT / "resources" / "quickstart" / "sam_small.safetensors")
    protocols = {"corrected": Protocol(), "authors": AUTHORS, "single": Protocol(multimask="official")}
    rows = run(Sam(settings), protocols, disk((64, 64), (30, 28), 14), selections=("best_score",), clicks=3)
    found = {(row["protocol"], row["step"]): row for row in rows}
    assert {row["status"] for row in rows} == {"ok"}
    assert len({found[name, 1]["rle"]["counts"] for name in protocols}) == 1
    assert found["authors", 2]["candidate"] == found["single", 2]["candidate"] == 0
    assert found["authors", 2]["score"] != found["single", 2]["score"]  # the same clicks, with a mask and without


def test_a_network_that_takes_no_mask_is_fed_none_as_click_models_are():
    class Closed(Sam):
        mask_feedback = False

    settings = Settings("small", ROOT / "resources" / "quickstart" / "sam_small.safetensors")
    protocols = {"fresh": Protocol(previous_mask="reset"), "keep": Protocol(), "leak": Protocol(previous_mask="leak")}
    rows = run(Closed(settings), protocols, disk((64, 64), (30, 28), 14), clicks=3)
    assert len(rows) == 9
    answers = {(row["protocol"], row["step"]): (row["rle"], row["score"]) for row in rows}
    for step in (1, 2, 3):
        assert answers["fresh", step] == answers["keep", step] == answers["leak", step]
