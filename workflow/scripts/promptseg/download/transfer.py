"""Downloads that survive interruptions and that are what they should be, or fail.

The bytes of an unfinished download stay in `<target>.part`, with what identifies the server's version of the file in
`<target>.part.json`. The next attempt, in this process or in a later one, asks for the rest (`Range`) on the condition
that the file is still the same (`If-Range`), RFC 9110 sections 13.1.5 and 14.2.
"""

import json
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import requests
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import HTTPError

from promptseg.core.checksums import Checksum
from promptseg.core.errors import PromptsegError
from promptseg.core.files import write_json
from promptseg.download.network import TIMEOUT, network_problem
from promptseg.download.responses import body, content_range, length, validator
from promptseg.download.urls import redact

logger = logging.getLogger(__name__)

_TRANSIENT = (
    requests.exceptions.ConnectionError,
    requests.exceptions.Timeout,
    requests.exceptions.ChunkedEncodingError,
)


@dataclass(frozen=True)
class Access:
    """How a server is to be asked.

    Attributes:
        auth: user name and password; requests takes them from the URL or from ~/.netrc otherwise.
        headers: further ones of the request.
        verify: as in requests: True, or a file of certificates to trust.
    """

    auth: tuple[str, str] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    verify: bool | str = True


def download(
    url: str,
    target: Path,
    *,
    checksum: Checksum | None = None,
    size: int | None = None,
    access: Access = Access(),
    attempts: int = 4,
    pause: float = 2.0,
) -> None:
    """Fetch a file over HTTP(S); `target` appears whole, with the right checksum and size, or not at all.

    A file that is there already is accepted without network if checksum and size are right.

    Args:
        size: bytes that the file must have.
        attempts: how often in a row without a new byte it is tried, with `pause` seconds before the second attempt and
            twice as long before each further one.

    Raises:
        PromptsegError: the host cannot be reached, does not have the file, or has another one.
    """
    if is_there(target, checksum, size):
        return
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _Download(url, target, checksum, size, access).run(attempts, pause)
    except PromptsegError:
        raise
    except OSError as error:
        raise PromptsegError(
            f"{target} cannot be written ({error.strerror or type(error).__name__}). Free some space or check the "
            f"permissions of {target.parent} and run again: the download goes on where it stopped."
        ) from None


def is_there(target: Path, checksum: Checksum | None, size: int | None) -> bool:
    """Whether there is a file at `target`, such as one put there by hand.

    Raises:
        PromptsegError: it has not the right checksum or size.
    """
    if not target.exists():
        return False
    found = target.stat().st_size
    wrong = f"expected {size} bytes, found {found}" if size not in (None, found) else None
    wrong = wrong or (checksum.verify(target) if checksum else None)
    if wrong:
        raise PromptsegError(f"{target} is not the file it should be: {wrong}. Delete or replace it and run again.")
    logger.info("%s is there already", target)
    return True


class _TransientError(Exception):
    """A failure after which another attempt makes sense; the message says what happened."""


