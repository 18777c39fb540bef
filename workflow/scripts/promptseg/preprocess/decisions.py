"""What all masks of a dataset together say about how each is to be read."""

import logging
from itertools import product

from promptseg.core.reason import Reason
from promptseg.core.reasons import PLACES_DIFFER
from promptseg.core.value_reasons import MEANS_OPEN, NOISY_MASK, THRESHOLD_MISSING
from promptseg.preprocess.evidence import SEVERAL_VALUES, Decisions, Encodings, Evidence, Kind, Refusal

logger = logging.getLogger(__name__)

# Kinds of masks that cannot stand in one dataset: where there is one of the latter, those of the former are refused.
_CONTRADICTIONS: list[tuple[tuple[str, ...], str, Reason, str, str]] = [
    (
        (Kind.ALPHA, Kind.EMPTY_ALPHA),
        Kind.CONSTANT_ALPHA,
        MEANS_OPEN,
        "has one colour and an alpha channel that varies, and {0} has colours and a constant alpha channel",
        "save the masks without alpha channels",
    ),
    (
        (Kind.GREY_CHANNELS,),
        Kind.COLOURED,
        MEANS_OPEN,
        "holds greys in three channels, and {0} holds colours",
        "name all colours, black, white and greys as well, in `colours` of the entry",
    ),
    (
        (Kind.GREY_VALUES,),
        Kind.GREY_COLOURS,
        MEANS_OPEN,
        "can only be read by the greys of its palette, and {0} only by its indices",
        "name the greys in `colours` of the entry",
    ),
    (
        (Kind.GREY_COLOURS,),
        Kind.GREY_VALUES,
        MEANS_OPEN,
        "can only be read by its indices, and {0} only by the greys of its palette",
        "name the greys in `colours` of the entry",
    ),
    (
        (Kind.CLEAR_JPEG,),
        Kind.GREY_JPEG,
        NOISY_MASK,
        "is JPEG, and {0} has grey levels between black and white",
        "give the masks as `labels: [{file: ..., value: ..., threshold: 128}]` if they show one object, else save them "
        "as PNG",
    ),
    (
        (Kind.TURNED_PICTURE,),
        Kind.STORED_PIXELS,
        PLACES_DIFFER,
        "says nothing of turning, its image is turned as its EXIF data say, and {0} was drawn on stored pixels",
        "turn the masks as well, or remove the orientation from the EXIF data of the images",
    ),
]


# The kinds that a decision can be about; those for each label value by their first words.
_DECIDED = {kind for kinds, *_ in _CONTRADICTIONS for kind in kinds} | {Kind.BLACK_BELOW_ALPHA}
_DECIDED |= {Kind.PALETTE, Kind.PALETTE_BACKGROUND, Kind.PALETTE_OBJECT}
_DECIDED_BY_VALUE = (Kind.ONLY, Kind.FRACTIONS, Kind.TWO_VALUES)


def depends_on_others(evidence: Evidence) -> bool:
    """Whether what some of these masks mean depends on the other masks of their dataset, see `decide`."""
    return any(
        kind in _DECIDED or any(one.number_in(kind) is not None for one in _DECIDED_BY_VALUE) for kind in evidence.kinds
    )


def decide(how: Encodings) -> Decisions:
    """Decisions for those kinds of masks that the dataset shows to be other than they look by themselves.

    Args:
        how: as the first reading of all cases left it; its evidence counts.
    """
    evidence = how.evidence
    decisions: dict[str, Refusal | str] = {}
    for kinds, other, reason, what, remedy in _CONTRADICTIONS:
        seen = evidence.of(other)
        if seen:
            decisions |= dict.fromkeys(kinds, Refusal(reason, what.replace("{0}", seen.first), remedy))
    if evidence.of(Kind.ALPHA) and Kind.ALPHA not in decisions:
        decisions[Kind.BLACK_BELOW_ALPHA] = "alpha"
    for palette in (Kind.PALETTE, Kind.PALETTE_BACKGROUND):
        contradiction = _palettes(how, palette)
        if contradiction:
            decisions |= {palette: contradiction, Kind.PALETTE_OBJECT: contradiction}
    for kind in evidence.kinds:
        if (white := Kind.ONLY.number_in(kind)) is not None:
            decisions |= _white(white, how)
        elif (value := Kind.MANY_VALUES.number_in(kind)) is not None:
            what = f"is one of the masks of `value: {value}`, and {evidence.kinds[kind][''].first} holds many values"
            refusal = Refusal(THRESHOLD_MISSING, what, "give `threshold` beside `value` in `labels`")
            decisions |= {few.of(value): refusal for few in (Kind.FRACTIONS, Kind.TWO_VALUES)}
    return {kind: decision for kind, decision in decisions.items() if kind in evidence.kinds}


