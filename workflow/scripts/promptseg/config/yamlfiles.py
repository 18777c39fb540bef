"""Configuration files as YAML nodes, which know their lines: what is wrong with a file, and where a key stands."""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from promptseg.core.errors import PromptsegError

# Keys and indices that lead to a value of the configuration.
Where: TypeAlias = Sequence[str | int]

# libyaml takes a sixth of the time.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# Words of libyaml and PyYAML, and what people did.
_BELOW = "keys of one mapping stand exactly below each other"
_HINTS = {
    "unknown escape character": "in double quotes a backslash begins an escape; write the path in single quotes, or "
    "with / instead",
    "mapping values are not allowed": f"a text with a colon needs quotes, and {_BELOW}",
    "could not find expected ':'": f"a key ends with a colon and a space, and {_BELOW}",
    "expected <block end>": f"{_BELOW}, and so do the dashes of one list",
    "did not find expected key": f"{_BELOW}, and quotes and brackets end",
    "did not find expected '-' indicator": "a list is written with dashes only, each below the other",
    "did not find expected ',' or": "a bracket is not closed, or a comma is missing",
    "found undefined alias": "a text that begins with * needs quotes",
    "while scanning an alias": "a text that begins with * needs quotes",
    "but found another document": "a file holds one configuration; take the line --- away",
    "cannot start any token": "a text that begins with one of @ ` % needs quotes",
}


def shown(path: Path) -> str:
    """The path as people write it: relative where the file is below the working directory."""
    return os.path.relpath(path) if path.is_absolute() and path.is_relative_to(Path.cwd()) else str(path)


def root_of(path: Path) -> yaml.MappingNode:
    """The mapping that a configuration file is.

    Raises:
        PromptsegError: the file is not there, no text in UTF-8, no YAML, holds no keys, or one twice; with its line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise PromptsegError(f"{shown(path)} is not text in UTF-8: save it as UTF-8 in your editor.") from None
    except OSError as error:
        raise PromptsegError(f"The configuration file {shown(path)} cannot be read ({error.strerror}).") from None
    try:
        root = yaml.compose(text, Loader=_LOADER)
    except yaml.YAMLError as error:
        raise PromptsegError(_not_yaml(shown(path), text, error)) from None
    if not isinstance(root, yaml.MappingNode):
        holds = "is empty" if root is None else "holds no keys at its top"
        raise PromptsegError(f"{shown(path)} {holds}: a configuration begins with keys such as `run:` or `datasets:`.")
    repeated = list(_repeated(root, ()))
    if repeated:
        lines = (f"  {shown(path)}:{second}: {name} stands in line {first} already" for name, first, second in repeated)
        raise PromptsegError(
            "A key stands twice in one mapping, and YAML would keep the last without a word. Join both or rename one:\n"
            + "\n".join(lines)
        )
    return root


def value_of(path: Path) -> dict[str, Any]:
    """What a configuration file holds, as Snakemake reads it; errors as those of `root_of`."""
    value: dict[str, Any] = _LOADER("").construct_document(root_of(path))
    return value


def _not_yaml(name: str, text: str, error: yaml.YAMLError) -> str:
    problem, mark = getattr(error, "problem", None) or str(error), getattr(error, "problem_mark", None)
    lines = text.splitlines()
    number = min(mark.line, len(lines) - 1) if mark else 0
    tabbed = next((i for i in (number, number - 1) if 0 <= i < len(lines) and re.match(r" *\t", lines[i])), None)
    if tabbed is not None:
        return f"{name}:{tabbed + 1}: the line is indented with a tab, which YAML does not allow: use spaces."
    words = f"{problem} {getattr(error, 'context', None) or ''}"
    begun = getattr(error, "context_mark", None)
    since = f", in what begins in line {begun.line + 1}" if begun and begun.line != number else ""
    hint = next((f" Perhaps: {hint}." for known, hint in _HINTS.items() if known in words), "")
    return f"{name}:{number + 1}: this is not YAML ({problem}{since}).{hint}"


def _repeated(node: yaml.Node, where: tuple[str, ...]) -> Iterator[tuple[str, int, int]]:
    """Each key that its mapping has already, as path in words, with the lines of both."""
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _repeated(item, (*where, str(index)))
    if isinstance(node, yaml.MappingNode):
        first: dict[tuple[str, str], int] = {}
        for key, value in node.value:
            line, path = key.start_mark.line + 1, (*where, str(key.value))
            if (key.tag, str(key.value)) in first:
                yield ".".join(path), first[key.tag, str(key.value)], line
            first[key.tag, str(key.value)] = line
            yield from _repeated(value, path)


class Places:
    """Where the keys of a merged configuration stand."""

    def __init__(self, files: Sequence[Path], options: Mapping[str, Any] | None = None) -> None:
        """Of files, later ones over earlier ones, and of what `--config` laid over all of them."""
        self._roots = [(shown(path), root_of(path)) for path in files]
        self._options = options or {}

    def of(self, where: Where) -> str:
        """`my.yaml:4` of the key, or of the innermost one above it that a file has; `--config`; empty if none has."""
        found = [(*_line(root, where), name) for name, root in self._roots]
        # Mappings of all files count together; anything else replaces what earlier files say.
        whole = [(depth, line, name) for depth, line, decides, name in reversed(found) if decides]
        deepest = max(reversed(found), key=lambda one: one[0], default=(0, 0, False, ""))
        depth, line, name = whole[0] if whole else (deepest[0], deepest[1], deepest[3])
        if self._options and _depth(self._options, where) >= max(depth, 1):
            return "--config"
        return f"{name}:{line}" if depth else ""


def _line(node: yaml.Node, where: Where) -> tuple[int, int, bool]:
    """How many steps of the path a file has, the line of the last (from 1), and whether earlier files do not count."""
    depth, line = 0, 0
    for step in where:
        if isinstance(node, yaml.MappingNode):
            entry = next(((key, value) for key, value in node.value if str(key.value) == str(step)), None)
            if entry is None:
                return depth, line, False
            node, line = entry[1], entry[0].start_mark.line + 1
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            line = node.start_mark.line + 1
        else:
            return depth, line, True
        depth += 1
    return depth, line, True


def _depth(value: Any, where: Where) -> int:
    depth = 0
    for step in where:
        if not isinstance(value, Mapping) or step not in value:
            break
        value, depth = value[step], depth + 1
    return depth
