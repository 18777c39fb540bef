"""What a method answered in an earlier job, so that a job asks only what is missing.

Beside the predictions of a method and a dataset a hidden folder `.{dataset}.kept` holds them under a second name,
because Snakemake deletes the outputs of a job before it runs, with a description of what each answer depends on. It is
a by-product: it may be deleted at any time, and what is damaged or made by other code, weights or devices is not used.
"""

import hashlib
import json
import logging
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from promptseg.core.files import atomic
from promptseg.core.parquet import read_arrow
from promptseg.core.tables import read_table, write_table
from promptseg.core.vocabulary import EVERYTHING, ITERATIVE, SINGLE_MODES
from promptseg.methods import Grid, Proposals
from promptseg.predict.plan import Item, Plan, Target
from promptseg.predict.tables import ASKED, PREDICTIONS, PROPOSALS
from promptseg.preprocess.images import LabelledImage, pixel_digest
from promptseg.prompts.clicks import Protocol

logger = logging.getLogger(__name__)

# None of them ends as a table does: nobody who looks for tables finds them.
_PREDICTIONS, _PROPOSALS, _ASKED, _ABOUT = "predictions", "everything", "asked", "about.json"
_Row = dict[str, Any]


def folder_of(predictions: str | Path) -> Path:
    """The hidden folder that belongs to a file of predictions."""
    path = Path(predictions)
    return path.parent / f".{path.stem}.kept"


def _digest(*parts: bytes) -> str:
    return hashlib.sha256(b"".join(parts)).hexdigest()[:32]


def prompt_digest(row: Mapping[str, Any]) -> str:
    """Of what a row of prompts.tables.PROMPTS, cut in this process, shows."""
    given = [np.asarray([list(one) for one in row[key]], np.int64).tolist() for key in ("points", "boxes")]
    drawn = [row[key] for key in ("scribbles", "lasso") if row.get(key)]
    return _digest(json.dumps([given, [int(label) for label in row["point_labels"]], *drawn]).encode())


def asked_of(image: LabelledImage, targets: Sequence[Target], looks: bool) -> list[_Row]:
    """Rows of predict.tables.ASKED of the objects of an image.

    Args:
        looks: whether the method looks at pixels; if not, only the size counts.
    """
    pixels = pixel_digest(image.pixels) if looks else str(image.pixels.shape)
    about = {"pixels": pixels, "labels": pixel_digest(image.labels), "image_id": image.image_id}
    return [
        {"object_id": target.object_id, "truth": _digest(np.packbits(target.truth).tobytes()), **about}
        | {mode: prompt_digest(target.prompts[mode]) for mode in SINGLE_MODES if mode in target.prompts}
        for target in targets
    ]


@dataclass
class Kept:
    """Answers of an earlier job by what they answer; empty where there is none.

    Attributes:
        plan: of that job.
        cost: of all jobs whose answers are there, see `run.predict`.
        needs_truth: whether answers depend on the truth, see `Method`.
        stateful: whether the method gave states, see `Candidates`.
    """

    plan: Plan = field(default_factory=Plan)
    cost: Mapping[str, Any] = field(default_factory=dict)
    needs_truth: bool = False
    stateful: bool = False
    predictions: pa.Table | None = None
    proposals_table: pa.Table | None = None
    asked: Mapping[str, _Row] = field(default_factory=dict)

    @cached_property
    def _places(self) -> dict[str, tuple[int, int]]:
        """First row and number of rows of each object; they follow one another."""
        if self.predictions is None:
            return {}
        names = self.predictions["object_id"].combine_chunks().dictionary_encode()
        codes = names.indices.to_numpy()
        starts = np.flatnonzero(np.r_[True, codes[1:] != codes[:-1]]) if len(codes) else np.zeros(0, int)
        counts = np.diff(np.r_[starts, len(codes)])
        found = names.dictionary.to_pylist()
        return {found[codes[first]]: (int(first), int(n)) for first, n in zip(starts, counts, strict=True)}

    def of_object(self, now: _Row) -> "KeptObject | None":
        """What is kept of an object, if its image is the same.

        Args:
            now: its row of predict.tables.ASKED.
        """
        then, place = self.asked.get(now["object_id"]), self._places.get(now["object_id"])
        if self.predictions is None or then is None or place is None or then["pixels"] != now["pixels"]:
            return None
        if self.needs_truth and then["truth"] != now["truth"]:
            return None
        return KeptObject(self.plan, then, now, self.predictions.slice(*place).to_pylist())

    def proposals(self, image_id: str, objects: Sequence["KeptObject | None"], grid: Grid) -> Proposals | None:
        """All masks that were found in an image by such a grid."""
        asked = any(one is not None and one.searched for one in objects)
        if not asked or self.proposals_table is None or self.plan.grid != grid:
            return None
        rows = self.proposals_table.filter(pc.field("image_id") == image_id).to_pylist()
        scores, stability = (np.array([row[key] for row in rows], np.float32) for key in ("score", "stability"))
        return Proposals([row["rle"] for row in rows], scores, stability)


