"""What the answer of a server says of the file that it sends, and its bytes."""

import logging
import re
import sys
import time
from collections.abc import Iterator

import requests
from requests.structures import CaseInsensitiveDict
from tqdm import tqdm

from promptseg.core.progress import LOG_EVERY

logger = logging.getLogger(__name__)

CHUNK = 1 << 20  # bytes


def validator(headers: CaseInsensitiveDict[str]) -> str | None:
    """The ETag, or else the date of the last change; a weak ETag does not vouch for equal bytes."""
    etag = headers.get("ETag", "")
    return (etag if not etag.startswith("W/") else "") or headers.get("Last-Modified")


def length(response: requests.Response) -> int | None:
    """Bytes that the answer announces; None if it does not say."""
    value = response.headers.get("Content-Length", "")
    return int(value) if value.isdecimal() else None


def content_range(response: requests.Response) -> tuple[int | None, int | None]:
    """First byte and total size from a `Content-Range` header, None where it does not say."""
    match = re.fullmatch(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)", response.headers.get("Content-Range", "").strip())
    if not match:
        return None, None
    first, total = match.groups()
    return int(first) if first else None, int(total) if total.isdecimal() else None


def body(response: requests.Response, name: str, start: int, total: int | None) -> Iterator[bytes]:
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
                logger.info("%s: %.0f of %s MB", name, done / 1e6, f"{total / 1e6:.0f}" if total else "?")