@dataclass
class _Download:
    url: str
    target: Path
    checksum: Checksum | None
    size: int | None
    access: Access

    def __post_init__(self) -> None:
        self.part = self.target.with_name(self.target.name + ".part")
        self.version = self.target.with_name(self.target.name + ".part.json")

    def run(self, attempts: int, pause: float) -> None:
        failures = 0
        most = self._have()
        while not self._whole():
            try:
                self._attempt()
                break
            except _TransientError as problem:
                failures = 0 if self._have() > most else failures + 1
                most = max(most, self._have())
                if failures >= attempts:
                    raise self._failed(str(problem)) from None
                wait = pause * 2 ** max(failures - 1, 0)
                logger.warning("%s: %s; trying again in %.0f s", redact(self.url), problem, wait)
                time.sleep(wait)
        self._finish()

    def _have(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0

    def _whole(self) -> bool:
        return self.part.exists() and self._have() == self.size

    def _discard(self) -> None:
        self.part.unlink(missing_ok=True)
        self.version.unlink(missing_ok=True)

    def _failed(self, problem: str) -> PromptsegError:
        have = self._have()
        kept = f" The {have} bytes so far are kept, and the next run goes on from there." if have else ""
        return PromptsegError(
            f"{self.target.name} could not be fetched from {redact(self.url)}: {problem}.{kept} "
            f"Run again, or put the file by hand at {self.target}."
        )

    def _condition(self) -> str | None:
        """The validator of the server's version that the part belongs to; None if there is none."""
        try:
            return json.loads(self.version.read_text())["validator"]
        except (OSError, ValueError, KeyError):
            return None

    def _remember(self, headers: CaseInsensitiveDict[str]) -> None:
        """Keep what identifies the server's version of the file."""
        write_json(self.version, {"validator": validator(headers)})

    def _attempt(self) -> None:
        """One request; returns when the answer was read to its end.

        Raises:
            _TransientError: the answer broke off or another attempt may help; what arrived is in the part.
            PromptsegError: another attempt would not help.
        """
        if self.size is not None and self._have() > self.size:
            self._discard()
        condition = self._condition()
        # Without a validator only the checksum can tell whether the two pieces belong together.
        if condition is None and self.checksum is None:
            self._discard()
        start = self._have()
        # Identity, because the checksum is that of the published bytes, not of what a server compresses on the way.
        headers = {"Accept-Encoding": "identity", **self.access.headers}
        if start:
            headers["Range"] = f"bytes={start}-"
            if condition:
                headers["If-Range"] = condition
        # The causes of the errors below are left out because their messages hold URLs with all that is secret in them.
        try:
            response = requests.get(
                self.url,
                headers=headers,
                auth=self.access.auth,
                verify=self.access.verify,
                timeout=TIMEOUT,
                stream=True,
            )
        except (requests.exceptions.SSLError, requests.exceptions.ProxyError) as error:
            raise self._failed(network_problem(error)) from None
        except _TRANSIENT as error:
            raise _TransientError(network_problem(error)) from None
        except (OSError, UnicodeError) as error:
            raise self._failed(network_problem(error)) from None
        with response:
            try:
                self._receive(response, start)
            except HTTPError as error:
                raise _TransientError(network_problem(error)) from None

    def _receive(self, response: requests.Response, start: int) -> None:
        status = response.status_code
        if status == 416:
            self._unsatisfiable(response, start)
            return
        if status in (408, 425, 429) or status >= 500:
            raise _TransientError(f"it answered {status} {response.reason}")
        if status not in (200, 206):
            hint = " (if it asks for credentials, put them into ~/.netrc)" if status in (401, 403) else ""
            raise self._failed(f"it answered {status} {response.reason}{hint}")
        if status == 206:
            first, total = content_range(response)
            known, sent = self._condition(), validator(response.headers)
            if first != start or (known and sent and known != sent):  # not every server heeds If-Range
                self._discard()
                raise _TransientError("it sent another part than it was asked for")
        else:
            total = length(response)
        if self.size is not None and total not in (None, self.size):
            raise PromptsegError(
                f"{redact(self.url)} is not the file it should be: expected {self.size} bytes, found {total}. "
                "The publisher has changed it, or `bytes` or `url` in the configuration is wrong. Nothing was "
                f"downloaded; correct the configuration, or put the right file by hand at {self.target}."
            )
        if status == 200:  # the whole file: nothing was asked for in part, it has no ranges, or the file has changed
            self._discard()
            self._remember(response.headers)
        self._write(response, total)

    def _unsatisfiable(self, response: requests.Response, start: int) -> None:
        """The part is already as long as the file, or the file has become shorter."""
        total = content_range(response)[1]
        if start and total == start and self.size in (None, start):
            return
        self._discard()
        raise _TransientError("the file there has changed")

    def _write(self, response: requests.Response, total: int | None) -> None:
        start = self._have()
        limit = self.size if self.size is not None else total
        with self.part.open("ab") as stream:
            for chunk in body(response, self.target.name, start, total):
                stream.write(chunk)
        have = self._have()
        if limit is not None and have < limit:
            raise _TransientError(f"the answer ended after {have} of {limit} bytes")
        if limit is not None and have > limit:
            self._discard()
            raise self._failed(f"it sent more than the expected {limit} bytes, so it is another file")

    def _finish(self) -> None:
        wrong = self.checksum.verify(self.part) if self.checksum else None
        if wrong:
            self._discard()
            raise PromptsegError(
                f"{redact(self.url)} is not the file it should be: {wrong}. What was downloaded has been deleted. Run "
                "again in case it was damaged on the way. If it happens again, the publisher has changed the file: "
                f"check the URL and the checksum in the configuration, or put the right file by hand at {self.target}."
            )
        self.part.replace(self.target)
        self._discard()
        logger.info("%s: %d bytes%s", self.target, self.target.stat().st_size, ", checked" if self.checksum else "")
