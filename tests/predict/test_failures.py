"""Wrong answers and errors of methods: rows where some prompts fail, an error where all do, each told once."""

import logging

import numpy as np
import pytest
import torch

from promptseg.core.errors import PromptsegError
from promptseg.core.tables import read_table
from promptseg.methods import Candidates, Method, Settings
from promptseg.methods.controls import BoxFill
from promptseg.predict.engine import Runner
from promptseg.predict.plan import Plan
from promptseg.predict.run import predict
from promptseg.predict.tables import PREDICTIONS
from support.objects import disk, image, targets

LABELS = disk((20, 30)) + 2 * disk((20, 30), centre=(10, 24), radius=4)
PLAN = Plan(clicks=2, tie_break="first")
BOXES = ["mode3", "mode4", "mode5"]


class Filled(Method):
    """Fills the box; what a test replaces is `answer`."""

    prompt_types = frozenset({"box"})

    def answer(self, query):
        return BoxFill(Settings()).predict([query])[0]

    def predict(self, queries):
        return [self.answer(query) for query in queries]


class Probable(Filled):
    def answer(self, query):
        return Candidates(np.where(super().answer(query).masks, np.float32(0.98), np.float32(0.02)))


def pictures(count=1):
    return [(image(LABELS, f"p{n}"), targets(LABELS, [1, 2], name=f"p{n}")) for n in range(count)]


def rows_of(method, plan=PLAN, count=1):
    runner = Runner(method, plan, label="mine (mine.py:Mine)")
    return [row for item in runner.run(pictures(count)) for row in item.rows], runner


def test_masks_of_probabilities_are_no_scores_and_leave_no_output(tmp_path, caplog):
    runner = Runner(Probable(Settings()), PLAN, label="mine (mine.py:Mine)")
    expected = (
        r"^mine \(mine\.py:Mine\) answered none of 2 prompts \(2 wrong answers\)\. The first: method failed: mine "
        r"\(mine\.py:Mine\) gave no valid answer at p0:1 mode3: masks are float32 between 0\.02 and 0\.98; give bool, "
        r"or exactly 0 and 1: threshold them, e\.g\. masks > 0\.5$"
    )
    with pytest.raises(PromptsegError, match=expected):
        predict(pictures(), runner, tmp_path / "predictions.parquet", everything=tmp_path / "everything.parquet")
    assert list(tmp_path.iterdir()) == []
    assert [record.levelname for record in caplog.records] == ["ERROR"]  # once, whatever the numbers
    assert "Traceback" not in caplog.text


def test_where_some_prompts_fail_the_others_count(tmp_path, caplog):
    class Unsure(Probable):
        def answer(self, query):
            return super().answer(query) if query.prompt.box[0] > 15 else Filled.answer(self, query)

    path = tmp_path / "predictions.parquet"
    predict(pictures(2), Runner(Unsure(Settings()), PLAN, label="mine (mine.py:Mine)"), path)
    rows = read_table(path, PREDICTIONS)
    assert set(rows.loc[rows["object_id"].str.endswith(":1"), "status"]) == {"ok"}
    failed = rows[rows["object_id"].str.endswith(":2")]
    assert failed["status"].str.contains("gave no valid answer at p[01]:2 mode3: masks are float32 between").all()
    assert failed["rle"].isna().all()
    assert caplog.messages[-1] == (
        "mine (mine.py:Mine) did not answer 2 of 4 prompts (2 wrong answers): their rows say so in the column `status`"
    )
    assert len(caplog.messages) == 2
    with pytest.raises(PromptsegError, match=r"at p0:2 mode3: masks are float32 .*\(strict: true stops at the first"):
        rows_of(Unsure(Settings()), Plan(strict=True))


def test_too_few_answers_are_an_error_of_the_batch():
    class Short(Filled):
        def predict(self, queries):
            return super().predict(queries)[: len(queries) - (len(queries) > 1)]

    rows, runner = rows_of(Short(Settings()))
    assert {row["status"].partition(": predict ")[2][:32] for row in rows} == {"returned 1 answer to 2 queries; "}
    assert [row["mode"] for row in rows] == BOXES * 2
    with pytest.raises(PromptsegError, match="answered none of 2 prompts"):
        runner.failures.conclude()


def test_equal_tracebacks_are_told_once(caplog):
    class Failing(Filled):
        def answer(self, query):
            raise ValueError("no, please" if query.prompt.box[0] < 15 else f"no box {query.prompt.box[0]}")

    rows, runner = rows_of(Failing(Settings()), count=9)
    assert all("mine (mine.py:Mine) raised ValueError at p" in row["status"] for row in rows)
    told = [(record.levelno, record.exc_info is not None) for record in caplog.records]
    assert told == [(logging.WARNING, True), (logging.ERROR, False)]  # a batch with its traceback; another text
    assert caplog.messages[1].endswith("correct the adapter. It said: no box 20")
    with pytest.raises(PromptsegError, match=r"answered none of 18 prompts \(18 ValueError\)"):
        runner.failures.conclude()


def test_a_method_that_cannot_take_batches_is_asked_one_by_one_and_that_is_said(caplog):
    class Alone(Filled):
        def predict(self, queries):
            (query,) = queries
            return [self.answer(query)]

    rows, runner = rows_of(Alone(Settings()))
    assert {row["status"] for row in rows} == {"ok"}
    runner.failures.conclude()
    (message,) = caplog.messages
    assert message == "mine (mine.py:Mine) raised ValueError at 2 prompts at once; each of them is asked alone"


