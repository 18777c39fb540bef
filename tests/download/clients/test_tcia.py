"""The Cancer Imaging Archive, with a stand-in."""

from collections.abc import Callable
from pathlib import Path

import pytest

from promptseg.core.errors import PromptsegError
from promptseg.download.clients.fill import fill_drop_folder
from support.packed import contents
from support.sources import client_source

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
    entry = client_source("tcia", "*P*.dcm", collection="Duke", series={"SeriesDescription": "*pre*"})
    nbia.broken.add("1.2.0.12345")
    with pytest.raises(PromptsegError, match="1 of 2 series did not come; the others are kept"):
        fill_drop_folder("d", [entry], ["*"], folder)
    nbia.broken.clear()
    fill_drop_folder("d", [entry], ["*"], folder)
    assert nbia.calls == [["1.1.0.12345", "1.2.0.12345"], ["1.2.0.12345"]]
    assert set(contents(folder)) == {
        f"Duke/P{patient}/1.{patient}/ax dyn Pre-12345/1-{image}.dcm" for patient in (1, 2) for image in (0, 1)
    }
    fill_drop_folder("d", [entry], ["*"], folder)
    assert len(nbia.calls) == 2
    everything = client_source("tcia", "*.dcm", collection="Duke", series={"Modality": "[cm][rt]"})
    fill_drop_folder("d", [everything], ["*"], tmp_path / "all")
    assert "Duke/P1/1.1/ax dyn 1st_ pass-12345/1-0.dcm" in contents(tmp_path / "all")
    for fields in ({"Modality": "PT"}, {"Modalitie": "*"}):
        with pytest.raises(PromptsegError, match=r"none of its 4 series has the fields .*SeriesDescription"):
            fill_drop_folder(
                "d", [client_source("tcia", "*.dcm", collection="Duke", series=fields)], ["*"], tmp_path / "none"
            )
    masked = client_source("tcia", "*.dcm", collection="Duke", patients=r"Mask_(P\d)\.nrrd")
    with pytest.raises(PromptsegError, match="there are no masks yet: put them there first"):
        fill_drop_folder("d", [masked], ["*"], tmp_path / "masked")
    (tmp_path / "masked" / "masks").mkdir(parents=True)
    (tmp_path / "masked" / "masks" / "Mask_P2.nrrd").touch()
    fill_drop_folder("d", [masked], ["*"], tmp_path / "masked")
    assert {name.split("/")[1] for name in contents(tmp_path / "masked") if name.endswith(".dcm")} == {"P2"}
    with pytest.raises(PromptsegError, match="no series in the collection Else"):
        fill_drop_folder("d", [client_source("tcia", "*.dcm", collection="Else")], ["*"], tmp_path / "none")
