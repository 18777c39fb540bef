"""Files that are shared on Google Drive.

gdown lists folders (`clients.drive`) and does not fetch the files: it goes on with a download that an earlier run began
even if the file has changed since, tells an exceeded quota and a file that is not shared by the same words, drops
resource keys, and knows no other address of Google Drive, such as a mirror's. `transfer.download` goes on safely.
"""

import re
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

import requests
from bs4 import BeautifulSoup

from promptseg.core.errors import PromptsegError
from promptseg.download.network import TIMEOUT, network_problem
from promptseg.download.urls import base, redact

_PAGE = 1 << 20  # bytes of a web page that are read


def file_link(identifier: str) -> str:
    """The link of a file, as people share it."""
    return f"https://drive.google.com/file/d/{identifier}/view"


def shared_name(identifier: str, folder: Path) -> str:
    """The name of a shared file.

    Args:
        folder: where the file may be put by hand, for errors.

    Raises:
        PromptsegError: Drive does not give it to a program.
    """
    try:
        with requests.get(drive_address(file_link(identifier), folder), timeout=TIMEOUT, stream=True) as response:
            disposition = response.headers.get("Content-Disposition", "")
    except OSError as error:
        raise PromptsegError(f"Google Drive: {network_problem(error)}") from None
    encoded = re.search(r"filename\*=UTF-8''([^;]+)", disposition)
    plain = re.search(r'filename="([^"]+)"', disposition)
    name = unquote(encoded[1]) if encoded else plain[1] if plain else ""
    if not name:
        raise PromptsegError(f"Google Drive does not tell the name of the file {identifier}. Get it in a browser")
    return name


def drive_address(link: str, target: Path) -> str:
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
    for _ in range(2):
        address = f"{base('drive')}?{urlencode(fields)}"
        page = _page_at(address)
        if page is None:
            return address
        fields = {str(field["name"]): str(field.get("value", "")) for field in page.select("input[name]")}
        if "confirm" not in fields:
            break
    assert page is not None
    raise PromptsegError(
        f"Google Drive does not give the file to a program: {_reason(page)}. Download it by hand: open "
        f"https://drive.google.com/file/d/{identifier}/view in a browser, signed in if it asks for that, download the "
        f"file, and put it at {target}."
    )


def _reason(page: BeautifulSoup) -> str:
    text = page.get_text().lower()
    if "quota" in text or "too many users" in text:
        return "its quota of downloads is exceeded, for a day or so (quota exceeded)"
    if "sign in" in text or "sign-in" in text or "need access" in text:
        return "it is not shared with everyone (sign in)"
    return f"it sent a web page ({page.title.get_text(strip=True) if page.title else 'without a title'})"


def _page_at(url: str) -> BeautifulSoup | None:
    """The web page at an address; None where there is another file, or a failure that `download` can deal with."""
    try:
        with requests.get(url, timeout=TIMEOUT, stream=True) as response:
            if not response.headers.get("Content-Type", "").startswith("text/html"):
                return None
            content = next(response.iter_content(_PAGE), b"")
            return BeautifulSoup(content, "html.parser")
    except OSError:
        return None
