"""How confident a method may be of each of its masks, by what is known without a truth, and how good the mask is."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, groupby
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc

from promptseg.core import masks
from promptseg.core.parquet import read_arrow, read_schema
from promptseg.core.progress import progress
from promptseg.core.tables import batches, open_table, read_provenance, read_table
from promptseg.core.vocabulary import ITERATIVE, LINE_MODES, MODES, SINGLE_MODES
from promptseg.predict.tables import PREDICTIONS, ROBUSTNESS
from promptseg.prompts.modes import read_prompts
from promptseg.score.tables import CONFIDENCES, SCORES, TRUST

_Row = dict[str, Any]
_BATCH = 5000  # rows of predictions in memory
# The oracle is told by the truth which mask to take.
_SELECTIONS = ("first", "best_score")
_READ = ["object_id", "protocol", "switch", "mode", "step", "selection", "candidate", "score", "stability"]
_READ += ["soft_dice", "rle", "click_x", "click_y", "status"]


def confidences(
    answers: Sequence[_Row], prompts: Mapping[str, Mapping[str, Any]], jitter: Mapping[str, float]
) -> dict[tuple[Any, ...], _Row]:
    """The confidences of all masks of one object that a selection without the truth takes.

    Args:
        answers: its rows of predict.tables.PREDICTIONS, without variants of protocols and failures.
        prompts: mode -> its row of prompts.tables.PROMPTS.
        jitter: mode -> mean IoU of the first masks of inexact prompts with that of the exact one.

    Returns:
        (protocol, mode, step, selection) -> score.tables.CONFIDENCES, None where there is none. Of modes 1 to 5
        `candidates_agree` is the mean IoU of all pairs of candidates. `prompts_agree` is the mean IoU with the masks
        that the same selection takes in those of the modes 1 to 5 whose prompt is another one.
    """
    single = {
        mode: sorted(rows, key=lambda row: row["candidate"])
        for mode in SINGLE_MODES
        if (rows := [row for row in answers if row["mode"] == mode])
    }
    agree = {mode: _pairwise(rows) for mode, rows in single.items()}
    chosen: dict[tuple[Any, ...], _Row] = {}
    for mode, rows in single.items():
        chosen[None, mode, 0, "first"] = rows[0]
        scores = [np.nan if row["score"] is None else row["score"] for row in rows]
        if not np.isnan(scores).all():
            chosen[None, mode, 0, "best_score"] = rows[masks.best_score(scores)]
    for row in answers:
        if row["mode"] == ITERATIVE and row["selection"] in _SELECTIONS:
            chosen[row["protocol"], ITERATIVE, row["step"], row["selection"]] = row
    shown = {mode: _shown(prompts[mode]) for mode in single}
    others = _agreement(chosen, shown)
    return {
        key: {
            "predicted_iou": row["score"],
            "stability": row["stability"],
            "soft_dice": row["soft_dice"],
            "candidates_agree": agree.get(key[1]),
            "prompts_agree": others[key],
            "jitter_agrees": jitter.get(key[1]) if key[3] == "first" else None,
        }
        for key, row in chosen.items()
    }


def _pairwise(rows: Sequence[_Row]) -> float | None:
    """Mean IoU of all pairs of masks; None of a single one."""
    codes = [row["rle"] for row in rows]
    upper = np.triu_indices(len(codes), 1)
    return float(masks.overlaps(codes, codes)[upper].mean()) if len(codes) > 1 else None


def _shown(prompt: Mapping[str, Any]) -> tuple[Any, ...]:
    """What tells a prompt from others: its points and boxes, and the mode of its lines, which are no others'."""
    lines = (prompt["mode"],) if prompt["mode"] in LINE_MODES else ()
    return *(tuple(map(tuple, prompt[key])) for key in ("points", "boxes")), *lines


def _agreement(
    chosen: Mapping[tuple[Any, ...], _Row], shown: Mapping[str, tuple[Any, ...]]
) -> dict[tuple[Any, ...], float | None]:
    """See `confidences`; None where no other prompt was asked."""
    found: dict[tuple[Any, ...], float | None] = {}
    for selection in _SELECTIONS:
        keys = [key for key in chosen if key[3] == selection]
        modes = [key for key in keys if key[1] != ITERATIVE]
        if not modes:
            found |= dict.fromkeys(keys)
            continue
        overlaps = masks.overlaps([chosen[key]["rle"] for key in keys], [chosen[key]["rle"] for key in modes])
        for key, row in zip(keys, overlaps, strict=True):
            own = shown[key[1]] if key[1] != ITERATIVE else _clicked(chosen[key])
            other = [value for mode, value in zip(modes, row, strict=True) if shown[mode[1]] != own]
            found[key] = float(np.mean(other)) if other else None
    return found


def _clicked(row: _Row) -> tuple[Any, ...]:
    """As `_shown`: a first click is the prompt of mode 1 where it is the same point."""
    return (((row["click_x"], row["click_y"]),), ()) if row["step"] == 1 else ()


def _jitter(robustness: Path | None) -> dict[str, dict[str, float]]:
    """Object -> mode -> mean agreement of inexact prompts."""
    found: dict[str, dict[str, float]] = {}
    if robustness is not None:
        table = read_table(robustness, ROBUSTNESS, ["object_id", "mode", "kind", "amount", "agreement"])
        inexact = table[((table["kind"] == "seed") | (table["amount"] > 0)) & table["agreement"].notna()]
        for (name, mode), value in inexact.groupby(["object_id", "mode"])["agreement"].mean().items():
            found.setdefault(name, {})[mode] = float(value)
    return found


def _by_object(predictions: Path) -> Iterator[tuple[str, list[_Row]]]:
    PREDICTIONS.check(predictions, read_schema(predictions).names)
    rows = chain.from_iterable(batches(predictions, _BATCH, _READ))
    for name, group in groupby(rows, key=lambda row: row["object_id"]):
        yield name, [row for row in group if row["status"] == "ok" and row["switch"] is None]


def write_trust(
    scores: Path, predictions: Path, prompts: Path, robustness: Path | None, output: Path, *, method: str
) -> None:
    """Write score.tables.TRUST of one method on one dataset; masks of which no confidence is known have no row.

    Args:
        scores, predictions, prompts: of the same run.
        robustness: its answers to inexact prompts, if the run has them.
    """
    keys = ["protocol", "mode", "step", "selection"]
    SCORES.check(scores, read_schema(scores).names)
    usable = (pc.field("status") == "ok") & pc.field("switch").is_null() & pc.field("selection").isin(_SELECTIONS)
    scored = read_arrow(scores, SCORES.names[: SCORES.names.index("iou") + 1], usable & pc.field("mode").isin(MODES))
    of_object: dict[str, list[_Row]] = {}
    for row in scored.to_pylist():
        of_object.setdefault(row["object_id"], []).append(row)
    asked, jitter = read_prompts(prompts, of_object), _jitter(robustness)
    names = [column.name for column in CONFIDENCES]
    with open_table(output, TRUST, read_provenance(scores)) as table:
        for name, answers in progress(_by_object(predictions), len(of_object), f"trust {method}", "object"):
            if name not in of_object:
                continue
            known = confidences(answers, asked[name], jitter.get(name, {}))
            found = [{**row, **known[tuple(row[key] for key in keys)]} for row in of_object[name]]
            table.gather(
                {column: row[column] for column in TRUST.names}
                for row in found
                if any(row[confidence] is not None for confidence in names)
            )
