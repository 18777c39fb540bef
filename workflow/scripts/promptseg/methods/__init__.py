"""Methods, found by the `adapter: module:Class` of their entry in the configuration and imported only when used."""

import importlib
import importlib.util
from pathlib import Path
from types import ModuleType

from promptseg.core.errors import PromptsegError
from promptseg.methods.base import Candidates, Grid, Method, Prompt, Proposals, Query, Settings

__all__ = ["Candidates", "Grid", "Method", "Prompt", "Proposals", "Query", "Settings", "adapter_class"]


def _load(module_name: str) -> ModuleType:
    if not module_name.endswith(".py"):
        return importlib.import_module(module_name)
    spec = importlib.util.spec_from_file_location(Path(module_name).stem, module_name)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def adapter_class(adapter: str) -> type[Method]:
    """The class that `module:Class` or `path/to/file.py:Class` names.

    Raises:
        PromptsegError: there is no such module or class, or it is not a `Method`.
    """
    module_name, _, class_name = adapter.rpartition(":")
    try:
        found = getattr(_load(module_name), class_name)
    except (ImportError, FileNotFoundError) as error:
        raise PromptsegError(
            f"adapter {adapter}: module {module_name} cannot be imported ({error}). "
            "Install it, or correct `adapter:` in the method's entry."
        ) from error
    except AttributeError as error:
        raise PromptsegError(
            f"adapter {adapter}: module {module_name} has no {class_name!r}. Write it as module:Class."
        ) from error
    if not (isinstance(found, type) and issubclass(found, Method)):
        raise PromptsegError(f"adapter {adapter}: {class_name} is not a subclass of promptseg.methods.Method.")
    return found
