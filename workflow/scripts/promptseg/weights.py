"""Weights of methods, fetched: from an address, from Google Drive, from an archive in parts, or by a person."""

import io
import logging
import re
import shutil
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from contextlib import closing
from html.parser import HTMLParser
from itertools import accumulate
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import requests

from promptseg.errors import PromptsegError
from promptseg.files import atomic, is_page
from promptseg.transfer import TIMEOUT, Checksum, download, is_there
from promptseg.urls import file_name, redact

_PAGE = 1 << 20  # bytes of a web page that are read
_SAMPLE = 5  # names that an error lists
_LIMIT = 20 * 10**9  # bytes that weights may have once unpacked

# Where Google Drive hands out files; `confirm` says that its virus scan may be skipped, which it is for large files.
_DRIVE = "https://drive.usercontent.google.com/download"
_DRIVE_HOSTS = ("drive.google.com", "docs.google.com", "drive.usercontent.google.com")


def fetch_weights(name: str, checkpoint: Mapping[str, Any], target: Path) -> None:
    """Fetch the weights of the method `name` to `target`, checked against the checksum of the entry.

    The entry has `url` (with `mirrors`), or `parts` of a 7z archive that holds the file `file`, or `home` and
    `instructions` for a person. A file that is there already, put there by hand for example, is only checked.

    Raises:
        PromptsegError: they cannot be fetched, are not the file that the entry describes, or a person has to get them.
    """
    licence = checkpoint.get("licence", "not stated")
    logging.info("Weights of %s: licence %s", name, licence)
    try:
        if is_there(target, Checksum.from_mapping(checkpoint), checkpoint.get("bytes")):
            return
        if "url" in checkpoint:
            _fetch_from_urls(checkpoint, target)
        elif "parts" in checkpoint:
            _fetch_parts(checkpoint, target)
        else:
            raise PromptsegError(_for_a_person(checkpoint, target))
    except PromptsegError as error:
        raise PromptsegError(f"Weights of {name}: {error} {_own_file(name)}") from None


def _own_file(name: str) -> str:
    return f"To use a file of your own, set `methods: {{{name}: {{checkpoint: {{path: ...}}}}}}` in your configuration."


def _for_a_person(checkpoint: Mapping[str, Any], target: Path) -> str:
    size = f" ({checkpoint['size']})" if "size" in checkpoint else ""
    return (
        f"they have to be fetched by hand.\n  from: {checkpoint['home']}\n  file: {checkpoint.get('file', 'see below')}"
        f"{size}\n  licence: {checkpoint.get('licence', 'not stated')}\n  how: {checkpoint['instructions'].strip()}\n"
        f"  to: {target}\nThen run again."
    )


def _fetch_from_urls(checkpoint: Mapping[str, Any], target: Path) -> None:
    problems = []
    for url in (checkpoint["url"], *checkpoint.get("mirrors", [])):
        try:
            _fetch_file(url, target, Checksum.from_mapping(checkpoint), checkpoint.get("bytes"))
            return
        except PromptsegError as problem:
            problems.append(str(problem))
            logging.warning("%s", problem)
    raise PromptsegError("\n".join(problems))


def _fetch_file(url: str, target: Path, checksum: Checksum | None, size: int | None) -> None:
    if urlsplit(url).hostname in _DRIVE_HOSTS:
        download(_drive_address(url, target), target, checksum=checksum, size=size)
    else:
        download(url, target, checksum=checksum, size=size)
    if is_page(target):  # only possible without a checksum
        target.unlink()
        raise PromptsegError(f"{redact(url)} sent a web page in place of the file. Put it by hand at {target}.")


class _Page(HTMLParser):
    """Title of a web page, its text, and the fields of its form."""

    def __init__(self, content: str):
        super().__init__()
        self.fields: dict[str, str] = {}
        self.title = self.text = self._tag = ""
        self.feed(content)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._tag = tag
        values = dict(attrs)
        name = values.get("name")
        if tag == "input" and name:
            self.fields[name] = values.get("value") or ""

    def handle_data(self, data: str) -> None:
        if self._tag == "title":
            self.title += data.strip()
        elif self._tag not in ("script", "style"):
            self.text += data


def _drive_address(link: str, target: Path) -> str:
    """The address from which a file shared on Google Drive can be downloaded.

    Drive answers with a page where it has no file to give, or first wants to be told that a file too large for its
    virus scan is wanted all the same: that page holds a form, whose fields are the query of the right address.

    Raises:
        PromptsegError: it does not give the file to a program.
    """
    parts = urlsplit(link)
    query = {key: values[0] for key, values in parse_qs(parts.query).items()}
    found = re.search(r"/file/d/([\w-]+)", parts.path)
    identifier = found[1] if found else query.get("id")
    if not identifier:
        raise PromptsegError(
            f"{redact(link)} is no link to a file on Google Drive (to a folder?). Open it in a browser, and give the "
            "link of the file itself (Share, Copy link)."
        )
    fields = {"id": identifier, "export": "download", "confirm": "t"}
    if "resourcekey" in query:
        fields["resourcekey"] = query["resourcekey"]
    page = None
    for _ in range(2):
        address = f"{_DRIVE}?{urlencode(fields)}"
        page = _page_at(address)
        if page is None:
            return address
        if "confirm" not in page.fields:
            break
        fields = page.fields
    assert page is not None
    raise PromptsegError(
        f"Google Drive does not give the file to a program: {_reason(page)}. A person has to get it: open "
        f"https://drive.google.com/file/d/{identifier}/view in a browser, signed in if it asks for that, download the "
        f"file, and put it at {target}."
    )


