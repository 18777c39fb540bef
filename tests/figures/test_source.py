"""The line to beat, in all figures that show scores of methods."""

import pandas as pd
import pytest

from promptseg.analysis.statistics import STATISTICS
from promptseg.core.tables import read_csv, write_csv
from promptseg.figures import clicks, comparison, modalities, modes, source
from support import synthetic
from support.figures import legend, lines, visible

METHODS = {**synthetic.METHODS, "unet": {"title": "My U-Net", "reference": True}, "other": {"title": "Other"}}


def measured(statistics_file, folder, unasked=("unet",)):
    """The statistics of a run, and those of methods whose masks answer no prompt: IoU 0.5 with 0.4 to 0.6."""
    rows = read_csv(statistics_file, STATISTICS)
    one = rows[(rows["method"] == "sam_vit_b") & (rows["mode"] == "mode1") & (rows["selection"] == "first")]
    for name in unasked:
        own = one.assign(method=name, mode="automatic", iou=0.5, ci_low=0.4, ci_high=0.6)
        rows = pd.concat([rows, own], ignore_index=True)
    path = folder / "statistics.csv"
    write_csv(path, rows, STATISTICS)
    return source.measured(path, synthetic.DATASETS, METHODS, "corrected")


def test_it_is_drawn_across_the_clicks(statistics_file, tmp_path):
    run = measured(statistics_file, tmp_path)
    for figure in (clicks.draw_tasks(run), clicks.draw_mean(run)):
        for axis in visible(figure):
            assert lines(axis)["reference"][:, 1].tolist() == [0.5, 0.5]
            assert any(patch.get_bbox().y0 == pytest.approx(0.4) for patch in axis.patches)
        assert "My U-Net (reference)" in legend(figure)


@pytest.mark.parametrize("draw", [modes.draw, comparison.draw, modalities.draw])
def test_it_is_drawn_through_the_rows(statistics_file, tmp_path, draw):
    figure = draw(measured(statistics_file, tmp_path))
    assert "My U-Net (reference)" in legend(figure)
    assert "My U-Net" not in legend(figure)
    for axis in visible(figure):
        (drawn,) = [one for one in axis.collections if one.get_label() == "reference"]
        assert {x for segment in drawn.get_segments() for x in segment[:, 0]} == {0.5}
        assert len(drawn.get_segments()) == len(axis.get_yticks())


def test_other_masks_from_files_have_a_panel_of_their_own(statistics_file, tmp_path):
    run = measured(statistics_file, tmp_path, ("unet", "other"))
    titles = [axis.get_title(loc="left").replace("\n", " ") for axis in visible(modes.draw(run))]
    assert titles[-1] == "no prompt, masks from files"
    assert "masks from files" in [axis.get_title(loc="left") for axis in visible(modalities.draw(run))]


def test_a_run_without_one_has_no_line(statistics_file):
    run = source.measured(statistics_file, synthetic.DATASETS, METHODS, "corrected")
    assert run.reference is None
    assert "reference" not in str(legend(modes.draw(run)))
