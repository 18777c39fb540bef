"""Downloads that survive interruptions and that are what they should be, or fail.

The bytes of an unfinished download stay in `<target>.part`, with what identifies the server's version of the file in
`<target>.part.json`. The next attempt, in this process or in a later one, asks for the rest (`Range`) on the condition
that the file is still the same (`If-Range`), RFC 9110 sections 13.1.5 and 14.2.
"""

import json
import logging
import re
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import requests
from requests.structures import CaseInsensitiveDict
from tqdm import tqdm
from urllib3.exceptions import HTTPError, ReadTimeoutError

from promptseg.core.errors import PromptsegError
from promptseg.core.files import atomic, digest
from promptseg.download.urls import redact

TIMEOUT = (30, 120)  # seconds: to connect, and without a byte
CHUNK = 1 << 20  # bytes
LOG_EVERY = 30.0  # seconds
_DIGEST_LENGTH = {"sha256": 64, "md5": 32}
_MAY_PASS = (
    requests.exceptions.ConnectionError,
    requests.exceptions.Timeout,
    requests.exceptions.ChunkedEncodingError,
)


@dataclass(frozen=True)
class Checksum:
    """The digest that a file must have.

    Attributes:
        origin: who says so, if that is not the configuration; errors tell it.
    """

    algorithm: str
    value: str
    origin: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        length = _DIGEST_LENGTH.get(self.algorithm)
        if length is None or not re.fullmatch(f"[0-9a-fA-F]{{{length}}}", self.value):
            raise PromptsegError(
                f"{self.algorithm}: {self.value} is no checksum. Give the 64 hexadecimal digits of a sha256, or the 32 "
                "of an md5."
            )

    @classmethod
    def from_mapping(cls, entry: Mapping[str, Any]) -> Self | None:
        """The checksum under the key `sha256`, or else `md5`; None where there is neither.

        Raises:
            PromptsegError: the value has not the form of such a checksum.
        """
        for algorithm in _DIGEST_LENGTH:
            if entry.get(algorithm):
                return cls(algorithm, str(entry[algorithm]))
        return None

    def verify(self, path: Path) -> str | None:
        """None if the file has this checksum, or else what was expected and what was found."""
        found = digest(path, self.algorithm)
        if found == self.value.lower():
            return None
        origin = f" ({self.origin})" if self.origin else ""
        return f"expected {self.algorithm} {self.value.lower()}{origin}, found {found}"


def network_problem(error: BaseException) -> str:
    """What went wrong on the way, in words that hold no part of a URL."""
    if isinstance(error, requests.exceptions.SSLError):
        return (
            "its TLS certificate could not be verified (name your certificates in REQUESTS_CA_BUNDLE; if "
            "the host's is broken and a sha256 is known, `verify_tls: false` leaves the matter to that)"
        )
    if isinstance(error, requests.exceptions.ProxyError):
        return "the proxy could not be used (see HTTPS_PROXY and NO_PROXY)"
    if isinstance(error, requests.exceptions.Timeout | ReadTimeoutError):
        return "it did not answer in time"
    if isinstance(error, requests.exceptions.ConnectionError):
        return "no connection could be made (is there a network, and is the host name right?)"
    if isinstance(error, requests.exceptions.HTTPError) and error.response is not None:
        return f"it answered {error.response.status_code} {error.response.reason}"
    if isinstance(error, requests.exceptions.ChunkedEncodingError | HTTPError):
        return "the connection broke off"
    if isinstance(error, requests.exceptions.RequestException | UnicodeError):
        return f"the address cannot be used ({type(error).__name__})"
    return "the file of trusted certificates cannot be read (see REQUESTS_CA_BUNDLE and PIP_CERT)"


