"""Compose what one method answered about the images of one dataset."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain, groupby
from pathlib import Path
from typing import Any, TypeAlias

from PIL import Image
from pycocotools.mask import area

from promptseg.compose.label_maps import label_maps
from promptseg.compose.rows import NO_PROBABILITIES, compose_all, ranking
from promptseg.compose.rules import Priority, Wanted, layered
from promptseg.compose.tables import COMPOSED_OBJECTS
from promptseg.core.masks import decode, encode
from promptseg.core.progress import progress
from promptseg.core.settings import COLUMNS, Setting
from promptseg.core.stacks import MaskStack
from promptseg.core.tables import batches, open_table, read_provenance
from promptseg.core.vocabulary import EVERYTHING, ITERATIVE
from promptseg.exports.answers import Answer, answers_in
from promptseg.exports.source import file_names
from promptseg.predict.log_odds import unpacked
from promptseg.preprocess.objects import ObjectStream
from promptseg.volumes.scores.conflicts import apart

OTHER_MASK = "failed: the probabilities belong to another mask; delete them and run again"
_Key: TypeAlias = tuple[Any, ...]


class _LogOdds:
    """Those of a file of PROBABILITIES, image by image in its order, so that few are in memory."""

    def __init__(self, path: Path):
        self._groups = groupby(chain.from_iterable(batches(path, 500)), key=lambda row: row["object_id"])
        self._next = next(self._groups, None)

    def of(self, object_ids: Collection[str]) -> dict[_Key, bytes]:
        """Of the masks of the objects of the next image."""
        found: dict[_Key, bytes] = {}
        while self._next is not None and self._next[0] in object_ids:
            found |= {_key(row["object_id"], row, row["candidate"]): row["log_odds"] for row in self._next[1]}
            self._next = next(self._groups, None)
        return found


def _key(object_id: str, row: Mapping[str, Any], candidate: int | None) -> _Key:
    clicked = tuple(row[name] or "" for name in COLUMNS[1:]) if row["mode"] == ITERATIVE else ()
    return object_id, row["mode"], *(clicked or (candidate,))


def _surest(answers: Mapping[str, Answer], known: Mapping[_Key, bytes]) -> Priority | str:
    """What wins by `largest_probability` among the masks of one image."""
    found = {}
    for name, answer in answers.items():
        content = known.get(_key(name, answer.row, answer.candidate))
        if content is None:
            return NO_PROBABILITIES
        log_odds = unpacked(decode(answer.code), content)
        if log_odds is None:
            return OTHER_MASK
        found[name] = log_odds
    return lambda name, _: found[name]


@dataclass(frozen=True)
class ImageSource:
    """What one method answered about the images of a dataset.

    Attributes:
        stream: the images, with their objects.
        settings: whose masks are composed.
        probabilities: file of predict.tables.PROBABILITIES, of a method that knows them.
    """

    stream: ObjectStream
    scores: Path
    predictions: Path
    settings: Sequence[Setting]
    probabilities: Path | None = None


def compose_images(source: ImageSource, wanted: Wanted, output: Path, *, dataset: str, method: str) -> None:
    """Write compose.tables.COMPOSED_OBJECTS of one method on the images of one dataset, and label maps if wanted.

    A label map is `SETTING/RULE/IMAGE.png`, its values the places of the tasks in the dataset's entry, from 1, as
    `tasks.json` says.
    """
    answers = {one: _by_image(source, one) for one in source.settings}
    log_odds = _LogOdds(source.probabilities) if source.probabilities else None
    order = {task: place for place, task in enumerate(source.stream.tasks, 1)}
    stems = file_names(source.stream.image_ids)
    keys = {"dataset": dataset, "method": method, "on": "images"}
    with ExitStack() as stack:
        table = stack.enter_context(open_table(output, COMPOSED_OBJECTS, read_provenance(source.scores)))
        folder = stack.enter_context(label_maps(wanted.folder, order)) if wanted.folder else None
        label = f"compose {method} {dataset}"
        for image, items in progress(source.stream, len(source.stream), label, "image"):
            size = image.labels.shape
            in_order = sorted(items, key=lambda item: order[item.row.task])
            truths = {item.row.object_id: _stack(encode(item.mask), size) for item in in_order}
            about = {item.row.object_id: {"task": item.row.task, "case_id": item.row.case_id} for item in items}
            values = {name: order[one["task"]] for name, one in about.items()}
            others = apart(truths)
            known = log_odds.of(truths.keys()) if log_odds else {}
            for setting, of_images in answers.items():
                found = of_images.get(image.image_id, {})
                here = {name: found[name] for name in truths if name in found}
                if not here:
                    continue
                masks = {name: _stack(one.code, size) for name, one in here.items()}
                scores = {(name, 0): one.score for name, one in here.items()}
                of = ranking(masks, _surest(here, known) if setting.mode != EVERYTHING else NO_PROBABILITIES, scores)
                for rule, composed, rows in compose_all(masks, truths, others, wanted.rules, of):
                    own = {**keys, "setting": setting.id, "place_id": image.image_id}
                    table.gather({**own, **about[row["object_id"]], **row} for row in rows)
                    if folder and composed:
                        path = folder / setting.id / rule / f"{stems[image.image_id]}.png"
                        path.parent.mkdir(parents=True, exist_ok=True)
                        Image.fromarray(layered(composed, values, 0)).save(path)


def _by_image(source: ImageSource, setting: Setting) -> dict[str, dict[str, Answer]]:
    """Image -> object -> the mask that counts in a setting."""
    truths = None
    if setting.selection == "oracle":
        truths = {item.row.object_id: encode(item.mask) for _, items in source.stream for item in items}
    found: dict[str, dict[str, Answer]] = defaultdict(dict)
    for answer in answers_in(source.scores, source.predictions, setting, truths):
        found[answer.row["image_id"]][answer.row["object_id"]] = answer
    return found


def _stack(code: dict[str, Any], size: tuple[int, int]) -> MaskStack:
    """The mask of an image as that of a volume of one slice."""
    return MaskStack((1, *size), {0: code} if area(code) else {})
