"""What kinds of masks a dataset holds, as its cases find them, and how each kind is read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any

from promptseg.core.reason import Reason


class Kind(StrEnum):
    """The kinds of masks that decisions are about. Those from `ONLY` on are kinds for each label value."""

    LABELS = "labels"
    SEVERAL_LABELS = "several labels"
    CLEAR_JPEG = "black and white JPEG"
    GREY_JPEG = "grey JPEG"
    COLOURED = "coloured"
    GREY_CHANNELS = "grey in three channels"
    ALPHA = "mask in the alpha channel"
    CONSTANT_ALPHA = "mask beside a constant alpha channel"
    BLACK_BELOW_ALPHA = "black below an alpha channel"
    EMPTY_ALPHA = "colour below an empty alpha channel"
    PALETTE = "palette"
    PALETTE_BACKGROUND = "background of a palette"
    PALETTE_OBJECT = "palette of one object"
    GREY_VALUES = "palette of greys that are values"
    GREY_COLOURS = "palette of greys that are colours"
    TURNED_PICTURE = "mask of a turned picture"
    STORED_PIXELS = "mask of stored pixels"
    ONLY = "only"
    AMONG = "among labels"
    FRACTIONS = "fractions of"
    TWO_VALUES = "two values of"
    MANY_VALUES = "many values of"

    def of(self, number: int) -> str:
        """The kind for one label value."""
        return f"{self} {number}"

    def number_in(self, kind: str) -> int | None:
        """The label value that `of` was given, if it made this kind."""
        name, _, number = kind.rpartition(" ")
        return int(number) if name == self else None


SEVERAL_VALUES = "the tasks have several values"  # why a mask of 0 and 255 may show the object of any of them
# Memory must not grow with the cases. Of so many palettes two contradict each other: only 256 can begin alike.
_DETAILS = 257


@dataclass
class Seen:
    """How many masks are of a kind, and the name of the first."""

    count: int
    first: str


@dataclass
class Evidence:
    """Kinds of masks that were found, by kind and detail."""

    kinds: dict[str, dict[str, Seen]] = field(default_factory=dict)

    def note(self, kind: str, name: str, detail: str = "", count: int = 1) -> None:
        """Count a mask."""
        details = self.kinds.setdefault(kind, {})
        if detail in details:
            details[detail].count += count
        elif len(details) < _DETAILS:
            details[detail] = Seen(count, name)

    def add(self, other: "Evidence") -> None:
        """Count those of another case as well."""
        for kind, details in other.kinds.items():
            for detail, seen in details.items():
                self.note(kind, seen.first, detail, seen.count)

    def of(self, kind: str) -> Seen | None:
        """The masks of a kind, whatever the detail."""
        details = list(self.kinds.get(kind, {}).values())
        return Seen(sum(seen.count for seen in details), details[0].first) if details else None


@dataclass(frozen=True)
class Refusal:
    """Why masks of a kind cannot be read: what else there is in the dataset, and what to do."""

    reason: Reason
    what: str
    remedy: str


Decisions = Mapping[str, Refusal | str]  # kind -> how it is read, where not as its file alone suggests


@dataclass(frozen=True)
class Encodings:
    """How the masks of a dataset are read.

    A mask is read as it suggests by itself, unless the other masks of the dataset have led to another decision; what it
    suggests is noted, so that decisions can be taken once all are known (`decisions.decide`).

    Attributes:
        values: those that `tasks` names.
        others: those of `other_labels`, or None for any.
        colours: label value -> (red, green, blue).
        decisions: those that all masks of the dataset have led to.
        evidence: what is found is noted here.
    """

    values: frozenset[int] = frozenset()
    others: frozenset[int] | None = None
    colours: Mapping[int, tuple[int, int, int]] = field(default_factory=dict)
    decisions: Decisions = field(default_factory=dict)
    evidence: Evidence = field(default_factory=Evidence)

    @classmethod
    def of(cls, entry: Mapping[str, Any], decisions: Decisions) -> "Encodings":
        """What the entry of a dataset says; see `build.build`."""
        other = entry["other_labels"]
        return cls(
            frozenset(value for members in entry["tasks"].values() for value in members),
            None if isinstance(other, str) else frozenset(other),
            {int(value): _rgb(colour) for value, colour in entry.get("colours", {}).items()},
            decisions,
        )

    @cached_property
    def single(self) -> int | None:
        """The label value, if the tasks have only one between them."""
        return next(iter(self.values)) if len(self.values) == 1 else None

    def declared(self, value: int) -> bool:
        """Whether a value may occur in a label map."""
        return value == 0 or value in self.values or self.others is None or value in self.others

    def see(self, kind: str, name: str, detail: str = "") -> str:
        """Note a mask of a kind.

        Returns:
            What was decided for the kind, empty if nothing.

        Raises:
            PromptsegError: masks of this kind cannot be read in this dataset.
        """
        self.evidence.note(kind, name, detail)
        decision = self.decisions.get(kind, "")
        if isinstance(decision, Refusal):
            raise decision.reason.error(f"{name} {decision.what}", decision.remedy)
        return decision


def _rgb(colour: str | Sequence[int]) -> tuple[int, int, int]:
    """(red, green, blue) of a list of three numbers or of a string like "#ff0000"."""
    numbers = bytes.fromhex(colour.removeprefix("#")) if isinstance(colour, str) else colour
    red, green, blue = numbers
    return red, green, blue
