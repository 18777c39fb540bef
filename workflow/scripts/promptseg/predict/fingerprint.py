"""What an answer of a method depends on besides the image and the prompt, as one digest."""

import ast
import hashlib
import json
import logging
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import CodeType
from typing import Any

from promptseg.config.imports import adapter_file, library_of, sources
from promptseg.core.errors import PromptsegError
from promptseg.core.files import atomic, digest

logger = logging.getLogger(__name__)

RECORD = Path(".snakemake/promptseg.code.json")
_KEPT = 2000  # files in the record; a run has some hundred
# What a class says of itself for the plan of a run: an answer does not depend on it, unless the code reads it.
_CLAIMS = ("prompt_types", "untrained_types", "max_points", "negative_points", "known_options", "code_licence")


def fingerprint(adapter: str, facts: Mapping[str, Any], helpers: Iterable[Path] = ()) -> str:
    """Digest of an adapter, its class and its code, of what asks it, and of further facts.

    Comments, docstrings, assertions and what a class says of the prompts that it takes do not count, so that a method
    that learns to take more is asked no more than that.

    Args:
        adapter: `module:Class` or `file.py:Class`.
        facts: variant, options, weights, device, versions and the like; JSON-like.
        helpers: files of the user that the adapter imports, see `config.imports.helper_files`.
    """
    own = adapter_file(adapter)
    starts = [Path(__file__).with_name("run.py"), *([own] if own and own.is_file() else [])]
    theirs = sorted(helpers)
    files = sorted({*starts, *library_of(*starts, *sources(theirs))})
    code = [[file.name, meaning] for file, meaning in zip(files, _meanings(files, own), strict=True)]
    code += [[file.name, digest(file)] for file in theirs]
    return hashlib.sha256(
        json.dumps([adapter.rpartition(":")[2], code, facts], sort_keys=True, default=str).encode()
    ).hexdigest()


def reads(adapter: str, attribute: str) -> bool:
    """Whether the file of an adapter uses an attribute of this name."""
    own = adapter_file(adapter)
    return not (own and own.is_file()) or attribute in _attributes(ast.parse(own.read_text(encoding="utf-8")))


def _attributes(tree: ast.AST) -> set[str]:
    return {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


def _meanings(files: Sequence[Path], own: Path | None) -> list[str]:
    """What each file means; without its claims if it is the adapter's own.

    Most jobs of a run ask for the same files, and to compile them takes most of what a fingerprint does. So a record
    keeps what they mean by what they hold; one that is damaged or gone costs time only.
    """
    contents = [file.read_text(encoding="utf-8") for file in files]
    about = sys.version + Path(__file__).read_text(encoding="utf-8")
    keys = [
        hashlib.sha256(f"{file != own} {about} {content}".encode()).hexdigest()
        for file, content in zip(files, contents, strict=True)
    ]
    try:
        kept: dict[str, str] = dict(json.loads(RECORD.read_bytes()))
    except (OSError, ValueError, TypeError):
        kept = {}
    new = {
        key: _meaning(content, claims=file != own)
        for key, content, file in zip(keys, contents, files, strict=True)
        if not isinstance(kept.get(key), str)
    }
    kept |= new
    if new and RECORD.parent.is_dir():
        try:
            with atomic(RECORD) as temporary:
                temporary.write_text(json.dumps(dict([*kept.items()][-_KEPT:])))
        except (OSError, PromptsegError) as error:  # a read-only folder
            logger.debug("%s cannot be written: %s", RECORD, error)
    return [kept[key] for key in keys]


def _meaning(source: Any, claims: bool) -> str:
    """Digest of what a file does, without the claims of its classes unless they count.

    Of compiled code, which the compiler makes four times faster than Python can write down a syntax tree. Docstrings
    are no part of it, nor are assertions, which change no answer.
    """
    if not claims:
        source = ast.parse(source)
        left_out = set(_CLAIMS) - _attributes(source)
        for node in ast.walk(source):
            if isinstance(node, ast.ClassDef):
                node.body = [one for one in node.body if not _claims(one, left_out)] or [ast.Pass()]
    code = compile(source, "", "exec", dont_inherit=True, optimize=2)
    return hashlib.sha256(repr(_content(code)).encode()).hexdigest()


def _content(constant: Any) -> Any:
    """Code as its parts, without the numbers of its lines; other constants so that equal ones look the same."""
    if isinstance(constant, CodeType):
        parts = ("code", "exceptiontable", "flags", "argcount", "posonlyargcount", "kwonlyargcount")
        names = ("name", "names", "varnames", "freevars", "cellvars")
        return [getattr(constant, f"co_{part}") for part in (*parts, *names)] + _content(constant.co_consts)
    if isinstance(constant, tuple):
        return [_content(part) for part in constant]
    if isinstance(constant, frozenset):
        return sorted(repr(_content(part)) for part in constant)
    return type(constant).__name__, repr(constant)


def _claims(statement: ast.stmt, names: set[str]) -> bool:
    """Whether a statement gives values to some of these names, and to nothing else."""
    if not isinstance(statement, ast.Assign):
        return False
    given = {target.id for target in statement.targets if isinstance(target, ast.Name)}
    return bool(given) and given <= names
