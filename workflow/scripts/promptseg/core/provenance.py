"""Where a number comes from: versions, commit, weights."""

import subprocess
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import promptseg


def commit() -> str | None:
    """Git commit of the project, with `+` if tracked files were changed; None outside a repository."""
    folder = Path(promptseg.__file__).parent

    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=True
        ).stdout.strip()

    try:
        return git("rev-parse", "HEAD") + ("+" if git("status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.CalledProcessError):
        return None


def versions(packages: Sequence[str]) -> dict[str, str]:
    """Installed versions of those packages that are installed."""
    found = {"promptseg": promptseg.__version__}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def provenance(packages: Sequence[str], **facts: Any) -> Mapping[str, Any]:
    """Facts of a run together with commit and versions; nothing in it depends on time or machine."""
    return {**facts, "commit": commit(), "versions": versions(packages)}
