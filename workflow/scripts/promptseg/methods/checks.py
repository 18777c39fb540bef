"""What is wrong with an adapter: with its file before it is imported, with its class, and with an entry that names it.

Every function returns sentences; none of them means that nothing is wrong. The class is not called.
"""

import ast
import difflib
import inspect
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from promptseg.core.choices import did_you_mean
from promptseg.core.errors import PromptsegError
from promptseg.methods import Method, adapter_class

PROMPT_TYPES = ("point", "box", "scribble", "lasso", "everything")
# How each method of a class is called by the engine, without `self`; `__init__` gets the settings.
_ARGUMENTS = {
    "__init__": "settings",
    "encode": "pixels",
    "encode_all": "pixels",
    "predict": "queries",
    "everything": "encoded, pixels, grid",
    "pack": "encoded",
    "unpack": "content, pixels",
    "state_of": "mask",
}


# --- the file ---------------------------------------------------------------------------------------------------------


def _bound_names(tree: ast.Module) -> set[str] | None:
    """Names that a file may define anywhere; None if it cannot be told."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
            names.add(node.name)
        elif isinstance(node, ast.alias):
            names.add(node.asname or node.name.split(".")[0])
        elif isinstance(node, ast.Name):
            names.add(node.id)
    return None if names & {"*", "globals", "__getattr__"} else names


def file_problems(adapter: str) -> list[str]:
    """What is wrong with the file of `path/to/file.py:Class`, which is not run; nothing of other adapters."""
    module, _, name = adapter.rpartition(":")
    if not module.endswith(".py"):
        return []
    path = Path(module)
    if not path.is_file():
        beside = [other.name for other in path.parent.glob("*.py")] if path.parent.is_dir() else []
        return [f"there is no file {path} (paths count from {Path.cwd()}).{did_you_mean(path.name, beside)}"]
    try:
        tree = ast.parse(path.read_bytes(), path)
    except SyntaxError as error:
        return [f"{path}, line {error.lineno}: {error.msg}. Python cannot read the file; correct it."]
    except ValueError as error:  # a file with null bytes
        return [f"{path} is no Python file: {error}."]
    names = _bound_names(tree)
    if names is not None and name not in names:
        classes = [node.name for node in tree.body if isinstance(node, ast.ClassDef)]
        return [
            f"{path} has no class {name!r}.{did_you_mean(name, classes)} Its classes: {', '.join(classes) or 'none'}."
        ]
    return []


# --- the class --------------------------------------------------------------------------------------------------------


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def is_words(value: object) -> bool:
    """Whether it is a collection of strings, and no string."""
    return isinstance(value, Collection) and not isinstance(value, str) and all(isinstance(word, str) for word in value)


_FACTS: dict[str, tuple[Callable[[Any], bool], str]] = {
    **dict.fromkeys(("candidates", "images_at_once", "encodes_at_once"), (_is_count, "a whole number of at least 1")),
    "max_points": (lambda value: value is None or _is_count(value), "a whole number of at least 1, or None"),
    **dict.fromkeys(
        ("negative_points", "mask_feedback", "takes_masks", "cacheable", "refines", "needs_truth"),
        (lambda value: isinstance(value, bool), "True or False"),
    ),
    "known_options": (lambda value: value is None or is_words(value), "a set of words, or None"),
    **dict.fromkeys(("path_options", "packages", "exportable"), (is_words, "a set of words")),
    "variants": (is_words, "a list of words"),
    "tracker": (lambda value: isinstance(value, str), "`module:Class` of a VolumeMethod, or empty"),
}


def _word_problems(found: type[Method], attribute: str) -> Iterator[str]:
    words = getattr(found, attribute)
    example = f'frozenset({{"point", "box"}}), of {", ".join(PROMPT_TYPES)}'
    if not (isinstance(words, (set, frozenset)) and is_words(words)):
        yield f"`{attribute}` is {words!r}: give it a set of words, as {example}."
        return
    for word in sorted(set(words) - set(PROMPT_TYPES)):
        yield f"`{attribute}` names {word!r}.{did_you_mean(word, PROMPT_TYPES)} Known: {', '.join(PROMPT_TYPES)}."
    if attribute == "prompt_types" and not words:
        yield f"`prompt_types` is empty, so that it would never be asked: name some, as {example}."


def missing(found: type, name: str) -> str:
    """What of a class may have been meant by a method or an attribute that it lacks, in brackets; or nothing."""
    own = [other for other in vars(found) if not other.startswith("__")]
    close = difflib.get_close_matches(name, own, n=1, cutoff=0.6)
    return f" (it has {close[0]!r}: rename that)" if close else ""


def call_problems(found: type, name: str, arguments: str) -> Iterator[str]:
    """What is wrong with the method `name` of a class, which is called with `arguments`, without `self`."""
    function = inspect.getattr_static(found, name)
    function = getattr(function, "__func__", function)  # of a classmethod
    if not callable(function):
        yield f"`{name}` is {function!r}: it has to be a method."
        return
    given = len(arguments.split(", ")) + (not isinstance(inspect.getattr_static(found, name), staticmethod))
    try:
        inspect.signature(function).bind(*[None] * given)
    except TypeError:
        yield f"`{name}` cannot be called as {name}({arguments}): write `def {name}(self, {arguments})`."
    except ValueError:  # a function without a signature
        return
    if inspect.iscoroutinefunction(function):
        yield f"`{name}` is `async`: write `def {name}(self, {arguments})`."


def class_problems(found: type[Method]) -> list[str]:
    """What is wrong with a subclass of `Method` before anything is asked of it."""
    problems: list[str] = []
    if not hasattr(found, "prompt_types"):
        problems.append(
            f"`prompt_types` is missing{missing(found, 'prompt_types')}: say which prompts it takes, as "
            f'`prompt_types = frozenset({{"point", "box"}})`, of {", ".join(PROMPT_TYPES)}.'
        )
    for attribute in ("prompt_types", "untrained_types"):
        problems += _word_problems(found, attribute) if hasattr(found, attribute) else ()
    problems += [
        f"`{name}` is {getattr(found, name)!r}: it has to be {expected}."
        for name, (fits, expected) in _FACTS.items()
        if not fits(getattr(found, name))
    ]
    for name in sorted(getattr(found, "__abstractmethods__", ())):
        wanted = f"`def {name}(self, {_ARGUMENTS[name]})`" if name in _ARGUMENTS else "it"
        problems.append(f"the method `{name}` is missing{missing(found, name)}: write {wanted}.")
    for name, (needed, why) in {
        "everything": ("everything" in getattr(found, "prompt_types", ()), "`prompt_types` names 'everything'"),
        **dict.fromkeys(("pack", "unpack"), (found.cacheable is True, "`cacheable` is True")),
        "state_of": (found.takes_masks is True, "`takes_masks` is True"),
    }.items():
        if needed and getattr(found, name) is getattr(Method, name):
            problems.append(f"{why}, but there is no `def {name}(self, {_ARGUMENTS[name]})`: write it.")
    for name in _ARGUMENTS:
        problems += call_problems(found, name, _ARGUMENTS[name]) if name in _defined(found) else ()
    return problems


def _defined(found: type[Method]) -> set[str]:
    """What a class and those between it and `Method` define."""
    return {name for one in found.__mro__[: found.__mro__.index(Method)] for name in vars(one)}


# --- the entry --------------------------------------------------------------------------------------------------------


def entry_problems(found: type[Method], entry: Mapping[str, Any]) -> list[str]:
    """What an entry of `methods:` asks of its adapter to no effect, each with its key first.

    Args:
        entry: `variant`, `options`, `off_label` and what its encoder is computed by are looked at.
    """
    problems, name = list(variant_problems(found, entry.get("variant"))), found.__name__
    if found.known_options is not None:
        problems += option_problems(found, found.known_options, entry.get("options") or {})
    problems += encoder_problems(found, entry)
    limited = found.max_points is not None or not found.negative_points or found.untrained_types
    if entry.get("off_label") and not limited:
        problems.append(
            f"off_label is true, but there is no prompt that {name} takes and was not made for. Remove it: results "
            "would be marked as off-label that are not."
        )
    return problems


def encoder_problems(found: type[Any], entry: Mapping[str, Any]) -> Iterator[str]:
    """What an entry asks of the encoder of a class, or of files in its place, that they cannot do."""
    networks, backend, precision = entry.get("networks", {}), entry.get("backend"), entry.get("precision")
    known = getattr(found, "exportable", ())
    for part, file in networks.items():
        if part not in known:
            takes = f"It takes {' and '.join(known)}." if known else "It takes none."
            yield f"networks.{part}: {found.__name__} takes no such file. {takes} Remove it."
        elif not Path(file).is_file():
            yield f"networks.{part} is {file}, and there is no such file (paths count from {Path.cwd()}). Correct it."
    if networks and precision:
        yield f"precision is {precision}, but that of `networks` is what they were exported in. Remove it."
    if networks and backend == "torch":
        yield "backend is torch, which does not read `networks`: write openvino or onnxruntime, or remove it."
    if "encoder" not in known and (backend not in (None, "torch") or precision == "int8"):
        yield f"{found.__name__} computes by PyTorch in fp32 or bf16 alone: remove `backend` and `precision: int8`."
    if (backend, precision) == ("onnxruntime", "bf16"):
        yield "precision is bf16, in which onnxruntime does not compute: write fp32 or int8, or backend: openvino."


def variant_problems(found: type[Any], variant: str | None) -> Iterator[str]:
    """What is wrong with the variant that an entry names, of a class with `variants`."""
    if found.variants and variant is not None and variant not in found.variants:
        yield (
            f"variant is {variant!r}, which {found.__name__} does not have.{did_you_mean(variant, found.variants)} "
            f"Correct it; known variants: {', '.join(found.variants)}."
        )


def option_problems(
    found: type[Any], known: Collection[str], options: Mapping[str, Any], words: Collection[str] = ()
) -> Iterator[str]:
    """What is wrong with the options of an entry, of a class with `path_options`.

    Args:
        known: names of the options that there are.
        words: of these the ones that are no numbers.
    """
    for option, value in options.items():
        if option not in known:
            yield (
                f"options names {option!r}, which {found.__name__} does not know.{did_you_mean(option, known)} "
                f"Correct or remove it; known options: {', '.join(sorted(known)) or 'none'}."
            )
        elif option in found.path_options:
            if not (isinstance(value, str) and Path(value).expanduser().exists()):
                yield f"options.{option} is {value!r}: give it the path of a file or a folder that is there."
        elif option in words:
            if not isinstance(value, str):
                yield f"options.{option} is {value!r}: give it a word, in quotes."
        elif not isinstance(value, (bool, int, float)):
            yield f"options.{option} is {value!r}: give it a number, or true or false without quotes."


def problems_of(name: str, entry: Mapping[str, Any]) -> Sequence[str]:
    """All that is wrong with an entry of `methods:` and its adapter, which is imported unless its file is wrong.

    Args:
        name: of the entry, for the sentences.
    """
    return problems_with(name, entry, adapter_class, class_problems, entry_problems)


def problems_with(
    name: str,
    entry: Mapping[str, Any],
    class_of: Callable[[str], Any],
    in_class: Callable[[Any], Iterable[str]],
    in_entry: Callable[[Any, Mapping[str, Any]], Iterable[str]],
) -> list[str]:
    """`problems_of` for classes of any kind.

    Args:
        class_of: finds the class of an adapter, or raises PromptsegError.
        in_class, in_entry: what is wrong with a class, and what an entry asks of it to no effect.
    """
    adapter = entry["adapter"]
    about = f"methods.{name}.adapter is {adapter}: "
    if problems := file_problems(adapter):
        return [about + problem for problem in problems]
    try:
        found = class_of(adapter)
    except PromptsegError as error:
        return [f"methods.{name}: {error}"]
    return [
        *(about + problem for problem in in_class(found)),
        *(f"methods.{name}.{problem}" for problem in in_entry(found, entry)),
    ]
