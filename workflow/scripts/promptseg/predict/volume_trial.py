"""A method for volumes tried on two small drawn ones with every kind of prompt; as `trial` for methods for images."""

import hashlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import nibabel
import numpy as np

from promptseg.core import masks
from promptseg.core.lines import Scribble
from promptseg.methods.base import Prompt
from promptseg.methods.volume import SlicePrompt, VolumeAnswer, VolumeMethod, VolumeQuery
from promptseg.predict.trial import Report, told
from promptseg.predict.volume_answers import checked_answer, listed_answers
from promptseg.prompts.lines import centre, lasso

SIZES = ((12, 40, 56), (15, 48, 36))  # (d, h, w): different, and no two sides equal
SPACINGS = ((4.0, 1.0, 0.8), None)
SAME = 0.001  # share of a volume's voxels that rounding may change


@dataclass(eq=False)
class DrawnVolume:
    """A bright ellipsoid on a darker, noisy ground; `Slices` of it.

    Attributes:
        grey: (d, h, w) uint8.
        truth: (d, h, w) bool, the ellipsoid, which touches neither the first slice nor the last one.
        file: where `raw` lies.
    """

    volume_id: str
    spacing: tuple[float, float, float] | None
    grey: np.ndarray
    truth: np.ndarray
    file: Path
    shape: tuple[int, int, int]
    positions: tuple[float, ...] | None

    @classmethod
    def draw(cls, number: int, folder: Path) -> "DrawnVolume":
        """One of the two, its raw file in `folder`; stored units are ten times the grey values, less 1000."""
        d, h, w = size = SIZES[number]
        zs, y, x = np.ogrid[:d, :h, :w]
        distance = ((zs - 0.5 * d) / (0.3 * d)) ** 2 + ((y - 0.45 * h) / (0.3 * h)) ** 2
        truth = distance + ((x - 0.4 * w) / (0.25 * w)) ** 2 <= 1
        noise = np.random.default_rng(number).normal(0, 8, size)
        grey = np.clip(np.where(truth, 170, 70) + noise, 0, 255).astype(np.uint8)
        spacing, file = SPACINGS[number], folder / f"drawn{number}.nii"
        stored = grey.T.astype(np.int16) * 10 - 1000
        nibabel.save(nibabel.Nifti1Image(stored, np.diag([*(spacing or (1.0, 1.0, 1.0))[::-1], 1.0])), file)
        positions = None if spacing is None else tuple(z * spacing[0] for z in range(d))
        return cls(f"drawn{number}", spacing, grey, truth, file, size, positions)

    def pixels(self, z: int) -> np.ndarray:
        """See `Slices`."""
        return np.repeat(self.grey[z, ..., None], 3, axis=2)

    def digest(self, z: int) -> str:
        """See `Slices`."""
        return hashlib.sha256(self.pixels(z).tobytes()).hexdigest()

    def raw(self) -> Path:
        """See `Slices`."""
        return self.file

    def queries(self, method: VolumeMethod) -> Iterator[tuple[str, VolumeQuery]]:
        """Every kind of prompt that the method takes, with its name."""
        held = np.flatnonzero(self.truth.any(axis=(1, 2))).tolist()
        middle, ends, whole = held[len(held) // 2], (held[0], held[-1]), (0, len(self.grey) - 1)
        for kind in sorted(method.prompt_types):
            one = [self._shown(middle, kind)]
            yield f"{kind} on one slice, ends given", VolumeQuery(one, ends, given=True)
            yield f"{kind} on one slice, ends open", VolumeQuery(one, whole, given=False)
            if method.several_slices:
                some = [self._shown(z, kind) for z in (held[0], middle, held[-1])]
                yield f"{kind} on three slices, ends open", VolumeQuery(some, whole, given=False)

    def clicks(self) -> list[SlicePrompt]:
        """A corrective click on the object, and one far beside it."""
        z, y, x = (int(side) for side in np.argwhere(self.truth)[len(np.argwhere(self.truth)) // 3])
        return [_points(z, (x, y, 1)), _points(z, (self.shape[2] - 2, self.shape[1] - 2, 0))]

    def _shown(self, z: int, kind: str) -> SlicePrompt:
        mask, nothing = self.truth[z], (np.zeros((0, 2), np.int32), np.zeros(0, np.int8))
        if kind == "mask":
            return SlicePrompt(z, mask=mask.copy())
        if kind == "box":
            return SlicePrompt(z, Prompt(*nothing, np.array(masks.tight_box(mask), np.int32)))
        if kind == "scribble":
            return SlicePrompt(z, Prompt(*nothing, scribbles=(Scribble(centre(mask), 1, 3),)))
        if kind == "lasso":
            return SlicePrompt(z, Prompt(*nothing, lasso=lasso(mask, 0.1)))
        y, x = np.argwhere(mask)[mask.sum() // 2].tolist()
        return _points(z, (x, y, 1))


def _points(z: int, *clicked: tuple[int, int, int]) -> SlicePrompt:
    found = np.array(clicked, np.int32)
    return SlicePrompt(z, Prompt(found[:, :2], found[:, 2].astype(np.int8)))


@dataclass
class VolumeLine:
    """One query about one volume; attributes as of `trial.Line`."""

    kind: str
    scene: DrawnVolume
    query: VolumeQuery
    problem: str = ""
    came: str = ""
    area: float | None = None
    score: float | None = None
    iou: float | None = None
    answer: VolumeAnswer | None = None
    given: np.ndarray | None = field(default=None, repr=False)


class VolumeTrial:
    """Tries one method.

    Args:
        folder: for the raw files of the volumes.
    """

    def __init__(self, method: VolumeMethod, folder: Path):
        self.method = method
        self.scenes = [DrawnVolume.draw(number, folder) for number in range(len(SIZES))]
        self.report = Report()

    def run(self) -> Report:
        """Try everything."""
        shown = [scene.grey.copy() for scene in self.scenes]
        for scene in self.scenes:
            lines = [VolumeLine(kind, scene, query) for kind, query in scene.queries(self.method)]
            self._alone(lines)
            if self.method.corrects:
                self._clicks(lines)
            self._together([line for line in lines if line.given is not None])
        unchanged = all(map(np.array_equal, shown, (scene.grey for scene in self.scenes)))
        problem = "" if unchanged else "they were changed in place; copy them first"
        self.report.checks["the pixels are left as they are"] = problem
        return self.report

    def _ask(self, scene: DrawnVolume, lines: Sequence[VolumeLine]) -> list[VolumeAnswer]:
        answers = listed_answers(self.method.answer(scene, [line.query for line in lines]), len(lines))
        return [checked_answer(answer, scene.shape, line.query) for answer, line in zip(answers, lines, strict=True)]

    def _alone(self, lines: Sequence[VolumeLine]) -> None:
        start = time.perf_counter()
        for line in lines:
            try:
                (line.answer,) = self._ask(line.scene, [line])
            except (Exception, SystemExit) as error:
                line.problem = told(error, type(self.method))
                continue
            found = line.answer.masks
            line.came = f"masks on {len(found.slices)} of {line.query.slices[1] - line.query.slices[0] + 1} slices"
            line.given = found.dense()
            line.area, line.iou = float(line.given.mean()), masks.iou(line.given, line.scene.truth)
            scores = line.answer.scores.values()
            line.score = sum(scores) / len(scores) if scores else None
        self.report.seconds.setdefault("per object, alone", (time.perf_counter() - start) / len(lines))
        self.report.lines += lines

    def _clicks(self, lines: Sequence[VolumeLine]) -> None:
        """Two corrective clicks on the first answer, one after the other."""
        line = next((line for line in lines if line.answer is not None), None)
        for count, name in ((1, "a click on the object"), (2, "a click beside it")):
            if line is None or line.answer is None:
                return
            query = replace(line.query, clicks=line.scene.clicks()[:count], previous=line.answer.state)
            line = VolumeLine(f"the same, and {name}", line.scene, query)
            self._alone([line])
            if line.answer is not None and line.answer.dropped:
                line.came += f", {line.answer.dropped} clicks dropped"

    def _together(self, lines: Sequence[VolumeLine]) -> None:
        if not lines:
            return
        name = f"the same answers to {len(lines)} together as alone, {lines[0].scene.volume_id}"
        try:
            answers = self._ask(lines[0].scene, lines)
        except (Exception, SystemExit) as error:
            self.report.checks[name] = told(error, type(self.method))
            return
        shares = [
            float((answer.masks.dense() != line.given).mean()) for answer, line in zip(answers, lines, strict=True)
        ]
        worst = int(np.argmax(shares))
        problem = (
            f"{lines[worst].kind}: {shares[worst]:.1%} of the voxels differ; an answer must depend on its own query "
            "alone and come out the same each time"
        )
        self.report.checks[name] = problem if shares[worst] > SAME else ""
