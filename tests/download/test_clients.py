"""Files that clients bring into the drop folder.

Kaggle's and Google Drive's real clients run against a local server where they are installed. Everywhere else there are
stand-ins with the calls that we make of each client; the real ones, where they are installed, are asked for them.
"""

import inspect
import json
import os
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from promptseg.core.errors import PromptsegError
from promptseg.download.clients import bring, client_of
from support.servers import Server, serve

SECRET = "geheim"


@pytest.fixture(autouse=True)
def nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user without any token."""
    for name in list(os.environ):
        if name.startswith(("KAGGLE_", "SYNAPSE_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with serve() as running:
        monkeypatch.setenv("PROMPTSEG_ZENODO", running.url)
        monkeypatch.setenv("PROMPTSEG_DRIVE", running.url + "/drive")
        yield running


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, str], None]]:
    """Installs a module of a dotted name, with the given code, in place of whatever has that name."""
    kept = dict(sys.modules)

    def install(name: str, code: str) -> None:
        for module in list(sys.modules):
            if module.split(".")[0] == name.split(".")[0]:
                del sys.modules[module]
        parts = name.split(".")
        folder = tmp_path / "modules"
        for part in parts[:-1]:
            folder = folder / part
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "__init__.py").touch()
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{parts[-1]}.py").write_text(code)
        monkeypatch.syspath_prepend(str(tmp_path / "modules"))

    yield install
    for module in set(sys.modules) - set(kept):
        if getattr(sys.modules[module], "__file__", None) and str(tmp_path) in str(sys.modules[module].__file__):
            del sys.modules[module]
    sys.modules.update(kept)


def source(kind: str, *files: str, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "home": "https://archive.org/d", "instructions": "Ask.", "files": list(files), **more}


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def make_zip(path: Path, *names: str) -> bytes:
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, name)
    return path.read_bytes()


# --- What is there, and what is missing ---


@pytest.mark.parametrize(
    ("kind", "more", "package", "token"),
    [
        ("kaggle", {"dataset": "a/b"}, "kaggle", "~/.kaggle/kaggle.json, or set KAGGLE_USERNAME and KAGGLE_KEY"),
        ("synapse", {"id": "syn1"}, "synapseclient", "set SYNAPSE_AUTH_TOKEN or put it into ~/.synapseConfig"),
        ("tcia", {"collection": "C"}, "tcia-utils", None),
        ("gdrive", {"id": "1Ab"}, "gdown", None),
    ],
)
def test_what_a_person_has_to_do(
    kind: str,
    more: dict[str, Any],
    package: str,
    token: str | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    stand_in: Callable[[str, str], None],
) -> None:
    entry, folder = source(kind, "*.nii", "*/labels/*", **more), tmp_path / "raw" / "spine"
    client = client_of(entry)
    assert client.package == package
    stand_in(str(client.module), "")
    if token:
        with pytest.raises(PromptsegError) as caught:
            bring("spine", [entry], ["*"], folder)
        for part in ("spine could not be fetched: there is no token", token, str(folder), "*.nii, */labels/*", "Ask."):
            assert part in str(caught.value)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(PromptsegError, match=rf"{package} is not installed \(`pip install {package}`\)"):
        bring("spine", [entry], ["*"], folder)
    assert not folder.exists()
    folder.mkdir(parents=True)
    make_zip(folder / "by hand.zip", "a.nii", "x/labels/1")
    bring("spine", [entry], ["*"], folder)
    assert list(contents(folder)) == ["by hand.zip"]


def test_where_tokens_are_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kaggle, synapse = client_of(source("kaggle")), client_of(source("synapse"))
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


# --- Records ---


def test_all_files_of_a_record(server: Server, tmp_path: Path) -> None:
    image = make_zip(tmp_path / "x.zip", "images/1.nii")
    server.files |= {"/a": image, "/b": b"labels"}
    files = [
        {"key": "images.zip", "size": len(image), "checksum": "", "links": {"self": server.url + "/a"}},
        {"key": "labels/1.nii", "size": 6, "checksum": "", "links": {"self": server.url + "/b"}},
    ]
    server.files["/records/5"] = json.dumps({"files": files}).encode()
    entry, folder = {"kind": "http", "url": "https://zenodo.org/records/5"}, tmp_path / "raw"
    patterns = ["*images/*.nii", "*labels/*.nii"]
    server.cuts = [10_000, 3]
    bring("d", [entry], patterns, folder)
    assert contents(folder) == {"images.zip": image, "labels/1.nii": b"labels"}
    asked = len(server.requests)
    bring("d", [entry], patterns, folder)
    assert len(server.requests) == asked
    server.files["/records/5"] = json.dumps({"files": [{**files[0], "key": "../evil"}]}).encode()
    with pytest.raises(PromptsegError, match=r"'\.\./evil', which leads out of the folder"):
        bring("d", [entry], [*patterns, "*.csv"], folder)


def test_an_unfinished_record_goes_on(server: Server, tmp_path: Path) -> None:
    """What is there is not taken for all that there is."""
    server.files["/a"] = b"image"
    files = [
        {"key": f"{name}.nii", "size": 5, "checksum": "", "links": {"self": f"{server.url}/{name}"}} for name in "ab"
    ]
    server.files["/records/5"] = json.dumps({"files": files}).encode()
    entry, folder = {"kind": "http", "url": "https://zenodo.org/records/5"}, tmp_path / "raw"
    with pytest.raises(PromptsegError, match=r"(?s)/b: it answered 404.*if that is complete: delete .*raw/\.download"):
        bring("d", [entry], ["*.nii"], folder)
    assert contents(folder) == {"a.nii": b"image"}
    server.files["/b"] = b"label"
    bring("d", [entry], ["*.nii"], folder)
    assert contents(folder) == {"a.nii": b"image", "b.nii": b"label"}
    assert sorted(path.name for path in folder.iterdir()) == ["a.nii", "b.nii"]


# --- Kaggle ---

KAGGLE = """
import os
class Refused(Exception):
    class response:
        status_code = 403