def test_batches_are_halved_where_a_gpu_has_too_little_memory(caplog):
    class Large(Filled):
        def __init__(self, settings, most):
            super().__init__(settings)
            self.most, self.asked = most, []

        def predict(self, queries):
            self.asked.append(len(queries))
            if len(queries) > self.most:
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 3.91 GiB.")
            return super().predict(queries)

    method = Large(Settings(), 3)
    rows, runner = rows_of(method, count=4)
    assert {row["status"] for row in rows} == {"ok"}
    assert method.asked == [8, 4, 2, 2, 4, 2, 2]
    runner.failures.conclude()
    (message,) = caplog.messages
    assert message == "mine (mine.py:Mine) ran out of the GPU's memory at 8 prompts at once; half are asked at once"
    # Which rows fail must not depend on the card: what cannot be answered alone ends the job.
    expected = r"^mine \(mine\.py:Mine\) at p0:1 mode3: The memory of the GPU ran out\. .*Choose `precision: bf16`"
    with pytest.raises(PromptsegError, match=expected):
        rows_of(Large(Settings(), 0))


def test_a_method_that_encodes_no_image_at_all_ends_with_an_error():
    class Blind(Filled):
        def encode(self, pixels):
            raise KeyError("weights")

    rows, runner = rows_of(Blind(Settings()), count=2)
    assert len(rows) == 2 * 2 * 3
    with pytest.raises(PromptsegError, match=r"answered none of 12 prompts \(12 KeyError\).*raised KeyError at p0;"):
        runner.failures.conclude()


def test_prompts_that_do_not_apply_are_no_failures(tmp_path):
    class Nothing(Filled):
        prompt_types = frozenset({"everything"})

    predict(pictures(), Runner(Nothing(Settings()), PLAN), path := tmp_path / "predictions.parquet")
    assert len(read_table(path, PREDICTIONS)) == 0


def test_an_image_must_not_be_changed_by_a_prompt():
    class Marking(Filled):
        def answer(self, query):
            query.image[query.prompt.box[1], query.prompt.box[0]] = 255
            return super().answer(query)

    with pytest.raises(
        PromptsegError, match=r"^mine \(mine\.py:Mine\) changed `query\.image` of p0 in place, .*copy\(\)$"
    ):
        rows_of(Marking(Settings()))


def test_boxes_of_one_object_are_answered_alike():
    class Uneven(Filled):
        candidates = 2

        def answer(self, query):
            masks = super().answer(query).masks
            return Candidates(np.concatenate([masks, masks]) if query.prompt.box[0] > 15 else masks)

    both = (LABELS > 0).astype(np.uint8)
    method = Uneven(Settings())
    (item,) = Runner(method, PLAN).run([(image(both, "p"), targets(both, [1], name="p"))])
    by_mode = {row["mode"]: row["status"] for row in item.rows}
    assert (by_mode["mode3"], by_mode["mode5"]) == ("ok", "ok")
    assert by_mode["mode4"] == (
        "method failed: the boxes of p:1 mode4 were not answered alike, so that masks cannot be united one by one; "
        "give as many masks for one box as for another, and scores with all or with none"
    )


def test_a_method_that_ends_the_process_is_named():
    class Quitting(Filled):
        def answer(self, query):
            raise SystemExit(3)

    with pytest.raises(PromptsegError, match=r"^mine \(mine\.py:Mine\) called sys\.exit\(3\), which would end the job"):
        rows_of(Quitting(Settings()))


class Large(Filled):
    def answer(self, query):
        raise MemoryError("Unable to allocate 9 GiB")


def test_memory_that_runs_out_is_no_failure_of_a_prompt(caplog):
    """Rows that say so would make tables depend on the machine."""
    with pytest.raises(PromptsegError, match=r"^mine \(mine\.py:Mine\) at p0:1 mode3: Memory ran out \(Unable to"):
        rows_of(Large(Settings()))
    assert all(record.exc_info is None for record in caplog.records)


class Together(Filled):
    """Encodes images together, up to `most`; one of a colour cannot be."""

    encodes_at_once = 4

    def __init__(self, most=4, spoilt=None):
        super().__init__(Settings())
        self.most, self.spoilt, self.asked = most, spoilt, []

    def encode_all(self, pixels):
        self.asked.append(len(pixels))
        if len(pixels) > self.most:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 3.91 GiB.")
        if any(one[0, 0, 0] == self.spoilt for one in pixels):
            raise ValueError("no such image, please")
        return super().encode_all(pixels)


def test_images_are_encoded_together_and_fewer_after_a_failure(caplog):
    method = Together(most=2)
    expected, _ = rows_of(Filled(Settings()), count=6)
    assert rows_of(method, count=6)[0] == expected
    assert method.asked == [4, 2, 2, 2]  # groups of four images
    assert caplog.messages == [
        "mine (mine.py:Mine) ran out of the GPU's memory at 4 images at once; half are asked at once"
    ]


def test_an_image_that_cannot_be_encoded_with_others_fails_alone():
    spoilt = [(picture, some) for picture, some in pictures(3)]
    spoilt[1][0].pixels[:] = 99
    method = Together(spoilt=99)
    items = list(Runner(method, PLAN, label="mine (mine.py:Mine)").run(spoilt))
    assert [{row["status"][:13] for row in item.rows} for item in items] == [{"ok"}, {"method failed"}, {"ok"}]
    assert method.asked == [3, 1, 1, 1]


def test_images_that_were_encoded_have_to_be_told_apart():
    class Short(Together):
        def encode_all(self, pixels):
            return super().encode_all(pixels)[:1]

    rows, _ = rows_of(Short(), count=2)
    assert {row["status"][:73] for row in rows} == {
        f"method failed: mine (mine.py:Mine) gave no valid answer at p{n}: encode_all" for n in range(2)
    }
    with pytest.raises(PromptsegError, match=r"encode_all returned 1 answer to 2 images; give a list of what `encode`"):
        rows_of(Short(), Plan(strict=True), count=2)
