"""Why the values of an image or a mask cannot be used: every reason there is; those of files are in `core.reasons`."""

from promptseg.core.reason import Reason

# Masks and label values

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
    "many undeclared values",
    "A mask holds many values that are not declared: grey levels of JPEG, of interpolation or of a probability map, or "
    "numbers of instances.",
    "give it as a list entry of `labels` with `value` and `threshold`",
)
THRESHOLD_MISSING = Reason(
    "threshold missing",
    "Masks of a list entry of `labels` hold more than two values beyond 1, and what belongs to the object is open.",
    "give `threshold` beside `value`",
)
COLOURED_MASK = Reason(
    "coloured mask",
    "The channels of a mask differ, and no label values are known for its colours.",
    "say which label each colour stands for by `colours`, or save the label values as one channel",
)
UNKNOWN_COLOUR = Reason(
    "unknown colour",
    "A mask holds a colour that `colours` does not name.",
    "add it to `colours`; if the file was saved with losses (JPEG), save it anew without",
)
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
NO_PET = Reason(
    "no PET",
    "`units: suv` is for DICOM PET, and the series is of another modality.",
    "take `units` out of this dataset's entry, or give the case its PET series",
)
NO_SUV = Reason(
    "no SUV",
    "The headers of a PET series do not say how its values become SUV by body weight.",
    "leave `units` away to use the stored values, or leave the case out",
)
