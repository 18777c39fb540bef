"""Captions beside the figures."""

from promptseg.analysis.datasets import DATASETS
from promptseg.figures.captions import plain, write_captions
from support.figures import METHODS, table

HEART = {"dataset": "heart", "title": "Heart (MRI)", "status": "ok", "n_images": 30, "n_cases": 1, "n_objects": 41}
CHEST = {"dataset": "chest", "title": "Chest", "status": "ok", "n_images": 8, "n_cases": 8, "n_objects": 1}
AWAY = {"dataset": "liver", "title": "Liver", "status": "needs a token", "n_images": None, "n_cases": None}


def test_captions_say_what_of_the_run_a_figure_shows(tmp_path):
    path = table(tmp_path / "d.csv", [HEART | {"licence": "CC0-1.0"}, CHEST, AWAY], DATASETS)
    names = ["modes", "modes_published", "examples_heart", "distributions_cut", "clicks_mean_corrected", "routes"]
    files = [tmp_path / f"{name}.md" for name in names]
    about = {"methods": METHODS, "protocols": {"corrected": {"title": "Corrective clicks"}}}
    write_captions(files, path, ["heart"], about, ["png", "svg"])
    modes, published, examples, distributions, clicks, routes = (file.read_text(encoding="utf-8") for file in files)
    heart = "* Heart (MRI): 30 images of 1 patient, 41 objects. Licence: CC0-1.0"
    chest = "* Chest: 8 images of 8 patients, 1 object. Licence: not stated"
    assert modes.startswith("# Five prompt modes, this run\n\nMean IoU over the images of each task, a panel for")
    assert (
        f"Data:\n\n{heart}\n{chest}\n\nNumbers: `tables/statistics.csv`\n\nFiles: `modes.png`, `modes.svg`\n" in modes
    )
    assert "Liver" not in modes
    assert "Mazurowski et al., Medical Image Analysis" in published
    assert heart not in published
    assert examples.startswith("# Examples: Heart (MRI)\n")
    assert (heart in examples, chest in examples) == (True, False)
    assert distributions.startswith("# IoU of single objects: Cut\n")
    assert clicks.startswith("# Clicks, mean over tasks, this run: Corrective clicks\n")
    assert (heart in routes, chest in routes) == (True, False)


def test_restructured_text_becomes_markdown_without_breaks_in_paragraphs():
    assert plain("One ``a.csv``\nline,\n**bold**.\n\nLimit: *b*.\n") == "One `a.csv` line, **bold**.\n\nLimit: *b*."
