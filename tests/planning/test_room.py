"""Folders that cannot be written, and full disks, are found before jobs meet them, and named."""

import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from promptseg.core.errors import PromptsegError
from promptseg.planning.room import full_disk, require_writable
from promptseg.planning.run import reason


def test_folders_that_are_not_there_yet_are_made_in_those_that_are(tmp_path, monkeypatch):
    (tmp_path / "results").mkdir()
    asked = []
    monkeypatch.setattr(os, "access", lambda folder, mode: asked.append(folder) or True)
    require_writable([f"{tmp_path}/results/a/b.csv", f"{tmp_path}/results/c.csv", f"{tmp_path}/other/d.csv"])
    assert asked == [tmp_path, tmp_path / "results"]


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="no folder here in which nobody may write")
def test_what_the_system_says_is_tried(tmp_path, monkeypatch):
    """A network drive may say no where it takes files, and root may everything that is not read-only."""
    monkeypatch.setattr(os, "access", lambda *_: False)
    require_writable([f"{tmp_path}/a.csv"])
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(
        PromptsegError, match=r"^Nothing can be written in /proc \(.+\)\. Change that, or choose another"
    ):
        require_writable(["/proc/none/a.csv"])


def test_a_job_that_says_nothing_on_a_full_disk(tmp_path, monkeypatch):
    log = str(tmp_path / "logs" / "a.log")
    assert "often for lack of memory" in reason(log, "")
    assert reason(log, "Slurm refused the job: invalid partition.") == "Slurm refused the job: invalid partition."
    assert full_disk([tmp_path]) is None
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=5000))
    assert full_disk([tmp_path / "logs"]) == f"No disk space left in {tmp_path}. Free some space and run again."
    assert reason(log, "It failed.").startswith("No disk space left in ")
