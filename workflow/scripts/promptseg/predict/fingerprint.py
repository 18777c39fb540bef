"""What an answer of a method depends on besides the image and the prompt, as one digest."""

import ast
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from promptseg.config.imports import adapter_file, library_of, sources
from promptseg.core.files import digest

# What a class says of itself for the plan of a run: an answer does not depend on it, unless the code reads it.
_CLAIMS = ("prompt_types", "untrained_types", "max_points", "negative_points", "known_options", "code_licence")


def fingerprint(adapter: str, facts: Mapping[str, Any], helpers: Iterable[Path] = ()) -> str:
    """Digest of an adapter, its class and its code, of what asks it, and of further facts.

    Comments, docstrings and what a class says of the prompts that it takes do not count, so that a method that learns
    to take more is asked no more than that.

    Args:
        adapter: `module:Class` or `file.py:Class`.
        facts: variant, options, weights, device, versions and the like; JSON-like.
        helpers: files of the user that the adapter imports, see `config.imports.helper_files`.
    """
    own = adapter_file(adapter)
    starts = [Path(__file__).with_name("run.py"), *([own] if own and own.is_file() else [])]
    theirs = sorted(helpers)
    files = sorted({*starts, *library_of(*starts, *sources(theirs))})
    code = [[file.name, _meaning(file, claims=file != own)] for file in files]
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


def _meaning(file: Path, claims: bool) -> str:
    """Digest of the syntax of a file without docstrings, and without the claims of its classes unless they count."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    left_out = set() if claims else set(_CLAIMS) - _attributes(tree)
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            inside = isinstance(node, ast.ClassDef)
            node.body = list(_statements(node.body, left_out if inside else set())) or [ast.Pass()]
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest()


def _statements(body: list[ast.stmt], left_out: set[str]) -> Iterator[ast.stmt]:
    for statement in body:
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
            continue  # a docstring, or another string that does nothing
        if isinstance(statement, ast.Assign):
            names = {target.id for target in statement.targets if isinstance(target, ast.Name)}
            if names and names <= left_out:
                continue
        yield statement
