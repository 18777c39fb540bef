"""Names of fixtures, and their arrays, read with checks."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from promptseg.core.errors import PromptsegError

PIPELINES = {
    "ritm": ("seq", "oneshot", "leak"),
    "simpleclick": ("paper", "seq", "plain"),
    "focalclick": ("paper", "seq", "focal"),
}
_OTHERS = (
    *("hq_sam", "mobile_sam", "efficient_sam", "medsam", "lite_medsam", "sam_med2d", "medicosam", "ultrasam"),
    *("scribbleprompt_sam", "scribbleprompt_unet"),
)
# Names of fixtures of what is tracked over slices; the number is the side of the input.
_VIDEOS = {
    r"(sam2(?:\.1)?_hiera_\w+?|edgetam\w*?|medsam2_\w+?)_video\d*": "sam2_video",
    r"(sam3)_tracker_video\d*": "sam3_video",
}
# Whole names of fixtures of promptable networks -> their family; the group is the variant.
_CALLS = {
    r"(sam2(?:\.1)?_hiera_\w+|edgetam|medsam2_\w+)": "sam2",
    r"(sam3)_tracker": "sam3",
    **{rf"{family}_(\w+)": family for family in _OTHERS},
}
KNOWN_NAMES = (
    *(f"{family}_VARIANT__{{net,{','.join(modes)}}}" for family, modes in PIPELINES.items()),
    "sam_VARIANT",
    "sam2_hiera_SIZE",
    "sam2.1_hiera_SIZE",
    "edgetam",
    "medsam2_VARIANT",
    "sam3_tracker",
    "VARIANT_videoSIDE of sam2 and edgetam",
    "sam3_tracker_videoSIDE",
    *(f"{family}_VARIANT" for family in _OTHERS),
    f"protocol_{{{','.join([*PIPELINES, 'sam'])}}}_VARIANT",
    "protocol_sam_VARIANT_oracle",
)

Parsed = TypeVar("Parsed", list, dict)


class FixtureError(PromptsegError):
    """A file that is no fixture, or not a whole one."""


@dataclass(frozen=True)
class Name:
    """What the name of a file says.

    Attributes:
        family: a key of `adapters.ADAPTERS`.
        variant: of the network, as the method's `variant`.
        kind: `net`, a mode of PIPELINES, `prompts` (SAM and the like), `video`, `protocol` or `protocol_oracle`.
    """

    family: str
    variant: str
    kind: str

    @classmethod
    def parse(cls, stem: str) -> "Name":
        """The meaning of a file name without its suffix.

        Raises:
            FixtureError: it has none.
        """
        for pattern, tracked in _VIDEOS.items():
            if match := re.fullmatch(pattern, stem):
                return cls(tracked, match[1], "video")
        for pattern, called in _CALLS.items():
            if match := re.fullmatch(pattern, stem):
                return cls(called, match[1], "prompts")
        family, _, rest = stem.removeprefix("protocol_").partition("_")
        if stem.startswith("protocol_"):
            if family == "sam" and rest.removesuffix("_oracle"):
                return cls(family, rest.removesuffix("_oracle"), f"protocol{'_oracle' * rest.endswith('_oracle')}")
            if family in PIPELINES and rest:
                return cls(family, rest, "protocol")
        elif family == "sam" and rest:
            return cls(family, rest, "prompts")
        elif family in PIPELINES:
            variant, _, mode = rest.rpartition("__")
            if variant and mode in ("net", *PIPELINES[family]):
                return cls(family, variant, mode)
        raise FixtureError(f"the name is not understood; known are {'; '.join(KNOWN_NAMES)}")


def stem(family: str, variant: str, kind: str = "prompts") -> str:
    """The name of a fixture without its suffix, which `Name.parse` takes apart."""
    names = {"sam2": variant, "sam3": "sam3_tracker"}
    names |= {"sam2_video": f"{variant}_video", "sam3_video": "sam3_tracker_video"}
    name = names.get(family, f"{family}_{variant}")
    if kind.startswith("protocol"):
        return f"protocol_{name}{kind.removeprefix('protocol')}"
    return name if kind == "prompts" else f"{name}__{kind}"


class Fixture:
    """The arrays of one file.

    Raises:
        FixtureError: the file cannot be read.
    """

    def __init__(self, path: Path, only: Sequence[str] | None = None):
        self.path = path
        self.name = Name.parse(path.stem)
        self.unused: set[str] = set()
        self._arrays: dict[str, np.ndarray] = {}
        try:
            with np.load(path, allow_pickle=False) as data:
                names = list(data.files) if only is None else [name for name in only if name in data.files]
                self._arrays = {name: data[name] for name in names}
        except Exception as error:  # a damaged archive can make the readers stumble in any way
            raise FixtureError(f"the file is damaged or no .npz ({type(error).__name__}: {error})") from error
        self.unused = set(self._arrays)

    @property
    def listed(self) -> bool:
        """Whether prompts stand in a list `calls`, with packed masks and more. The first ones of SAM have none."""
        return self.name.kind == "video" or (
            self.name.kind == "prompts" and (self.name.family != "sam" or "calls" in self)
        )

    @property
    def names(self) -> list[str]:
        """Names of all arrays."""
        return list(self._arrays)

    def __contains__(self, name: str) -> bool:
        return name in self._arrays

    def array(self, name: str, shape: Sequence[int | None] | None = None) -> np.ndarray:
        """An array of numbers.

        Args:
            shape: what it must have; None stands for any length.

        Raises:
            FixtureError: there is no such array, or its shape is another, or it holds no numbers.
        """
        if name not in self._arrays:
            raise FixtureError(f"the array {name} is missing")
        value = self._arrays[name]
        self.unused.discard(name)
        if value.dtype.kind not in "biuf":
            raise FixtureError(f"the array {name} holds no numbers ({value.dtype})")
        if shape is not None and (
            value.ndim != len(shape) or any(b not in (None, a) for a, b in zip(value.shape, shape, strict=True))
        ):
            wanted = ", ".join("any" if side is None else str(side) for side in shape)
            raise FixtureError(f"the array {name} has the shape {value.shape} instead of ({wanted})")
        return value

    def image(self, name: str) -> np.ndarray:
        """(h, w, 3) uint8."""
        value = self.array(name, (None, None, 3))
        if value.dtype != np.uint8:
            raise FixtureError(f"the image {name} is {value.dtype} instead of uint8")
        return value

    def pixels(self, name: str) -> np.ndarray:
        """(h, w, 3) uint8 of an image that may be stored in grey."""
        if name not in self or self._arrays[name].ndim != 2:
            return self.image(name)
        grey = self.array(name)
        if grey.dtype != np.uint8:
            raise FixtureError(f"the image {name} is {grey.dtype} instead of uint8")
        return np.repeat(grey[..., None], 3, axis=2)

    def mask(self, name: str, shape: Sequence[int | None]) -> np.ndarray:
        """A bool array."""
        return self.array(name, shape).astype(bool)

    def integer(self, name: str) -> int:
        """A single positive number."""
        value = self.array(name)
        if value.size != 1 or value.item() != int(value.item()) or value.item() < 1:
            raise FixtureError(f"the array {name} is no positive number")
        return int(value.item())

    def text(self, name: str, default: str | None = None) -> str:
        """A single string; without a default it must be there."""
        if name not in self._arrays:
            if default is None:
                raise FixtureError(f"the array {name} is missing")
            return default
        self.unused.discard(name)
        value = self._arrays[name].item() if self._arrays[name].size == 1 else None
        if isinstance(value, bytes):
            value = value.decode("utf-8", "replace")
        if not isinstance(value, str):
            raise FixtureError(f"the array {name} is no string")
        return value

    def json(self, name: str, kind: type[Parsed]) -> Parsed:
        """What a text holds as JSON, a list or a mapping."""
        try:
            value = json.loads(self.text(name))
        except ValueError as error:
            raise FixtureError(f"the array {name} is no JSON ({error})") from None
        if not isinstance(value, kind):
            raise FixtureError(f"the array {name} holds no {'list' if kind is list else 'mapping'}")
        return value

    def keys(self, *prefixes: str, pattern: str = r"\d+") -> list[str]:
        """What follows `prefix_` in the names of arrays, in numerical order, e.g. ["0", "1"] or ["0_0", "1_0"].

        Several prefixes are united, so that an array missing for one key does not hide the key.

        Raises:
            FixtureError: there is none.
        """
        found = {
            match[1]
            for prefix in prefixes
            for name in self._arrays
            if (match := re.fullmatch(rf"{re.escape(prefix)}_({pattern})", name))
        }
        if not found:
            raise FixtureError(f"the array {prefixes[0]}_0 is missing" if pattern == r"\d+" else f"no {prefixes[0]}")
        return sorted(found, key=lambda key: [int(part) for part in key.split("_")])
