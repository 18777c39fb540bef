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
UNKNOWN_LABEL = Reason(
    "unknown label value",
    "A mask holds values that neither `tasks` nor `other_labels` names.",
    "add what they stand for to `tasks`, or to `other_labels` if no task needs it",
)
LABEL_RANGE = Reason(
    "label value out of range",
    "Label values are whole numbers from 0 to 65535; instance numbers and background markers may lie beyond.",
    "write the mask with other numbers",
)
NOT_WHOLE = Reason(
    "label values are not whole",
    "A label map holds fractions, or values that are no numbers: a probability map, or labels that were resampled.",
    "save whole numbers, or give the file as a list entry with `value` and `threshold` if it is a probability map",
)
MEANS_OPEN = Reason(
    "meaning of a mask is open",
    "What the values of a mask stand for follows neither from the file nor from the others of the dataset.",
    "say it in the entry of the dataset",
)
NOISY_MASK = Reason(
    "mask with grey edges",
    "A mask holds many grey levels: it was saved as JPEG, resized with interpolation, or is a probability map.",
    "give it as a list entry of `labels` with `value` and `threshold`",
)
COLOURED_MASK = Reason(
    "coloured mask",
    "The channels of a mask differ, and no label values are known for its colours.",
    "name its colours in `colours`, or save the label values as one channel",
)
UNKNOWN_COLOUR = Reason(
    "unknown colour",
    "A mask holds a colour that `colours` does not name.",
    "add it to `colours`; if the file was saved with losses (JPEG), save it anew without",
)

# Geometry: sizes, places and directions

ANOTHER_GRID = Reason(
    "another grid",
    "The pixels of a mask do not lie on those of its image: they differ in size, in direction, or by parts of a pixel.",
    "resample the mask to the pixels of the image",
)
NO_POSITION = Reason(
    "no position",
    "Image or mask says nothing of its place, so that one cannot be laid over the other.",
    "save the mask with the size of the image as PNG, or as NIfTI",
)
WRONG_AXIS = Reason(
    "wrong axis",
    "Cut along `axis`, a volume would give pictures of one pixel's width.",
    "set `axis` of the dataset",
)

# DICOM

ANOTHER_FRAME_OF_REFERENCE = Reason(
    "another frame of reference",
    "A DICOM segmentation was drawn in other coordinates (FrameOfReferenceUID) than those of the image.",
    "give the case the segmentation of this very series, or set `frame_of_reference: any` if the coordinates agree",
)
BEYOND_THE_IMAGE = Reason(
    "beyond the image",
    "Nothing of what a segmentation marks lies on the slices of the image.",
    "check that the segmentation and the image belong together, and that the slices are complete",
)
CONTRADICTION = Reason(
    "contradiction",
    "A frame of a DICOM SEG refers to one picture and lies at the place of another one.",
    "write the segmentation anew from its source",
)
DOUBLE_FRAMES = Reason(
    "double frames",
    "Several frames of a DICOM SEG mark the same segment at the same place in different ways.",
    "give the case the segmentation of one series, one phase and one resolution",
)
UNKNOWN_SEG = Reason(
    "unknown DICOM SEG",
    "A segmentation of a kind that cannot be laid on slices.",
    "save it as BINARY, FRACTIONAL or LABELMAP segmentation of the slices, or as NIfTI",
)

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