def download(
    url: str,
    target: Path,
    *,
    checksum: Checksum | None = None,
    size: int | None = None,
    auth: tuple[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    verify: bool | str = True,
    attempts: int = 4,
    pause: float = 2.0,
) -> None:
    """Fetch a file over HTTP(S); `target` appears whole, with the right checksum and size, or not at all.

    A file that is there already is accepted without network if checksum and size are right.

    Args:
        size: bytes that the file must have.
        auth: user name and password; requests takes them from the URL or from ~/.netrc otherwise.
        verify: as in requests: True, or a file of certificates to trust.
        attempts: how often in a row without a new byte it is tried, with `pause` seconds before the second attempt and
            twice as long before each further one.

    Raises:
        PromptsegError: the host cannot be reached, does not have the file, or has another one.
    """
    if is_there(target, checksum, size):
        return
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _Download(url, target, checksum, size, auth, headers, verify).run(attempts, pause)
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
    logging.info("%s is there already", target)
    return True


class _PassingError(Exception):
    """A failure after which another attempt makes sense; the text says what happened."""


@dataclass
class _Download:
    url: str
    target: Path
    checksum: Checksum | None
    size: int | None
    auth: tuple[str, str] | None
    headers: Mapping[str, str] | None
    verify: bool | str

    def __post_init__(self) -> None:
        self.part = self.target.with_name(self.target.name + ".part")
        self.version = self.target.with_name(self.target.name + ".part.json")

    def run(self, attempts: int, pause: float) -> None:
        fruitless = 0
        most = self._have()
        while not self._whole():
            try:
                self._attempt()
                break
            except _PassingError as problem:
                fruitless = 0 if self._have() > most else fruitless + 1
                most = max(most, self._have())
                if fruitless >= attempts:
                    raise self._failed(str(problem)) from None
                wait = pause * 2 ** max(fruitless - 1, 0)
                logging.warning("%s: %s; trying again in %.0f s", redact(self.url), problem, wait)
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
        with atomic(self.version) as temporary:
            temporary.write_text(json.dumps({"validator": _validator(headers)}))

    def _attempt(self) -> None:
        """One request; returns when the answer was read to its end.

        Raises:
            _PassingError: the answer broke off or another attempt may help; what arrived is in the part.
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
        headers = {"Accept-Encoding": "identity", **(self.headers or {})}
        if start:
            headers["Range"] = f"bytes={start}-"
            if condition:
                headers["If-Range"] = condition
        # The causes of the errors below are left out because their texts hold URLs with all that is secret in them.
        try:
            response = requests.get(
                self.url, headers=headers, auth=self.auth, verify=self.verify, timeout=TIMEOUT, stream=True
            )
        except (requests.exceptions.SSLError, requests.exceptions.ProxyError) as error:
            raise self._failed(network_problem(error)) from None
        except _MAY_PASS as error:
            raise _PassingError(network_problem(error)) from None
        except (OSError, UnicodeError) as error:
            raise self._failed(network_problem(error)) from None
        with response:
            try:
                self._receive(response, start)
            except HTTPError as error:
                raise _PassingError(network_problem(error)) from None

    def _receive(self, response: requests.Response, start: int) -> None:
        status = response.status_code
        if status == 416:
            self._unsatisfiable(response, start)
            return
        if status in (408, 425, 429) or status >= 500:
            raise _PassingError(f"it answered {status} {response.reason}")
        if status not in (200, 206):
            hint = " (if it asks for credentials, put them into ~/.netrc)" if status in (401, 403) else ""
            raise self._failed(f"it answered {status} {response.reason}{hint}")
        if status == 206:
            first, total = _content_range(response)
            known, sent = self._condition(), _validator(response.headers)
            if first != start or (known and sent and known != sent):  # not every server heeds If-Range
                self._discard()
                raise _PassingError("it sent another part than it was asked for")
        else:
            total = _length(response)
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
        total = _content_range(response)[1]
        if start and total == start and self.size in (None, start):
            return
        self._discard()
        raise _PassingError("the file there has changed")

    def _write(self, response: requests.Response, total: int | None) -> None:
        start = self._have()
        limit = self.size if self.size is not None else total
        with self.part.open("ab") as stream:
            for chunk in _progress(response, self.target.name, start, total):
                stream.write(chunk)
        have = self._have()
        if limit is not None and have < limit:
            raise _PassingError(f"the answer ended after {have} of {limit} bytes")
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
        logging.info("%s: %d bytes%s", self.target, self.target.stat().st_size, ", checked" if self.checksum else "")


def _validator(headers: CaseInsensitiveDict[str]) -> str | None:
    """The ETag, or else the date of the last change; a weak ETag does not vouch for equal bytes."""
    etag = headers.get("ETag", "")
    return (etag if not etag.startswith("W/") else "") or headers.get("Last-Modified")


def _length(response: requests.Response) -> int | None:
    value = response.headers.get("Content-Length", "")
    return int(value) if value.isdecimal() else None


def _content_range(response: requests.Response) -> tuple[int | None, int | None]:
    """First byte and total size from a `Content-Range` header, None where it does not say."""
    match = re.fullmatch(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)", response.headers.get("Content-Range", "").strip())
    if not match:
        return None, None
    first, total = match.groups()
    return int(first) if first else None, int(total) if total.isdecimal() else None


def _progress(response: requests.Response, name: str, start: int, total: int | None) -> Iterator[bytes]:
    """The bytes of the answer as sent, while a bar (on a terminal) or a log line every 30 s shows how far it is."""
    done = start
    last = time.monotonic()
    # Undecoded: some servers label a .tar.gz as an encoding of a .tar, and decoding it would change the bytes.
    chunks = response.raw.stream(CHUNK, decode_content=False)
    with tqdm(
        desc=name, initial=start, total=total, unit="B", unit_scale=True, disable=not sys.stderr.isatty()
    ) as progress_bar:
        for chunk in chunks:
            yield chunk
            done += len(chunk)
            progress_bar.update(len(chunk))
            if progress_bar.disable and time.monotonic() - last >= LOG_EVERY:
                last = time.monotonic()
                logging.info("%s: %.0f of %s MB", name, done / 1e6, f"{total / 1e6:.0f}" if total else "?")
