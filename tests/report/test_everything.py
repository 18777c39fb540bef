"""What the page says of the mode `everything`."""

from promptseg.report.everything import everything_notes, everything_table
from support import synthetic
from support.reports import GRID, everything


def test_methods_that_found_nothing_are_named_with_what_to_change():
    assert everything_notes(everything(), GRID, synthetic.METHODS) == {
        "SAM ViT-B": "The mode everything found no mask in any of 112 images. It keeps masks whose predicted IoU is "
        "above 0.88 (`everything: pred_iou_thresh`) and whose stability is at least 0.95 (`everything: "
        "stability_score_thresh`). Lower thresholds in the configuration keep more; 0 keeps all."
    }


def test_a_row_for_each_method():
    table = everything_table(everything(), synthetic.METHODS)
    assert table["columns"] == [
        *("method", "objects", "IoU", "found at IoU 0.50", "found at IoU 0.75", "found at IoU 0.90"),
        *("masks per image", "images", "without masks"),
    ]
    assert table["rows"] == [
        ["Perfect", "30", "0.750", "", "", "", "3.0", "112", "0"],
        ["SAM ViT-B", "30", "0.000", "", "", "", "0.0", "112", "112"],
    ]
