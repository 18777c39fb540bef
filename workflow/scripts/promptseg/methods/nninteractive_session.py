"""A session on a server of nnInteractive: what goes wrong with it, in sentences.

Names of the wire and its errors are those of the package nninteractive-client, which is imported when a session begins.
"""

import logging
import os
import re
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from promptseg.core.errors import PromptsegError

logger = logging.getLogger(__name__)

CLIENT = "nninteractive-client"
START = "nninteractive-server --model nnInteractive_v1.0 --device cuda --port 1527"
_POLL = 2.0  # s between two tries on a server that is full
_IMAGE_SECONDS = 600.0  # for a volume to be taken in, at least


class Expired(Exception):  # noqa: N818 - nothing is wrong: the session is begun anew
    """The server has forgotten the session, after ten minutes without a prompt or because it was started again."""


@dataclass(frozen=True)
class Where:
    """Where the server is.

    Attributes:
        url: of the server, without a password.
        key: of the server, or None; shown nowhere.
        timeout: seconds until an answer is given up.
        wait: seconds for a place on a server that is full.
    """

    url: str
    key: str | None = field(default=None, repr=False)
    timeout: float = 600.0
    wait: float = 90.0

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> "Where":
        """As the options of an entry say it, see `nninteractive.NnInteractive`.

        Raises:
            PromptsegError: the address holds a password, or an environment variable that is named is not set.
        """
        url = os.path.expandvars(options.get("url", "http://127.0.0.1:1527"))
        if unset := re.findall(r"\$\{?(\w+)", url):
            raise PromptsegError(f"options.url names the environment variable {unset[0]}, which is not set.")
        parts = urlsplit(url)
        if (
            parts.scheme not in ("http", "https")
            or not parts.hostname
            or not re.fullmatch(r"(.*:\d+|[^:]*)", parts.netloc)
        ):
            raise PromptsegError(f"options.url is {url!r}: give the address of the server, as http://127.0.0.1:1527.")
        if parts.username or parts.password:
            raise PromptsegError(
                "options.url holds a user name or a password, which would be written into results. Leave them out; a "
                "key belongs into an environment variable, whose name is options.api_key."
            )
        name = options.get("api_key")
        if name is not None and not os.environ.get(name):
            # Not said which: it might be the key itself.
            raise PromptsegError(
                "options.api_key is not the name of an environment variable that is set and not empty."
            )
        return cls(
            url, os.environ[name] if name else None, float(options.get("timeout", 600)), float(options.get("wait", 90))
        )


class Session:
    """One place on the server, with its client.

    Attributes:
        version, licence: of the server, and of the weights that it serves.
        mask: (z, y, x) uint8, what it has found; later prompts change it in place.
        expired: whether the server has forgotten it.

    Raises:
        PromptsegError: the package is missing, there is no server, it is another version's, or it stays full.
    """

    mask: np.ndarray

    def __init__(self, where: Where):
        self.where = where
        self.expired = False
        self._client = self._claimed()
        # A place that is not given back is taken for a minute.
        self.close = weakref.finalize(self, self._client.close)
        self.version, self.licence = self._client.INFERENCE_SESSION_VERSION, self._client.license
        if self.version != version(CLIENT):
            self.close()
            here = version(CLIENT)
            raise PromptsegError(
                f"The server at {where.url} is nnInteractive {self.version}, {CLIENT} here is {here}: they have to be "
                f"equal. Install {CLIENT}=={self.version} here, or nnInteractive=={here} there."
            )
        logger.info(
            "nnInteractive %s at %s; licence of its weights: %s", self.version, where.url, self.licence or "not known"
        )

    def _claimed(self) -> Any:
        try:
            from nnInteractive.inference.remote import (
                ServerAtCapacityError,
                nnInteractiveRemoteInferenceSession,
            )
        except ModuleNotFoundError as error:
            raise PromptsegError(
                f"The package {error.name} is not here, and nnInteractive is asked by {CLIENT}: pip install "
                f"{CLIENT}==2.6.0, or let --use-conda make envs/nninteractive.yaml."
            ) from error
        logging.getLogger("httpx").setLevel(logging.WARNING)  # a line for each prompt
        end = time.monotonic() + self.where.wait
        while True:
            try:
                with self._explained():
                    return nnInteractiveRemoteInferenceSession(
                        self.where.url,
                        api_key=self.where.key,
                        read_timeout=self.where.timeout,
                        set_image_read_timeout=max(self.where.timeout, _IMAGE_SECONDS),
                    )
            except ServerAtCapacityError as error:
                if time.monotonic() + _POLL > end:
                    raise PromptsegError(
                        f"The server at {self.where.url} stayed full for {self.where.wait:g} s ({error}). End another "
                        "client of it, or start it with a larger --max-sessions."
                    ) from error
                logger.info("The server at %s is full; waiting", self.where.url)
                time.sleep(_POLL)

    def show(self, image: np.ndarray) -> None:
        """Begin with a volume, (z, y, x) in stored units."""
        with self._explained():
            self._client.set_image(image[None])
            self.mask = np.zeros(image.shape, np.uint8)
            self._client.set_target_buffer(self.mask)

    def forget(self) -> None:
        """Begin with an object: all prompts so far are forgotten, and the mask is empty."""
        with self._explained():
            self._client.reset_interactions()

    def do(self, interact: Callable[[Any], object]) -> bool:
        """Tell the server one thing and let it predict; whether it wrote anything into the mask."""
        with self._explained():
            return interact(self._client) is not None

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Errors of the client as sentences.

        Raises:
            Expired: the session is no more.
            PromptsegError: anything else.
        """
        import httpx
        from nnInteractive.inference.remote import SessionExpiredError

        url, timeout = self.where.url, self.where.timeout
        try:
            yield
        except SessionExpiredError as error:
            self.expired = True
            raise Expired(str(error)) from error
        except httpx.HTTPStatusError as error:
            raise PromptsegError(_refusal(url, error.response)) from error
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise PromptsegError(
                f"No server answers at {url} ({error}). Start nnInteractive's in its own environment, as `{START}`, "
                "and name it in options.url."
            ) from error
        except httpx.TimeoutException as error:
            raise PromptsegError(
                f"The server at {url} gave no answer within {timeout:g} s. Run it on a GPU, or raise options.timeout."
            ) from error
        except httpx.HTTPError as error:
            raise PromptsegError(
                f"The connection to the server at {url} broke: {error}. See the server's log."
            ) from error
        except (KeyError, ValueError) as error:
            raise PromptsegError(f"What answers at {url} is no server of nnInteractive: {error!r}.") from error


def _refusal(url: str, response: Any) -> str:
    """What a status that is no success means; `response` of httpx."""
    if response.status_code in (401, 403):
        return (
            f"The server at {url} does not take the key. Put the right one into an environment variable and its name "
            "into options.api_key."
        )
    if response.status_code == 404:
        return f"What answers at {url} is no server of nnInteractive 2.6: it has no {response.url.path}."
    try:
        detail = response.json()["detail"]
    except (ValueError, KeyError, TypeError):
        detail = "see its log"
    return f"The server at {url} refuses {response.url.path} with status {response.status_code}: {detail}"