class KaggleApi:
    def authenticate(self):
        pass
    def get(self, name, path):
        if "rules" in name:
            raise Refused(os.environ["KAGGLE_KEY"])
        with open(os.path.join(path, name), "w") as file:
            file.write("content")
    def dataset_download_files(self, dataset, path=None, force=False, quiet=True, unzip=False):
        self.get(dataset.split("/")[1] + ".zip", path)
    def dataset_download_file(self, dataset, file_name, path=None, force=False, quiet=True):
        self.get(file_name, path)
    def competition_download_files(self, competition, path=None, force=False, quiet=True):
        self.get(competition + ".zip", path)
    def competition_download_file(self, competition, file_name, path=None, force=False, quiet=False):
        self.get(file_name, path)
"""


@pytest.fixture
def kaggle(stand_in: Callable[[str, str], None], monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in("kaggle.api.kaggle_api_extended", KAGGLE)
    monkeypatch.setenv("KAGGLE_USERNAME", "me")
    monkeypatch.setenv("KAGGLE_KEY", SECRET)


@pytest.mark.usefixtures("kaggle")
@pytest.mark.parametrize(
    ("more", "name"),
    [
        ({"dataset": "owner/set"}, "set.zip"),
        ({"dataset": "owner/set", "file": "set.zip"}, "set.zip"),
        ({"dataset": "owner/set", "file": "train.tar"}, "train.tar"),
        ({"competition": "nerves"}, "nerves.zip"),
        ({"competition": "nerves", "file": "train.tar"}, "train.tar"),
    ],
)
def test_kaggle(more: dict[str, Any], name: str, tmp_path: Path) -> None:
    entry = source("kaggle", "*.tif", **more)
    if name.endswith(".zip"):  # its content is none, so nothing that is expected has come
        with pytest.raises(PromptsegError, match="was fetched, but not all that belongs to it came"):
            bring("d", [entry], ["*"], tmp_path / "raw")
    else:
        bring("d", [entry], ["*"], tmp_path / "raw")
    assert contents(tmp_path / "raw") == {name: b"content"}


@pytest.mark.usefixtures("kaggle")
def test_kaggle_refuses(tmp_path: Path) -> None:
    with pytest.raises(PromptsegError, match="it answered 403: accept the rules on its page") as caught:
        bring("d", [source("kaggle", "*.tif", competition="rules")], ["*"], tmp_path / "raw")
    assert SECRET not in str(caught.value)
    assert list((tmp_path / "raw").iterdir()) == []


def test_real_kaggle(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAGGLE_API_ENVIRONMENT", "LOCALHOST")
    monkeypatch.setenv("KAGGLE_USERNAME", "me")
    monkeypatch.setenv("KAGGLE_KEY", SECRET)
    environment = pytest.importorskip("kagglesdk.kaggle_env", reason="kaggle is not installed")
    pytest.importorskip("kaggle.api.kaggle_api_extended", reason="kaggle is not installed with all that it needs")
    monkeypatch.setitem(environment._env_to_endpoint, environment.KaggleEnv.LOCAL, server.url)
    content = make_zip(tmp_path / "x.zip", "slice/slice/1.png", "mask/mask/1.png")
    service = "/api/v1/datasets.DatasetApiService/DownloadDataset"
    server.files[service] = content
    server.types[service] = "application/zip"
    entry = source("kaggle", "*slice/*.png", "*mask/*.png", dataset="me/kidney")
    bring("d", [entry], ["*"], tmp_path / "raw")
    assert contents(tmp_path / "raw") == {"kidney.zip": content}
    assert server.requests[0].headers["authorization"].startswith("Basic ")
    server.files.clear()
    with pytest.raises(PromptsegError, match="kaggle failed: it answered 404: there is no such file"):
        bring("d", [entry], ["*"], tmp_path / "other")


# --- Synapse ---

SYNAPSE = """
import os
FILE, FOLDER = "org.sagebionetworks.repo.model.FileEntity", "org.sagebionetworks.repo.model.Folder"
TREE = {"syn1": [("syn2", "task 1", FOLDER), ("syn3", "readme.txt", FILE)], "syn2": [("syn4", "data.tar", FILE)]}
NAMES = {"syn3": "readme.txt", "syn4": "data.tar"}
class Synapse:
    def __init__(self, silent=None):
        pass
    def login(self, silent=False):
        assert os.environ["SYNAPSE_AUTH_TOKEN"]
    def get(self, entity, downloadFile=True, downloadLocation=None, ifcollision=None):
        if not downloadFile:
            return {"concreteType": FILE if entity in NAMES else FOLDER, "name": NAMES.get(entity, "top")}
        path = os.path.join(downloadLocation, NAMES[entity])
        with open(path, "w") as file:
            file.write(entity)
        return {"path": path}
    def getChildren(self, parent, includeTypes):
        assert includeTypes == ["folder", "file"]
        return iter([{"id": i, "name": n, "type": t} for i, n, t in TREE[parent]])
