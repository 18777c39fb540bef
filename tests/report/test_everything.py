"""What the page says of the mode `everything`."""

import pandas as pd

from promptseg.analysis.everything import EVERYTHING_MEANS
from promptseg.core.tables import write_csv
from promptseg.report.page import Run, build_page
from support import synthetic

GRID = {"pred_iou_thresh": 0.88, "stability_score_thresh": 0.95}
ROW = {"level": "all", "dataset": "", "task": "", "n_tasks": 2, "n_objects": 30, "n_patients": 9, "provenance": ""}


def test_page_says_which_methods_found_nothing_and_what_to_change(results, tmp_path):
    tables = results[1]
    rows = [
        ROW
        | {"method": "sam_vit_b", "iou": 0.0, "masks_per_image": 0.0, "n_images": 112, "n_images_without_masks": 112},
        ROW | {"method": "perfect", "iou": 0.75, "masks_per_image": 3.0, "n_images": 112, "n_images_without_masks": 0},
    ]
    frame = pd.DataFrame(rows).reindex(columns=EVERYTHING_MEANS.names)
    write_csv(tmp_path / "everything.csv", frame, EVERYTHING_MEANS)
    run = Run("Run", {}, synthetic.DATASETS, synthetic.METHODS, {}, GRID)
    build_page({**tables, "everything": tmp_path / "everything.csv"}, [], tmp_path / "index.html", run)
    above, below = (tmp_path / "index.html").read_text().split('id="results"')[1].split("<table", 1)
    assert "<b>SAM ViT-B</b>: The mode everything found no mask in any of 112 images." in above
    assert "0.88 (`everything: pred_iou_thresh`)" in above
    assert above.count("found no mask") == 1
    table = below.split("<h3>Without a prompt</h3>")[1].split("</table>")[0]
    assert ">3.0</td>" in table
    assert table.count(">112</td>") == 3
