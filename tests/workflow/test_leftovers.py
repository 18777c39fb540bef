"""What the default target asks for, and what an earlier configuration left behind."""

import copy
import re

from support.projects import RUN

FINAL = ("tables", "figures", "report")


def final_files(project):
    results = project.path / "results"
    return {
        str(path.relative_to(project.path))
        for folder in FINAL
        for path in (results / folder).rglob("*")
        if path.is_file()
    }


def test_all_asks_for_every_file_that_people_read(project):
    files = final_files(project)
    (project.path / "results/report/index.html").unlink()
    (project.path / "results/tables/README.md").unlink()
    (project.path / "results/figures/modes.pdf").unlink()
    text = project.run("-n")
    assert set(re.search(r"rule all:\n +input: (.*)", text)[1].split(", ")) == files | {"results/explorer"}  # a folder
    assert all(f"rule {name}:" in text for name in ("aggregate", "plot_modes", "build_page"))


def test_leftovers_of_another_configuration(project):
    before = final_files(project)
    assert "not of this configuration" not in project.run("-n")
    config = copy.deepcopy(RUN)
    config["run"] = {"datasets": ["blobs"], "methods": ["perfect"], "protocols": ["as_released"]}
    project.configure(config)
    (project.path / "results/figures/mine.png").touch()
    (project.path / "results/predictions/slow/.blobs.kept").touch()
    text = project.run("leftovers")
    found = set(re.findall(r"^results/.*", text, re.MULTILINE))
    assert f"{len(found)} files in results are not of this configuration" in text
    expected = {f"results/predictions/slow/{name}" for name in ("blobs.parquet", "stripes.throughput.json")}
    expected |= {"results/prompts/stripes.parquet", "results/scores/perfect/stripes.parquet"}
    expected |= {f"results/figures/{name}" for name in ("clicks_mean_corrected.pdf", "examples_stripes.png")}
    assert expected <= found
    assert "results/tables/trust.csv" in found  # of methods that are no controls
    others = {path for path in before if "trust" not in path and "risk_coverage" not in path}
    assert not found & {path for path in others if "/tables/" in path or "published" in path}
    assert all((project.path / path).is_file() for path in found)

    project.run("remove_leftovers")
    assert not any((project.path / path).exists() for path in found)
    assert not (project.path / "results/scores/slow").exists()
    kept = [
        "figures/mine.png",
        "predictions/slow/.blobs.kept",
        "datasets/stripes/images.parquet",
        "tables/scores.parquet",
    ]
    assert all((project.path / "results" / name).exists() for name in kept)
    assert "All results are of the current configuration." in project.run("leftovers")
