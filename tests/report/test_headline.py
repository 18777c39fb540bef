"""The table in the terminal."""

import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from promptseg.analysis.datasets import DATASETS
from promptseg.analysis.summary import SUMMARY
from promptseg.core.errors import PromptsegError
from promptseg.core.tables import read_csv, write_csv, write_table
from promptseg.report.headline import main_table
from promptseg.report.terminal import overview
from promptseg.score.tables import SCORES
from support import synthetic

SCRIPTS = Path(__file__).resolve().parents[2] / "workflow" / "scripts"


def test_table_in_the_terminal(results):
    folder, outputs = results
    table = main_table(read_csv(outputs["summary"], SUMMARY), synthetic.METHODS).set_index(["method", "mask"])
    assert table.loc[("Perfect", "first mask")].tolist() == ["17", *["1.000"] * 8]
    assert table.loc[("GrabCut", "first mask"), ["1", "2", "corrected, 9 clicks"]].tolist() == ["n/a"] * 3
    assert list(table.columns[-3:]) == ["corrected, 1 click", "corrected, 5 clicks", "corrected, 9 clicks"]
    printed = overview(folder)
    assert re.search(r"^SAM ViT-B +oracle +17( +0\.\d{3}){8}$", printed, re.MULTILINE)
    assert str(folder / "report" / "index.html") in printed
    assert "1 score rows of 1 images failed, the first with\nunreadable: truncated" in printed
    assert "Not all cases" not in printed
    assert len({line.rstrip()[-1] for line in printed.splitlines() if line.startswith("Perfect")}) == 1


def test_columns_of_other_numbers_of_clicks(results):
    heads = overview(results[0], [2, 7]).splitlines()[3]
    assert heads.split()[-4:] == ["2", "clicks", "7", "clicks"]


def test_cases_that_could_not_be_read_are_told_at_the_end(tmp_path):
    (tmp_path / "tables").mkdir()
    write_csv(tmp_path / "tables" / SUMMARY.name, pd.DataFrame(columns=SUMMARY.names), SUMMARY)
    write_table(tmp_path / "tables" / SCORES.name, [], SCORES)
    row = {"dataset": "blobs", "n_failed": 2, "status": "failed: 2 unreadable"}
    known = pd.DataFrame([row, {"dataset": "us", "status": "needs a token"}], columns=DATASETS.names).convert_dtypes()
    write_csv(tmp_path / "tables" / DATASETS.name, known, DATASETS)
    printed = overview(tmp_path)
    assert "Not all cases of blobs could be read: 2 unreadable\n(manifest.csv in its folder names them)" in printed
    assert "us" not in re.findall(r"cases of (\w+)", printed)


def test_missing_results_are_explained(tmp_path):
    with pytest.raises(PromptsegError, match="does not exist"):
        overview(tmp_path)


def test_the_former_name_of_the_command_still_shows_and_explains(tmp_path):
    command = [sys.executable, "-m", "promptseg.show", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=SCRIPTS, check=False)
    assert done.returncode == 1
    assert "does not exist. Run the pipeline first" in done.stderr


def test_a_click_that_nobody_made_is_not_called_one_that_a_method_does_not_take():
    common = {"level": "all", "selection": "first", "n_tasks": 1, "n_failed": 0}
    clicked = {**common, "mode": "iterative", "protocol": "corrected", "iou_mean_tasks": 0.5}
    rows = [{**clicked, "method": "sam", "step": step} for step in (1, 2)]
    rows += [{**clicked, "method": "box", "step": 0, "protocol": "", "iou_mean_tasks": None}]
    table = main_table(pd.DataFrame(rows)).set_index("method")
    assert table.loc["sam", ["corrected, 1 click", "corrected, 5 clicks"]].tolist() == ["0.500", "-"]
    assert table.loc["box", ["corrected, 1 click", "corrected, 5 clicks"]].tolist() == ["n/a", "-"]