def _white(number: int, how: Encodings) -> Decisions:
    """Masks of 0 and one undeclared number such as 255, if they do not show the object of the tasks."""
    kind = Kind.ONLY.of(number)
    among = how.evidence.of(Kind.AMONG.of(number))
    if among and how.others is None:
        return {kind: "label"} if how.single is not None else {}
    if among:
        what = f"holds 0 and {number} only, and {among.first} holds {number} beside other labels"
        return {kind: Refusal(MEANS_OPEN, what, f"add {number} to `other_labels` if it marks what does not count")}
    labels = how.evidence.of(Kind.SEVERAL_LABELS) or (how.evidence.of(Kind.LABELS) if how.others is None else None)
    if labels is None and how.single is not None:
        return {}
    what = f"holds 0 and {number} only" + (
        f", and {labels.first} holds labels" if labels else f", and {SEVERAL_VALUES}"
    )
    remedy = f"list all values in `other_labels`, with {number} if it marks what does not count" + (
        ", without it if it shows the object" if how.single is not None else ""
    )
    return {kind: Refusal(MEANS_OPEN, what, remedy)}


def _palettes(how: Encodings, kind: str) -> Refusal | None:
    """Palettes in which an index has two colours; those of one object may differ among themselves."""
    kinds = how.evidence.kinds
    palettes = list(kinds.get(kind, {}).items())
    others = [*palettes, *(kinds.get(Kind.PALETTE_OBJECT, {}).items() if kind == Kind.PALETTE else ())]
    for (first, one), (second, other) in product(palettes, others):
        if not (first.startswith(second) or second.startswith(first)):
            index = next(i for i in range(256) if first[: 6 * i + 6] != second[: 6 * i + 6])
            colours = [f"#{digits[6 * index : 6 * index + 6]}" for digits in (first, second)]
            what = (
                f"has a palette, whose index {index} is {colours[0]} in {one.first} and {colours[1]} in {other.first}"
            )
            remedy = f'say which label each colour stands for by `colours: {{1: "{colours[0]}", ...}}` in the entry'
            return Refusal(MEANS_OPEN, what, remedy)
    return None


def log_readings(dataset: str, how: Encodings) -> None:
    """Say once how masks that are no plain label maps were read, and how many there are."""
    said: dict[str, str] = {
        Kind.TURNED_PICTURE: "masks of pictures that are turned as their EXIF data say: they are not turned",
        Kind.ALPHA: "masks in the alpha channel: it is used, and not the colours",
        Kind.CONSTANT_ALPHA: "masks beside a constant alpha channel: it is not used",
        Kind.CLEAR_JPEG: f"masks in JPEG: 128 and more is {how.single}",
        Kind.GREY_VALUES: "masks with a palette of greys: the greys are the values",
        Kind.GREY_COLOURS: "masks with a palette of greys: the indices are the values",
    }
    for kind, seen in sorted((kind, how.evidence.of(kind)) for kind in how.evidence.kinds):
        assert seen is not None
        decision = how.decisions.get(kind)
        if isinstance(decision, Refusal):
            logger.warning("%s: unclear masks (%d): %s %s", dataset, seen.count, seen.first, decision.what)
        elif (white := Kind.ONLY.number_in(kind)) is not None:
            stands = "a label of its own" if decision == "label" or how.single is None else how.single
            what = f"masks of 0 and {white} only: {white} is {stands}"
            logger.info("%s: %s (%d, the first %s)", dataset, what, seen.count, seen.first)
        elif kind in said:
            logger.info("%s: %s (%d, the first %s)", dataset, said[kind], seen.count, seen.first)
