"""Why an image or a case cannot be used: every reason there is. docs/reasons.md is made from this file."""

from dataclasses import dataclass

from promptseg.core.errors import PromptsegError


@dataclass(frozen=True)
class Reason:
    """A kind of failure.

    Attributes:
        name: what the status of the row begins with.
        meaning: what was wrong, a sentence for the table of reasons.
        remedy: what to do about it, a clause that ends the status.
    """

    name: str
    meaning: str
    remedy: str

    def error(self, what: str, remedy: str = "") -> PromptsegError:
        """The error of one file or case.

        Args:
            what: what is wrong with it, with the names of the files.
            remedy: what to do in this very case, if more can be said than `self.remedy`.
        """
        return PromptsegError(f"{self.name}: {what}; {remedy or self.remedy}")


# Files

UNREADABLE = Reason(
    "unreadable",
    "The file is damaged, ends early, or is of another format than its name says.",
    "open it in another program, and replace it by an intact copy or convert it",
)

# Geometry: sizes, places and directions

WRONG_AXIS = Reason(
    "wrong axis",
    "Cut along `axis`, a volume would give pictures of one pixel's width.",
    "set `axis` of the dataset",
)

# DICOM

# Masks, label values and raters

NO_SUCH_RATER = Reason(
    "no such rater",
    "`raters` names a rater who has no mask of this case.",
    "set `raters` to majority or staple to use whoever is there",
)

# Intensities

EMPTY_WINDOW = Reason(
    "empty window",
    "The window of `intensity` ends where it begins, or before.",
    "correct `intensity` of the dataset",
)
NEGATIVE_INTENSITIES = Reason(
    "negative intensities",
    "The image has values below zero, which `intensity: {kind: none}` cannot show.",
    "choose `intensity: {kind: window, ...}` or `{kind: percentiles, ...}` for this dataset",
)
NO_FINITE_VALUE = Reason(
    "no finite value",
    "All values of the image are NaN or infinite.",
    "export the image again",
)
RANGE_TOO_LARGE = Reason(
    "range too large",
    "The values of the image reach from so low to so high that their difference is infinite.",
    "check the slope and intercept of the file, or choose `intensity: {kind: window, ...}`",
)


def all_reasons() -> dict[str, Reason]:
    """Every reason of this file by its name, in the order of the names."""
    found = [value for value in globals().values() if isinstance(value, Reason)]
    return {reason.name: reason for reason in sorted(found, key=lambda reason: reason.name)}
