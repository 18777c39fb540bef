"""Files of packages, from the package indexes that the user has set up, without installing or running anything."""

import ast
import logging
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

import requests
from pypi_simple import PYPI_SIMPLE_ENDPOINT, NoSuchProjectError, PyPISimple
from pypi_simple.errors import UnsupportedContentTypeError, UnsupportedRepoVersionError

from promptseg.core.checksums import Checksum
from promptseg.core.errors import PromptsegError
from promptseg.download.network import TIMEOUT, network_problem
from promptseg.download.transfer import Access, download, is_there
from promptseg.download.urls import redact

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class PackageIndexes:
    """The user's package indexes.

    Attributes:
        urls: in the order in which they are asked, credentials included.
        verify: as in requests: True, or a file of certificates to trust.
    """

    urls: list[str]
    verify: bool | str


def _pip_settings() -> dict[str, str]:
    """Settings of pip by their bare name, the nearer one of several: environment, `[install]`, `[global]`."""
    command = [sys.executable, "-m", "pip", "config", "list"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        logger.info("pip's configuration cannot be read (is pip installed here?): using the environment alone")
    listed = re.findall(r"^(global|install|:env:)\.([\w-]+)=(.+)$", result.stdout, re.MULTILINE)
    settings = {}
    for section in ("global", "install", ":env:"):
        settings.update({name: str(ast.literal_eval(value)) for where, name, value in listed if where == section})
    for name in ("index-url", "extra-index-url", "cert"):
        value = os.environ.get("PIP_" + name.upper().replace("-", "_"))
        if value:
            settings[name] = value
    return settings


def package_indexes() -> PackageIndexes:
    """The indexes that pip and uv are set up to use, without those on the file system.

    The index is the first of PIP_INDEX_URL, UV_DEFAULT_INDEX, UV_INDEX_URL, pip's `index-url` and the default of pip;
    after it come PIP_EXTRA_INDEX_URL or pip's `extra-index-url`, UV_INDEX and UV_EXTRA_INDEX_URL.

    Raises:
        PromptsegError: none of them is an address on a network.
    """
    env = os.environ
    pip = _pip_settings()
    index = env.get("PIP_INDEX_URL") or env.get("UV_DEFAULT_INDEX") or env.get("UV_INDEX_URL") or pip.get("index-url")
    extra = " ".join((pip.get("extra-index-url", ""), env.get("UV_INDEX", ""), env.get("UV_EXTRA_INDEX_URL", "")))
    urls = [re.sub(r"^[\w.-]+=", "", url) for url in [index or PYPI_SIMPLE_ENDPOINT, *extra.split()]]  # uv: name=url
    usable = list(dict.fromkeys(url for url in urls if url.startswith(("http://", "https://"))))
    if not usable:
        raise PromptsegError(
            f"No package index on a network is configured (found {', '.join(map(redact, urls))}): set PIP_INDEX_URL."
        )
    return PackageIndexes(usable, pip.get("cert") or True)


def _without_credentials(url: str) -> tuple[str, tuple[str, str] | None]:
    parts = urlsplit(url)
    if parts.username is None:
        return url, None
    bare = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    return bare, (unquote(parts.username), unquote(parts.password or ""))


def _find_link(url: str, auth: tuple[str, str] | None, verify: bool | str, package: str, file: str) -> str:
    """The link to a file on the page of a package.

    Raises:
        PromptsegError: the index cannot be used or does not have the file; the message is a clause.
    """
    with requests.Session() as session:
        session.verify = verify
        session.auth = auth
        try:
            page = PyPISimple(url, session=session).get_project_page(package, timeout=TIMEOUT)
        except NoSuchProjectError:
            raise PromptsegError(f"it does not have the package {package}") from None
        except (UnsupportedContentTypeError, UnsupportedRepoVersionError):
            raise PromptsegError("its answer is not that of a package index") from None
        except (OSError, UnicodeError) as error:
            raise PromptsegError(network_problem(error)) from None
    for found in page.packages:
        if found.filename == file:
            return found.url
    names = [found.filename for found in page.packages][-5:]
    raise PromptsegError(f"it has {package}, but not the file {file} (but {', '.join(names) or 'no file'})")


def fetch_from_index(source: Mapping[str, Any], target: Path) -> None:
    """Download a package's file without building, installing or importing anything of it."""
    checksum, size = Checksum.from_mapping(source), source.get("bytes")
    if is_there(target, checksum, size):
        return
    indexes = package_indexes()
    problems = []
    for index in indexes.urls:
        url, auth = _without_credentials(index)
        try:
            link = _find_link(url, auth, indexes.verify, source["package"], source["file"])
            same_host = urlsplit(link).netloc == urlsplit(url).netloc
            access = Access(auth if same_host else None, verify=indexes.verify)
            download(link, target, checksum=checksum, size=size, access=access)
            return
        except PromptsegError as problem:
            problems.append(f"{redact(index)}: {problem}")
            logger.warning("%s", problems[-1])
    raise PromptsegError(
        f"{source['file']} could not be fetched from the package indexes that pip is set up to use. "
        + "; ".join(problems)
        + f". Set PIP_INDEX_URL to an index that has it, or put the file by hand at {target}."
    )
