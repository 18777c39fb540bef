"""What every client of an archive has, and how its errors are told."""

import importlib.util
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from promptseg.core.errors import PromptsegError
from promptseg.download.archives import is_plain


@dataclass(frozen=True)
class Client:
    """How the files of one kind of source are fetched.

    Attributes:
        fetch: fetches a source's files into a folder; the second folder is for what is under way.
        module: to be imported; None if none is needed.
        package: what to install for it.
        has_token: whether a token is there, as far as one is needed.
        token: where a token belongs.
    """

    fetch: Callable[[Mapping[str, Any], Path, Path], None]
    module: str | None = None
    package: str = ""
    has_token: Callable[[], bool] = lambda: True
    token: str = ""

    def installed(self) -> bool:
        """Whether the client can be imported, as far as one is needed."""
        return self.module is None or importlib.util.find_spec(self.module) is not None


@contextmanager
def client_errors(name: str, hints: Mapping[int, str]) -> Iterator[None]:
    """Turn any error of a client into one without its message, which may hold addresses with a token.

    Args:
        name: of the client.
        hints: HTTP status to what it means here.
    """
    try:
        yield
    except PromptsegError:
        raise
    except ImportError as error:
        raise PromptsegError(f"{name} cannot be imported ({error}): install what it needs") from None
    except (Exception, SystemExit) as error:
        response = getattr(error, "response", None)
        status = getattr(response, "status_code", None) or getattr(error, "status", None)
        said = f"it answered {status}{hints.get(status, '')}" if status else type(error).__name__
        raise PromptsegError(f"{name} failed: {said}") from None


def in_home(*names: str) -> bool:
    """Whether one of these files is in the user's home folder."""
    return any((Path.home() / name).is_file() for name in names)


def plain(name: str) -> str:
    """The name of a file of an archive.

    Raises:
        PromptsegError: it leads out of the folder.
    """
    if not is_plain(name):
        raise PromptsegError(f"it names a file {name!r}, which leads out of the folder")
    return name
