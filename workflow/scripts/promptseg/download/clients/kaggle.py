"""Datasets and competitions on Kaggle, by its client."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from promptseg.download.clients.client import Client, client_errors, in_home


def _has_token() -> bool:
    env = os.environ
    folder = env.get("KAGGLE_CONFIG_DIR")
    return bool(
        env.get("KAGGLE_API_TOKEN")
        or (env.get("KAGGLE_USERNAME") and env.get("KAGGLE_KEY"))
        or (folder and (Path(folder) / "kaggle.json").is_file())
        or in_home(".kaggle/kaggle.json", ".kaggle/access_token", ".config/kaggle/kaggle.json")
    )


def _fetch(source: Mapping[str, Any], folder: Path, work: Path) -> None:
    hints = {401: ": the token is not valid", 403: ": accept the rules on its page", 404: ": there is no such file"}
    with client_errors("kaggle", hints):
        from kaggle.api.kaggle_api_extended import KaggleApi

        api = KaggleApi()
        api.authenticate()
        kind = "competition" if "competition" in source else "dataset"
        name, part = source[kind], source.get("file")
        where: dict[str, Any] = {"path": str(work), "quiet": True}
        if part and part != name.rpartition("/")[2] + ".zip":
            getattr(api, f"{kind}_download_file")(name, part, **where)
        else:  # the archive of everything, which Kaggle itself names after the dataset
            getattr(api, f"{kind}_download_files")(name, **where)
    for path in work.iterdir():
        if not path.name.endswith(".kaggle-partial"):
            path.replace(folder / path.name)


CLIENT = Client(
    _fetch,
    "kaggle",
    "kaggle",
    _has_token,
    "make one on kaggle.com, Settings, API, and put it into ~/.kaggle/kaggle.json, or set KAGGLE_USERNAME and "
    "KAGGLE_KEY",
)
