"""`check-method` of a method for volumes: what is wrong with it shows on two drawn ones."""

import nibabel
import numpy as np
import pytest

from promptseg.core.stacks import MaskStack
from promptseg.methods import Settings
from promptseg.methods.volume import VolumeAnswer, VolumeMethod
from promptseg.predict.check_method import check_method, in_words
from promptseg.predict.volume_trial import DrawnVolume, VolumeTrial


class Bright(VolumeMethod):
    """All that is brighter than the ground, on the slices that are asked."""

    route = "native"
    prompt_types = frozenset({"box", "mask"})
    corrects = True

    def bright(self, volume, query):
        masks = np.stack([volume.pixels(z)[..., 0] > 120 for z in range(volume.shape[0])])
        return MaskStack.of(masks).between(*query.slices)

    def answer(self, volume, queries):
        return [VolumeAnswer(self.bright(volume, query), {5: 0.25, 6: 0.75}, len(query.clicks)) for query in queries]


def tried(found, folder):
    """Problems by the prompt or the comparison that shows them."""
    report = VolumeTrial(found(Settings()), folder).run()
    problems = {line.kind: line.problem for line in report.lines} | report.checks
    assert report.good == (not any(problems.values()))
    return {name: problem for name, problem in problems.items() if problem}


def test_what_came_back(tmp_path):
    report = VolumeTrial(Bright(Settings()), tmp_path).run()
    assert report.good
    kinds = [line.kind for line in report.lines]
    assert kinds[:6] == [
        f"{kind} on {where}"
        for kind in ("box", "mask")
        for where in ("one slice, ends given", "one slice, ends open", "three slices, ends open")
    ]
    assert kinds[6:8] == ["the same, and a click on the object", "the same, and a click beside it"]
    assert kinds[8:] == kinds[:8]
    assert min(line.iou for line in report.lines) > 0.99
    assert {line.score for line in report.lines} == {0.5}
    assert [line.query.previous for line in report.lines[5:8]] == [None, 0, 1]
    assert [len(line.query.prompts) for line in report.lines[:3]] == [1, 1, 3]
    text = in_words(report)
    assert text.startswith("Two drawn volumes of 12 x 40 x 56 and 15 x 48 x 36 voxels; share of the volume and IoU.\n")
    assert text.endswith("\nNothing is wrong.")


def test_raw_files_are_in_the_grid_of_the_slices(tmp_path):
    volume = DrawnVolume.draw(0, tmp_path)
    stored = nibabel.load(volume.raw())
    assert stored.header.get_zooms() == pytest.approx((0.8, 1.0, 4.0))
    np.testing.assert_array_equal((np.asarray(stored.dataobj)[:, :, 5].T + 1000) // 10, volume.pixels(5)[..., 1])


class Everywhere(Bright):
    def bright(self, volume, query):
        return super().bright(volume, query) if not query.given else MaskStack.of(np.ones(volume.shape, bool))


class Averaging(Bright):
    def answer(self, volume, queries):
        return super().answer(volume, queries) if len(queries) == 1 else [VolumeAnswer(MaskStack(volume.shape))] * 6


class Failing(Bright):
    def answer(self, volume, queries):
        return super().answer(volume, queries) if not queries[0].clicks else 1 / 0


class Marking(Bright):
    def answer(self, volume, queries):
        answers = super().answer(volume, queries)
        volume.grey[0] = 0
        return answers


class Silent(Bright):
    def answer(self, volume, queries):
        super().answer(volume, queries)


@pytest.mark.parametrize(
    ("method", "where", "said"),
    [
        (Everywhere, "box on one slice, ends given", "there is a mask on slice 0, asked were slices 4 to 11"),
        (
            Averaging,
            "the same answers to 6 together as alone, drawn0",
            "% of the voxels differ; an answer must depend on",
        ),
        (
            Failing,
            "the same, and a click on the object",
            "raised ZeroDivisionError: division by zero (test_volume_trial",
        ),
        (Marking, "the pixels are left as they are", "they were changed in place; copy them first"),
        (Silent, "mask on three slices, ends open", "answer returned None (is a `return` missing?) for 1 query"),
    ],
)
def test_what_is_wrong_is_said(tmp_path, method, where, said):
    assert said in tried(method, tmp_path)[where]


def test_a_class_in_a_file_is_told_apart(tmp_path):
    (tmp_path / "mine.py").write_text(
        "from promptseg.methods.volume import VolumeMethod\n"
        "class Mine(VolumeMethod):\n    prompt_types = frozenset({'point'})\n"
        "    def answer(self, volume, queries):\n        return queries\n"
    )
    text = in_words(check_method("mine", {"adapter": f"{tmp_path / 'mine.py'}:Mine"}, device="cpu"))
    assert "WRONG: the answer is of type VolumeQuery; give VolumeAnswer(masks)" in text
