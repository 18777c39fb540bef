"""Methods, found by the `adapter: module:Class` of their entry in the configuration and imported only when used."""

import importlib
import importlib.util
import re
import sys
import traceback
from contextlib import redirect_stdout
from pathlib import Path
from types import ModuleType

from promptseg.core.errors import PromptsegError
from promptseg.core.lines import Scribble
from promptseg.methods.base import Candidates, Grid, Method, Prompt, Proposals, Query, Settings

__all__ = ["Candidates", "Grid", "Method", "Prompt", "Proposals", "Query", "Scribble", "Settings", "adapter_class"]


def _load(module_name: str) -> ModuleType:
    if not module_name.endswith(".py"):
        return importlib.import_module(module_name)
    # In sys.modules, where dataclasses look, by a name that no installed package has.
    name = "promptseg_adapter_" + re.sub(r"\W", "_", module_name)
    spec = importlib.util.spec_from_file_location(name, module_name)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _import(module_name: str) -> ModuleType:
    """The module; what it prints goes to stderr, because the output of `snakemake --dag` is read by programs.

    Raises:
        PromptsegError: it cannot be imported: what it raised, with its file and line.
    """
    try:
        with redirect_stdout(sys.stderr):
            return _load(module_name)
    except (Exception, SystemExit) as error:
        frames = traceback.extract_tb(error.__traceback__)
        file = module_name if module_name.endswith(".py") else module_name.replace(".", "/") + ".py"
        lines = [f"{file}, line {frame.lineno}: " for frame in frames if frame.filename.endswith(file)]
        remedy = "Correct the file."
        if isinstance(error, ModuleNotFoundError) and error.name:
            remedy = f"Install {error.name.split('.')[0]}, or correct the name."
            if Path(module_name).with_name(f"{error.name}.py").is_file():
                remedy = f"Write `sys.path.insert(0, os.path.dirname(__file__))` before it imports {error.name}.py."
        what = f"{lines[-1] if lines else ''}{type(error).__name__}: {error}"
        raise PromptsegError(f"module {module_name} cannot be imported: {what}. {remedy}") from error


def named_class(adapter: str) -> type:
    """The class that `module:Class` or `path/to/file.py:Class` names.

    Raises:
        PromptsegError: there is no such module, or nothing of that name in it, or it is no class.
    """
    module_name, _, class_name = adapter.rpartition(":")
    try:
        found = getattr(_import(module_name), class_name)
    except PromptsegError as error:
        raise PromptsegError(f"adapter {adapter}: {error}") from error.__cause__
    except AttributeError as error:
        raise PromptsegError(
            f"adapter {adapter}: module {module_name} has no {class_name!r}. Write it as module:Class."
        ) from error
    if not isinstance(found, type):
        raise PromptsegError(f"adapter {adapter}: {class_name} is no class. Write `class {class_name}(Method):`.")
    return found


def is_for_volumes(found: type) -> bool:
    """Whether a class is a `VolumeMethod`, told by names: results on images do not depend on that module."""
    names = ((base.__module__, base.__name__) for base in found.__mro__)
    return ("promptseg.methods.volume", "VolumeMethod") in names


def adapter_class(adapter: str) -> type[Method]:
    """The class that `module:Class` or `path/to/file.py:Class` names.

    Raises:
        PromptsegError: there is no such module or class, or it is not a `Method`.
    """
    found = named_class(adapter)
    if is_for_volumes(found):
        raise PromptsegError(
            f"adapter {adapter}: {found.__name__} is a method for volumes and answers no image. Name it in "
            "`volumes.methods`, not in `run.methods`."
        )
    if not issubclass(found, Method):
        raise PromptsegError(
            f"adapter {adapter}: {found.__name__} is not a subclass of promptseg.methods.Method. Write "
            f"`class {found.__name__}(Method):`."
        )
    return found
