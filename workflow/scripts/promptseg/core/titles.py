"""What figures, pages and tables for people call the words of the project's files: no machine name is shown to them."""

from collections.abc import Mapping
from typing import Any

from promptseg.core import routes
from promptseg.core.vocabulary import AUTOMATIC, EVERYTHING, ITERATIVE, LASSO, NOT_RECORDED

MODES = {
    "mode1": "1: one point, largest component",
    "mode2": "2: a point in each component",
    "mode3": "3: box, largest component",
    "mode4": "4: a box around each component",
    "mode5": "5: one box around the object",
    "scribble_centre": "scribble (centre line)",
    "scribble_walk": "scribble (anywhere)",
    "scribble_contour": "scribble (contour)",
    LASSO: "lasso",
    ITERATIVE: "corrective clicks",
    EVERYTHING: "no prompt",
    AUTOMATIC: "no prompt, masks from files",
}
SELECTIONS = {"first": "first mask", "best_score": "highest predicted IoU", "oracle": "oracle"}
ROUTES = {
    routes.EXTRUDE: "one contour copied",
    routes.INTERPOLATE: "contours interpolated",
    routes.EACH: "every slice prompted",
    routes.BETWEEN: "prompts interpolated",
    routes.CARRY_BOX: "box carried",
    routes.CARRY_POINT: "point carried",
    routes.CARRY_MASK: "mask carried",
    routes.MEMORY: "tracked",
    routes.NATIVE: "network in 3-D",
    routes.FILES: "masks from files",
}
PROMPTS = {name: name for name in routes.SLICE_PROMPTS} | {routes.MASK: "contour", routes.NOTHING: "no prompt"}
EXTENTS = {routes.GIVEN: "ends given", routes.OPEN: "ends open"}
CONTOURS = "True contours"  # in the place of a method
CONFIDENCES = {
    "predicted_iou": "predicted IoU",
    "stability": "stability",
    "soft_dice": "expected Dice",
    "candidates_agree": "agreement of candidates",
    "prompts_agree": "agreement of prompts",
    "jitter_agrees": "agreement under jitter",
}
MODALITIES = {"ct": "CT", "mri": "MRI", "pet": "PET", "xray": "X-ray", "us": "Ultrasound", "other": "Other"}
STATUSES = {"ok": "scored", "not_applicable": "prompts not taken", NOT_RECORDED: "not recorded"}

Titles = Mapping[str, Mapping[str, Any]]  # name -> {title}, of methods, datasets or protocols


def plain(name: str) -> str:
    """A name of the configuration that has no title of its own, as words."""
    return name.replace("_", " ")


def titled(names: Titles | None, name: str) -> str:
    """The title of a dataset, method or protocol, else its name as words."""
    if name == routes.CONTOURS:
        return CONTOURS
    return str((names or {}).get(name, {}).get("title") or plain(name))


def setting(mode: str, step: int = 0) -> str:
    """A prompt in few words: "mode 4", "5 clicks", "no prompt"."""
    if mode == ITERATIVE:
        return f"{step} click{'s' if step != 1 else ''}"
    return f"mode {mode.removeprefix('mode')}" if mode.startswith("mode") else MODES.get(mode, plain(mode))


def slice_count(name: str) -> str:
    """How many slices are prompted: "1" (the largest), "middle" (one), "3", "every", or a rule by its name."""
    return {routes.LARGEST: "1", "1": "middle", routes.ALL_SLICES: "every"}.get(name) or plain(name)


def slices(name: str) -> str:
    """The same in words: "1 slice", "middle slice", "3 slices", "every slice", or a rule by its name."""
    if name == routes.NOTHING:
        return "no slice"
    count = slice_count(name)
    return f"{count} slice" if count in ("1", "middle", "every") else f"{count} slices" if count.isdigit() else count