@dataclass
class KeptObject:
    """What is kept of one object of an unchanged image.

    Attributes:
        then, now: its rows of predict.tables.ASKED.
        rows: of predict.tables.PREDICTIONS.
    """

    plan: Plan
    then: _Row
    now: _Row
    rows: Sequence[_Row]

    @property
    def searched(self) -> bool:
        """Whether the mode `everything` was run for its image."""
        return any(row["mode"] == EVERYTHING and row["status"] == "ok" for row in self.rows)

    def single(self, mode: str, plan: Plan, several: bool) -> list[_Row]:
        """The rows of an equal prompt, of this or another mode of single prompts; none if there are none.

        Args:
            several: whether the number of masks depends on `multimask`.
        """
        if several and plan.multimask != self.plan.multimask:
            return []
        same = [other for other in (mode, *SINGLE_MODES) if self.then.get(other) == self.now[mode]]
        rows = [row for row in self.rows if row["mode"] in same[:1]]
        return rows if all(row["status"] == "ok" for row in rows) else []

    def trajectory(self, protocol: Protocol, selection: str) -> list[_Row]:
        """The rows of the clicks under an equal protocol, whatever its name; none if there are none.

        Which candidate the oracle takes depends on the truth.
        """
        if selection == "oracle" and self.then["truth"] != self.now["truth"]:
            return []
        key = next((key for key, other in self.plan.protocols.items() if other == protocol), None)
        return [
            row
            for row in self.rows
            if row["mode"] == ITERATIVE and (row["protocol"], row["switch"]) == key and row["selection"] == selection
        ]

    def same_user(self, plan: Plan) -> bool:
        """Whether the simulated user would click the same after the same mask."""
        same = all(self.then[key] == self.now[key] for key in ("truth", "labels"))
        return same and (plan.tie_break, plan.seed) == (self.plan.tie_break, self.plan.seed)


def _plan_facts(plan: Plan) -> dict[str, Any]:
    protocols = [[*key, asdict(protocol)] for key, protocol in plan.protocols.items()]
    return {
        "protocols": protocols,
        "grid": asdict(plan.grid),
        **{key: getattr(plan, key) for key in ("clicks", "multimask", "tie_break", "seed")},
    }


def _plan_of(facts: Mapping[str, Any]) -> Plan:
    protocols = {(name, switch): Protocol(**switches) for name, switch, switches in facts["protocols"]}
    rest = {key: facts[key] for key in ("clicks", "multimask", "tie_break", "seed")}
    return Plan(protocols=protocols, grid=Grid(**facts["grid"]), **rest)


def read_kept(folder: Path, fingerprint: str, needs_truth: bool) -> Kept:
    """The answers of the job before, if everything that they depend on besides their prompts is the same."""
    if not folder.is_dir():
        return Kept()
    try:
        about = json.loads((folder / _ABOUT).read_text())
        if about["fingerprint"] != fingerprint:
            logger.info("%s: made by other code, weights, settings or devices; everything is asked anew", folder)
            return Kept()
        asked = read_table(folder / _ASKED, ASKED).to_dict("records")
        kept = Kept(
            plan=_plan_of(about["plan"]),
            cost=about["cost"],
            needs_truth=needs_truth,
            stateful=about["stateful"],
            predictions=read_arrow(folder / _PREDICTIONS, schema=PREDICTIONS.schema),
            proposals_table=read_arrow(folder / _PROPOSALS, schema=PROPOSALS.schema),
            asked={row["object_id"]: row for row in asked},
        )
    except Exception as error:  # whatever a damaged file makes a reader raise
        logger.warning("%s cannot be used and is ignored, everything is asked anew: %s", folder, error)
        return Kept()
    logger.info("%s: answers to equal prompts are taken from there", folder)
    return kept


def keep(
    folder: Path,
    fingerprint: str,
    plan: Plan,
    asked: Sequence[_Row],
    cost: Mapping[str, Any],
    tables: tuple[Path, Path],
    *,
    stateful: bool,
) -> None:
    """Keep the answers of a job for the next one.

    Args:
        asked: rows of predict.tables.ASKED.
        stateful: see `Kept`.
        tables: the files of predictions and of proposals; they get a second name, which takes no space, or are copied
            where the file system knows no hard links.
    """
    about = {"fingerprint": fingerprint, "plan": _plan_facts(plan), "cost": dict(cost), "stateful": stateful}
    with atomic(folder) as temporary:
        temporary.mkdir()
        for source, name in zip(tables, (_PREDICTIONS, _PROPOSALS), strict=True):
            try:
                os.link(source, temporary / name)
            except OSError:
                shutil.copyfile(source, temporary / name)
        write_table(temporary / _ASKED, asked, ASKED)
        (temporary / _ABOUT).write_text(json.dumps(about))


def total(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """What all answers cost that a job has: its own cost and that of the jobs before.

    Counts of images, objects and predictions are those of the job; seconds, prompts and encodings add up, and so do
    peaks to the larger one. An image that was encoded in several jobs counts as often in `encode_seconds`.
    """
    summed = ("encode_seconds", "decode_seconds", "everything_seconds", "wall_seconds", "prompts", "encodings")
    added = {key: before.get(key, 0) + now[key] for key in summed}
    peaks = {key: max(before.get(key, 0), value) for key, value in now.items() if key.startswith("peak_")}
    return {**now, **added, **peaks}


def as_one_job(cost: Mapping[str, Any]) -> dict[str, Any]:
    """The cost as if one job had asked everything: each image encoded once, in the mean time of its encodings."""
    once = cost["encode_seconds"] * min(1, cost["images"] / max(cost["encodings"], 1))
    saved = cost["encode_seconds"] - once
    return {**cost, "encode_seconds": once, "wall_seconds": cost["wall_seconds"] - saved}


def answers_of(kept: Kept, item: Item, looks: bool) -> dict[str, KeptObject | None]:
    """What is kept of each object of an image; the image notes what it asks."""
    item.asked = asked_of(item.image, item.targets, looks)
    return {row["object_id"]: kept.of_object(row) for row in item.asked}
