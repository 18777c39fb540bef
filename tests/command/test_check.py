"""`promptseg check`."""

import re
from pathlib import Path

import numpy as np
import pytest
import yaml
from typer.testing import CliRunner

from promptseg.command.main import app
from promptseg.config.check import check
from promptseg.core.errors import PromptsegError
from promptseg.planning.readiness import points
from support.builds import GREY, MASK, write
from support.nvidia import pretend

BASE = {
    "run": {"datasets": ["mine"], "methods": ["net"]},
    "protocols": {"corrected": {}},
    "methods": {"net": {"adapter": "promptseg.methods.controls:BoxFill", "gpu": True}},
}


def config(folder, run=None, weights=None, **entry):
    source = {"kind": "folder", "path": str(folder)}
    made = {**BASE, "datasets": {"mine": {"source": source, "tasks": {"lesion": [1]}, **entry}}}
    made["run"] = {**BASE["run"], **(run or {})}
    if weights:
        made["methods"] = {"net": {**BASE["methods"]["net"], "checkpoint": weights}}
    results = f"{folder}-results"  # beside the images: nothing is written among them
    return check({**made, "results": results, "shared": results})


def lines(made, **settings):
    return {point.what: str(point) for point in points(made, **settings)}


@pytest.fixture
def folder(tmp_path):
    for name in ("a_1", "a_2", "b_1"):
        write(tmp_path / "images" / f"{name}.png", GREY)
        write(tmp_path / "masks" / f"{name}.png", MASK)
    return tmp_path


def test_a_folder_is_counted_and_its_first_case_read(folder):
    found = lines(config(folder, patient="^(.)_"))
    assert found["dataset mine"].endswith("3 cases of 2 patients; the first, a_1, is 3 x 2 x 1, 33.3% marked")
    assert found["dataset mine"].startswith("ok ")
    assert re.match(r"ok    snakemake +9\.", found["snakemake"])
    assert re.match(r"(ok|warn) +disk +\d+ GB free", found["disk"])
    assert "weights net" not in found


def test_cases_that_are_not_whole_and_masks_that_cannot_be_read(folder):
    (folder / "masks" / "b_1.png").unlink()
    assert re.match(
        r"warn .*2 cases .*; 1 others are not whole, the first: missing mask", lines(config(folder))["dataset mine"]
    )
    write(folder / "masks" / "a_1.png", (MASK * 7).astype(np.uint8))
    assert re.match(
        r"fail +dataset mine +unknown label value: masks/a_1\.png holds 7", lines(config(folder))["dataset mine"]
    )
    assert re.match(r"fail .*there is no folder", lines(config(folder / "nowhere"))["dataset mine"])


def test_weights_that_are_there_too_short_wrong_or_to_be_fetched(folder):
    weights = {"url": "https://example.org/w.pth", "bytes": 3, "sha256": "0" * 64}
    made = config(folder, weights=weights)
    assert lines(made)["weights net"].endswith("will be downloaded, 0 MB")
    path = Path(made["results"], "weights", "net.pth")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"abc")
    assert re.match(r"ok .*net\.pth, 0 MB, sha256 known$", lines(made)["weights net"])
    assert re.match(r"fail .* is not the file it should be: expected sha256 000", lines(made, full=True)["weights net"])
    path.write_bytes(b"ab")
    assert re.match(r"fail .* has 2 bytes instead of 3", lines(made)["weights net"])
    path.unlink()
    by_hand = config(folder, weights={"home": "https://example.org", "instructions": "ask"})
    assert re.match(r"fail .*by hand from https://example\.org to", lines(by_hand)["weights net"])


def test_cards_are_named(folder, monkeypatch):
    rows = ["NVIDIA RTX A6000, 49140 MiB, 560.35.03", "NVIDIA RTX A6000, 49140 MiB, 560.35.03"]
    listed = "".join(f"GPU {number}: NVIDIA RTX A6000 (UUID: GPU-{number})\n" for number in range(2))
    pretend(monkeypatch, folder / "nvidia", listed, queried="\n".join(rows))
    found = lines(config(folder))["GPU"]
    assert f"{'; '.join(rows)}; PyTorch" in found
    assert found.endswith("; 2 jobs at a time, one on each")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert lines({**config(folder), "device": "cuda"})["GPU"].endswith("; CUDA_VISIBLE_DEVICES hides 2")


def test_a_driver_that_does_not_work_is_quoted(folder, monkeypatch):
    said = "Failed to initialize NVML: Driver/library version mismatch"
    pretend(monkeypatch, folder / "nvidia", said, queried=said, code=18)
    assert re.match(rf"warn +GPU +none; nvidia-smi says: {said}; on the processor", lines(config(folder))["GPU"])


def test_without_a_gpu_large_networks_are_said_to_be_slow(folder, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert re.match(r"warn +GPU +none; on the processor these are slow: net$", lines(config(folder))["GPU"])
    assert re.match(r"fail .*`device: cuda`$", lines({**config(folder), "device": "cuda"})["GPU"])
    small = folder / "small.pth"
    small.write_bytes(b"abc")
    assert re.match(r"ok +GPU +none$", lines(config(folder, weights={"path": str(small)}))["GPU"])


def test_the_command_ends_with_1_where_a_point_fails(folder, tmp_path):
    entry = {"source": {"kind": "folder", "path": str(folder)}, "tasks": {"lesion": [1]}}
    made = {"datasets": {"mine": entry}, "run": {"datasets": ["mine"], "methods": ["perfect"]}}
    file = tmp_path / "my.yaml"
    file.write_text(yaml.safe_dump(made))
    done = CliRunner().invoke(app, ["check", "-c", str(file)])
    assert done.exit_code == 0, done.output
    assert re.search(r"^ok +dataset mine +3 cases", done.output, re.MULTILINE)
    entry["source"]["path"] = str(folder / "nowhere")
    file.write_text(yaml.safe_dump(made))
    failed = CliRunner().invoke(app, ["check", "-c", str(file)])
    assert failed.exit_code == 1
    file.write_text("run: 3")
    assert isinstance(CliRunner().invoke(app, ["check", "-c", str(file)]).exception, PromptsegError)


def test_what_keeps_a_run_from_starting_is_said(folder):
    file = folder / "cases.csv"
    file.write_text("case,age\na_1,40\na_1,50\n")
    made = config(folder, metadata=str(file))
    assert not {"folders", "metadata"} & set(lines(config(folder)))
    assert lines(made)["metadata"].endswith("two rows for the case a_1, with age 40 and 50: keep one.")
    among = lines({**made, "results": str(folder / "images" / "out")})["folders"]
    assert re.match(r"fail +folders +results: .*/images/out lies among the files of the dataset mine, in ", among)
