"""Which file holds the masks of an object, for methods whose masks come from files: patterns with placeholders."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from promptseg.config.patterns import composed
from promptseg.core.choices import did_you_mean

NUMBERS = ("slice", "step", "candidate")
ASKED = ("mode", "protocol", "step", "selection", "candidate")  # of masks that answer prompts
PLACEHOLDERS = ("case", "image", "slice", "object", "task", "dataset", "volume", *ASKED)
_PARTS = re.compile(r"(\{[^{}]*\}|\*+|\?)")
_PLACEHOLDER = re.compile(r"\{(\w*)(?::([^{}]*))?\}")
_WILD = {"?": "[^/]"}


@dataclass(frozen=True)
class Pattern:
    """A relative name with placeholders, `*` (any text) and `?` (one character).

    Attributes:
        text: as in the configuration.
    """

    text: str

    @cached_property
    def _parts(self) -> list[str]:
        return [part for part in _PARTS.split(composed(self.text)) if part]

    @cached_property
    def placeholders(self) -> frozenset[str]:
        """Names of those that it has."""
        return frozenset(found[1] for part in self._parts if (found := _PLACEHOLDER.fullmatch(part)))

    @property
    def one_object(self) -> bool:
        """Whether a file shows one object."""
        return bool({"task", "object"} & self.placeholders)

    @property
    def one_image(self) -> bool:
        """Whether a file shows one 2-D image, and not all slices of a volume."""
        return bool({"image", "slice", "object"} & self.placeholders)

    @property
    def asked(self) -> bool:
        """Whether its masks answer prompts."""
        return "mode" in self.placeholders

    def expression(self, values: Mapping[str, Any], free: Mapping[str, str] | None = None) -> re.Pattern[str]:
        """What matches the names of some values.

        Args:
            values: by placeholder.
            free: regular expressions for placeholders that get no value, by their names; each is captured.
        """
        written: list[str] = []
        for part in self._parts:
            found = _PLACEHOLDER.fullmatch(part)
            if found and found[1] in values:
                written.append(re.escape(composed(format(values[found[1]], found[2] or ""))))
            elif found:
                inside = (free or {}).get(found[1], "[^/]+?")
                again = f"(?P<{found[1]}>" in "".join(written)
                written.append(f"(?P={found[1]})" if again else f"(?P<{found[1]}>{inside})")
            else:
                written.append(_WILD.get(part, ".*" if part.startswith("*") else re.escape(part)))
        return re.compile("".join(written))

    def name(self, values: Mapping[str, Any]) -> str:
        """The name for some values; wildcards stay."""
        return "".join(
            composed(format(values[found[1]], found[2] or "")) if (found := _PLACEHOLDER.fullmatch(part)) else part
            for part in self._parts
        )

    def problems(self) -> Iterator[str]:
        """What is wrong with it, in clauses."""
        for part in self._parts:
            found = _PLACEHOLDER.fullmatch(part)
            if part.startswith("{") and (not found or found[1] not in PLACEHOLDERS):
                name = found[1] if found else part
                nearest = did_you_mean(name, PLACEHOLDERS, 0.5)
                yield f"{part} is no placeholder.{nearest} There are: {', '.join(f'{{{one}}}' for one in PLACEHOLDERS)}"
            elif (
                found and found[2] is not None and not (found[1] in NUMBERS and re.fullmatch(r"0?\d{1,2}d?", found[2]))
            ):
                yield f"{part}: a format such as :03d is for {', '.join(f'{{{one}}}' for one in NUMBERS)}"
        if re.search(r"[{}]", _PLACEHOLDER.sub("", self.text)):
            yield "it has a brace that is not closed"
        if self.text.startswith(("/", "~")) or ".." in self.text.split("/"):
            yield "it has to be relative to `path`, and stay below it"
        has = self.placeholders
        if not has & {"case", "volume", "image", "object"} and not self.text.lower().endswith(".json"):
            yield "it needs {case}, {image} or {object}: a file for each case; only COCO JSON holds many"
        if has & set(ASKED) and "mode" not in has:
            yield "masks that answer prompts need {mode}"


class Names:
    """The files below a folder, found by patterns.

    Args:
        names: relative ones with forward slashes.
    """

    def __init__(self, names: Iterable[str]):
        self._by_name = {composed(name): name for name in sorted(names)}

    def __len__(self) -> int:
        return len(self._by_name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name.values())

    def find(self, pattern: Pattern, values: Mapping[str, Any]) -> list[str]:
        """The names of some values, sorted."""
        name = pattern.name(values)
        if "*" not in name and "?" not in name:
            return [self._by_name[name]] if name in self._by_name else []
        match = pattern.expression(values).fullmatch
        return [own for written, own in self._by_name.items() if match(written)]