def _reason(page: _Page) -> str:
    text = (page.title + page.text).lower()
    if "quota" in text or "too many users" in text:
        return "its quota of downloads is exceeded, for a day or so (quota exceeded)"
    if "sign in" in text or "sign-in" in text or "need access" in text:
        return "it is not shared with everyone (sign in)"
    return f"it sent a web page ({page.title or 'without a title'})"


def _page_at(url: str) -> _Page | None:
    """The web page at an address; None where there is another file, or a failure that `download` can deal with."""
    try:
        with requests.get(url, timeout=TIMEOUT, stream=True) as response:
            if not response.headers.get("Content-Type", "").startswith("text/html"):
                return None
            content = next(response.iter_content(_PAGE), b"")
            return _Page(content.decode(response.encoding or "utf-8", errors="replace"))
    except (OSError, LookupError):
        return None


def _fetch_parts(checkpoint: Mapping[str, Any], target: Path) -> None:
    """Fetch a 7z archive in parts, unpack the one file of it that is wanted, and remove the parts."""
    urls, member = [part["url"] for part in checkpoint["parts"]], checkpoint["file"]
    by_hand = (
        f"Or do it by hand: download {', '.join(urls)}, unpack the first with 7-Zip (`7z x {file_name(urls[0])}`) and "
        f"put {member} at {target}."
    )
    try:  # before gigabytes are fetched
        import py7zr  # noqa: F401
    except ImportError:
        raise PromptsegError(
            f"py7zr, which unpacks their archive, is not installed: `pip install py7zr` and run again. {by_hand}"
        ) from None
    folder = target.with_name(f"{target.stem}.parts")
    files = [folder / file_name(url) for url in urls]
    for part, file in zip(checkpoint["parts"], files, strict=True):
        _fetch_file(part["url"], file, Checksum.from_mapping(part), part.get("bytes"))
    logging.info("Unpacking %s", member)
    with atomic(target) as temporary:
        try:
            _unpack_7z(files, member, temporary)
        except (PromptsegError, MemoryError):
            raise
        except Exception as error:  # a damaged archive can make the reader stumble in any way
            if isinstance(error, OSError) and error.errno is not None:
                raise
            first_line = (str(error) or type(error).__name__).partition("\n")[0]
            raise PromptsegError(
                f"The archive in {folder} is damaged or cannot be unpacked ({first_line}). Delete {folder} and run "
                f"again to get it anew. {by_hand}"
            ) from error
        checksum = Checksum.from_mapping(checkpoint)
        wrong = checksum.verify(temporary) if checksum else None
        if wrong:
            raise PromptsegError(
                f"{member} in the archive in {folder} is not the file it should be: {wrong}. Check the checksum in the "
                f"configuration, or delete {folder} and run again to get the archive anew."
            )
    shutil.rmtree(folder)


def _unpack_7z(files: Sequence[Path], member: str, target: Path) -> None:
    """Unpack the file named `member`, in whatever folder of the archive, and nothing else.

    Raises:
        PromptsegError: it is not in the archive exactly once as a file of plausible size with a plain relative path.
    """
    import py7zr

    with closing(_Joined(files)) as raw, py7zr.SevenZipFile(io.BufferedReader(raw, 1 << 20), "r") as archive:
        found = [
            entry
            for entry in archive.files
            if entry.filename.split("/")[-1] == member
            and not entry.filename.startswith("/")
            and ".." not in entry.filename.split("/")
            and not (entry.is_directory or entry.is_symlink or entry.is_junction or entry.is_socket)
            and entry.uncompressed <= _LIMIT
        ]
        if len(found) != 1:
            names = archive.getnames()
            more = f" and {len(names) - _SAMPLE} more" if len(names) > _SAMPLE else ""
            raise PromptsegError(
                f"The archive {files[0].name} does not hold one file {member} of plausible size, but "
                f"{', '.join(map(repr, names[:_SAMPLE])) or 'nothing'}{more}. Nothing was unpacked. Do not use it; get "
                "it from its publisher again."
            )
        folder = target.with_name("unpacked")
        archive.extract(folder, [found[0].filename])
    unpacked = folder / PurePosixPath(found[0].filename)
    unpacked.chmod(0o644)
    unpacked.replace(target)


class _Joined(io.RawIOBase):
    """Files one behind the other, read as one."""

    def __init__(self, files: Sequence[Path]):
        self._streams = [file.open("rb") for file in files]
        self._ends = list(accumulate(file.stat().st_size for file in files))
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._ends[-1]}[whence]
        self._position = max(0, start + offset)
        return self._position

    def readinto(self, buffer: Any) -> int:
        index = bisect_right(self._ends, self._position)
        if index == len(self._ends):
            return 0
        stream = self._streams[index]
        stream.seek(self._position - (self._ends[index - 1] if index else 0))
        count = stream.readinto(buffer)
        self._position += count
        return count

    def close(self) -> None:
        for stream in self._streams:
            stream.close()
        super().close()