"""


def test_synapse(tmp_path: Path, stand_in: Callable[[str, str], None], monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in("synapseclient", SYNAPSE)
    monkeypatch.setenv("SYNAPSE_AUTH_TOKEN", SECRET)
    bring("d", [source("synapse", "*BraTS*", id="syn1")], ["*"], tmp_path / "raw")
    assert contents(tmp_path / "raw") == {"task 1/data.tar": b"syn4", "readme.txt": b"syn3"}
    bring("d", [source("synapse", "*BraTS*", id="syn4")], ["*"], tmp_path / "one")
    assert contents(tmp_path / "one") == {"data.tar": b"syn4"}


# --- The Cancer Imaging Archive ---

TCIA = """
import os
SERIES = [
    dict(Collection="Duke", PatientID=f"P{p}", StudyInstanceUID=f"1.{p}", SeriesInstanceUID=f"1.{p}.{s}.12345",
         SeriesDescription=d, Modality="MR", ImageCount=2)
    for p in (1, 2) for s, d in enumerate(["ax dyn Pre", "ax dyn 1st: pass"])
]
calls = []
broken = set()
def getSeries(collection=""):
    return [dict(series) for series in SERIES] if collection == "Duke" else None
def downloadSeries(series_data, number=0, path="", input_type=""):
    assert input_type == "list"
    calls.append(list(series_data))
    for uid in series_data:
        os.mkdir(os.path.join(path, uid))
        for image in range(1 if uid in broken else 2):
            open(os.path.join(path, uid, f"1-{image}.dcm"), "w").close()
