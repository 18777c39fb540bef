"""Tokens, and the calls that we make of the clients: the real ones, where they are installed, have them."""

import inspect
from pathlib import Path

import pytest

from promptseg.download.clients.fill import client_of
from support.sources import client_source

SECRET = "geheim"


def test_where_tokens_are_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kaggle, synapse = client_of(client_source("kaggle")), client_of(client_source("synapse"))
    assert not kaggle.has_token()
    monkeypatch.setenv("KAGGLE_USERNAME", "me")
    assert not kaggle.has_token()
    monkeypatch.setenv("KAGGLE_KEY", SECRET)
    assert kaggle.has_token()
    monkeypatch.delenv("KAGGLE_KEY")
    (tmp_path / "home" / ".kaggle").mkdir()
    (tmp_path / "home" / ".kaggle" / "kaggle.json").write_text("{}")
    assert kaggle.has_token()
    assert not synapse.has_token()
    (tmp_path / "home" / ".synapseConfig").touch()
    assert synapse.has_token()


@pytest.mark.parametrize(
    ("module", "names", "parameters"),
    [
        ("gdown", "download_folder", "id skip_download quiet use_cookies"),
        ("kaggle.api.kaggle_api_extended", "KaggleApi.authenticate", "self"),
        ("kaggle.api.kaggle_api_extended", "KaggleApi.dataset_download_files", "self dataset path quiet"),
        ("kaggle.api.kaggle_api_extended", "KaggleApi.dataset_download_file", "self dataset file_name path quiet"),
        ("kaggle.api.kaggle_api_extended", "KaggleApi.competition_download_files", "self competition path quiet"),
        (
            "kaggle.api.kaggle_api_extended",
            "KaggleApi.competition_download_file",
            "self competition file_name path quiet",
        ),
        ("synapseclient", "Synapse.__init__", "self silent"),
        ("synapseclient", "Synapse.login", "self silent"),
        ("synapseclient", "Synapse.getChildren", "self parent includeTypes"),
        ("synapseclient", "Synapse.get", "self entity kwargs"),
        ("tcia_utils.nbia", "getSeries", "collection"),
        ("tcia_utils.nbia", "downloadSeries", "series_data path input_type"),
    ],
)
def test_real_clients_have_these_calls(module: str, names: str, parameters: str) -> None:
    found = pytest.importorskip(module, reason=f"{module} is not installed")
    for name in names.split("."):
        found = getattr(found, name)
    assert set(parameters.split()) <= set(inspect.signature(found).parameters)
