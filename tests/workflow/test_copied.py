"""Results that were copied or moved: what they were made of is known from their contents, whatever their times."""

import os
import shutil
import subprocess

import pytest

from promptseg.core.records import NAME
from support.projects import RUN, SLOW, Project

LIBRARY = "workflow/scripts/promptseg"


@pytest.fixture
def fresh(finished, tmp_path):
    """A new clone into which the results of a run were copied, with new times and without Snakemake's records."""
    project = Project.create(tmp_path / "fresh")
    (project.path / "slow.py").write_text(SLOW)
    project.configure(RUN)
    subprocess.run(["cp", "-r", str(finished.path / "results"), str(project.path)], check=True)
    return project


def test_nothing_is_planned(fresh):
    assert not fresh.planned()
    shutil.rmtree(fresh.path / ".snakemake")
    with (fresh.path / "data/blobs/masks/p0.png").open("ab") as stream:
        stream.write(b"\0")  # after the end of the picture
    fresh.planned("-n")
    jobs = fresh.planned()
    assert [jobs[name] for name in ("collect_files", "preprocess", "manifest", "score", "build_page")] == [
        1,
        1,
        1,
        2,
        1,
    ]


def test_code_of_another_version_reruns_what_it_made(fresh):
    """Although the file is older than all that was made with it."""
    file = fresh.path / LIBRARY / "figures" / "modes.py"
    file.write_text(file.read_text() + "\n# of another version\n")
    os.utime(file, (1e9, 1e9))
    jobs = fresh.planned()
    assert jobs == {"plot_modes": 1, "plot_modes_published": 1, "build_page": 1}
    assert fresh.planned() == jobs


def test_moved(finished, tmp_path):
    project = finished.clone(tmp_path / "moved")
    (project.path / "runs").mkdir()
    (project.path / "results").rename(project.path / "runs" / "b")
    project.configure({**RUN, "results": "runs/b"})
    assert not project.planned()


def test_other_parameters_are_seen(fresh):
    fresh.configure({**RUN, "metrics": {"bootstrap_resamples": 200}})
    jobs = fresh.planned()
    assert jobs["aggregate"] == 1
    assert not jobs["score"]


def test_half_a_copy(fresh):
    """A file that is cut short is made again, one that is missing as well, and nothing else that is whole."""
    (fresh.path / "results/figures/modes.pdf").write_bytes(b"%PDF")
    (fresh.path / "results/figures/contamination.png").unlink()
    assert fresh.planned() == {"plot_modes": 1, "plot_contamination": 1, "build_page": 1}


def test_damaged_records_are_no_obstacle(finished, tmp_path):
    project = finished.clone(tmp_path / "damaged")
    (project.path / "results" / NAME).write_bytes(b"\x1f\x8b damaged")
    assert not project.planned()  # Snakemake has its own
    project.run("results/prompts/blobs.parquet", "--forcerun", "prompts", "--until", "prompts")
    (project.path / ".snakemake").rename(tmp_path / "aside")
    jobs = project.planned("results/prompts/blobs.parquet")
    assert not jobs