"""


def test_tcia(tmp_path: Path, stand_in: Callable[[str, str], None]) -> None:
    stand_in("tcia_utils.nbia", TCIA)
    from tcia_utils import nbia

    folder = tmp_path / "raw"
    entry = source("tcia", "*P*.dcm", collection="Duke", series={"SeriesDescription": "*pre*"})
    nbia.broken.add("1.2.0.12345")
    with pytest.raises(PromptsegError, match="1 of 2 series did not come; the others are kept"):
        bring("d", [entry], ["*"], folder)
    nbia.broken.clear()
    bring("d", [entry], ["*"], folder)
    assert nbia.calls == [["1.1.0.12345", "1.2.0.12345"], ["1.2.0.12345"]]
    assert set(contents(folder)) == {
        f"Duke/P{patient}/1.{patient}/ax dyn Pre-12345/1-{image}.dcm" for patient in (1, 2) for image in (0, 1)
    }
    bring("d", [entry], ["*"], folder)
    assert len(nbia.calls) == 2
    everything = source("tcia", "*.dcm", collection="Duke", series={"Modality": "[cm][rt]"})
    bring("d", [everything], ["*"], tmp_path / "all")
    assert "Duke/P1/1.1/ax dyn 1st_ pass-12345/1-0.dcm" in contents(tmp_path / "all")
    for fields in ({"Modality": "PT"}, {"Modalitie": "*"}):
        with pytest.raises(PromptsegError, match=r"none of its 4 series has the fields .*SeriesDescription"):
            bring("d", [source("tcia", "*.dcm", collection="Duke", series=fields)], ["*"], tmp_path / "none")
    masked = source("tcia", "*.dcm", collection="Duke", patients=r"Mask_(P\d)\.nrrd")
    with pytest.raises(PromptsegError, match="there are no masks yet: put them there first"):
        bring("d", [masked], ["*"], tmp_path / "masked")
    (tmp_path / "masked" / "masks").mkdir(parents=True)
    (tmp_path / "masked" / "masks" / "Mask_P2.nrrd").touch()
    bring("d", [masked], ["*"], tmp_path / "masked")
    assert {name.split("/")[1] for name in contents(tmp_path / "masked") if name.endswith(".dcm")} == {"P2"}
    with pytest.raises(PromptsegError, match="no series in the collection Else"):
        bring("d", [source("tcia", "*.dcm", collection="Else")], ["*"], tmp_path / "none")


# --- Google Drive ---

IDS = [letter * 28 for letter in "abc"]
GDOWN = f"""
from types import SimpleNamespace
def download_folder(url=None, id=None, quiet=False, use_cookies=True, skip_download=False):
    if id != {IDS[0]!r}:
        raise RuntimeError(id)
    assert skip_download
    return [SimpleNamespace(id={IDS[1]!r}, path="OTU_2d/1.JPG"), SimpleNamespace(id={IDS[2]!r}, path="2.JPG")]
"""


def fill_drive(server: Server) -> None:
    server.files |= {
        f"/drive?id={identifier}&export=download&confirm=t": content
        for identifier, content in ((IDS[1], b"one"), (IDS[2], b"two"))
    }


def test_google_drive(server: Server, tmp_path: Path, stand_in: Callable[[str, str], None]) -> None:
    stand_in("gdown", GDOWN)
    fill_drive(server)
    bring("d", [source("gdrive", "*.JPG", id=IDS[0])], ["*"], tmp_path / "raw")
    assert contents(tmp_path / "raw") == {"OTU_2d/1.JPG": b"one", "2.JPG": b"two"}
    with pytest.raises(PromptsegError, match=f"does not tell the name of the file {IDS[1]}"):
        bring("d", [source("gdrive", "*.JPG", id=IDS[1])], ["*"], tmp_path / "other")
    server.disposition = "attachment; filename=\"x\"; filename*=UTF-8''Processed%20data.tar"
    bring("d", [source("gdrive", "*.nii", id=IDS[1])], ["*"], tmp_path / "file")
    assert contents(tmp_path / "file") == {"Processed data.tar": b"one"}


class _Elsewhere(requests.adapters.HTTPAdapter):
    """Sends to a local server what is meant for Google Drive."""

    def __init__(self, url: str):
        super().__init__()
        self.url = url

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        parts = urlsplit(str(request.url))
        request.url = f"{self.url}{parts.path}?{parts.query}"
        return super().send(request, *args, **options)


def test_real_gdown(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("gdown", reason="gdown is not installed")
    module = sys.modules["gdown.download_folder"]
    session = requests.Session()
    session.mount("https://drive.google.com", _Elsewhere(server.url))
    monkeypatch.setattr(module, "_get_session", lambda **options: (session, None))

    def page(title: str, *links: tuple[str, str]) -> bytes:
        return f"<title>{title}</title>{''.join(f'<a href={link}>{name}</a>' for link, name in links)}".encode()

    drive = "https://drive.google.com"
    sub = "d" * 28
    server.files |= {
        f"/embeddedfolderview?id={IDS[0]}": page(
            "top", (f"{drive}/drive/folders/{sub}", "OTU_2d"), (f"{drive}/file/d/{IDS[2]}/view", "2.JPG")
        ),
        f"/embeddedfolderview?id={sub}": page("OTU_2d", (f"{drive}/file/d/{IDS[1]}/view", "1.JPG")),
    }
    server.types = dict.fromkeys(server.files, "text/html")
    fill_drive(server)
    bring("d", [source("gdrive", "*.JPG", id=IDS[0])], ["*"], tmp_path / "raw")
    assert contents(tmp_path / "raw") == {"OTU_2d/1.JPG": b"one", "2.JPG": b"two"}


# --- The calls that we make ---


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
