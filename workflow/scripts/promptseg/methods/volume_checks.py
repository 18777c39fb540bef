"""What is wrong with a method for volumes and with an entry that names it; as `checks` for those for images."""

from collections.abc import Callable, Mapping
from typing import Any

from promptseg.core.errors import PromptsegError
from promptseg.core.routes import MEMORY, NATIVE, SLICE_PROMPTS
from promptseg.methods import is_for_volumes, named_class
from promptseg.methods.checks import call_problems, is_words, missing, option_problems, problems_with, variant_problems
from promptseg.methods.volume import VolumeMethod

_ARGUMENTS = {"__init__": "settings", "answer": "volume, queries"}
_FACTS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "route": (lambda value: value in (MEMORY, NATIVE), f"{MEMORY!r} or {NATIVE!r}"),
    "prompt_types": (
        lambda value: is_words(value) and bool(value) and set(value) <= set(SLICE_PROMPTS),
        f'a set of words, as frozenset({{"box", "point"}}), of {", ".join(SLICE_PROMPTS)}',
    ),
    **dict.fromkeys(
        ("several_slices", "corrects", "needs_raw"), (lambda value: isinstance(value, bool), "True or False")
    ),
    "known_options": (lambda value: value is None or is_words(value), "a set of words, or None"),
    **dict.fromkeys(("path_options", "text_options", "packages"), (is_words, "a set of words")),
    "variants": (is_words, "a list of words"),
}


def volume_class(adapter: str) -> type[VolumeMethod]:
    """The class that `module:Class` or `path/to/file.py:Class` names.

    Raises:
        PromptsegError: there is no such module or class, or it is not a `VolumeMethod`.
    """
    found = named_class(adapter)
    if not is_for_volumes(found):
        raise PromptsegError(
            f"adapter {adapter}: {found.__name__} is not a subclass of promptseg.methods.volume.VolumeMethod. Write "
            f"`class {found.__name__}(VolumeMethod):`."
        )
    return found


def volume_class_problems(found: type[VolumeMethod]) -> list[str]:
    """What is wrong with a subclass of `VolumeMethod` before anything is asked of it."""
    problems = [
        f"`{name}` is {getattr(found, name)!r}: it has to be {expected}."
        for name, (fits, expected) in _FACTS.items()
        if not fits(getattr(found, name))
    ]
    problems += [
        f"the method `{name}` is missing{missing(found, name)}: write `def {name}(self, {_ARGUMENTS[name]})`."
        for name in sorted(getattr(found, "__abstractmethods__", ()))
    ]
    defined = {name for one in found.__mro__[: found.__mro__.index(VolumeMethod)] for name in vars(one)}
    for name, arguments in _ARGUMENTS.items():
        problems += call_problems(found, name, arguments) if name in defined else ()
    return problems


def volume_entry_problems(found: type[VolumeMethod], entry: Mapping[str, Any]) -> list[str]:
    """What an entry of `methods:` asks of its adapter to no effect, each with its key first.

    Args:
        entry: `variant`, `options` and `off_label` are looked at.
    """
    problems = list(variant_problems(found, entry.get("variant")))
    if found.known_options is not None:
        problems += option_problems(found, found.known_options, entry.get("options") or {}, found.text_options)
    if entry.get("off_label"):
        problems.append(f"off_label is true, which {found.__name__} has no use for. Remove it.")
    return problems


def volume_problems(name: str, entry: Mapping[str, Any]) -> list[str]:
    """All that is wrong with an entry whose adapter is for volumes, and with the adapter, which is imported.

    Args:
        name: of the entry, for the sentences.
    """
    return problems_with(name, entry, volume_class, volume_class_problems, volume_entry_problems)
