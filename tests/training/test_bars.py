import math
import shutil

import pandas as pd
import pytest

from promptseg.analysis.summary import SUMMARY
from promptseg.core.tables import STRING, write_csv
from promptseg.training import bars


def summary():
    numbers = {
        ("box_fill", "mode4", 0): 0.60,
        ("box_ellipse", "mode4", 0): 0.65,
        ("sam_small", "mode4", 0): 0.70,
        ("click_disk", "mode1", 0): 0.28,
        ("region_growing", "mode1", 0): 0.39,
        ("sam_small", "mode1", 0): 0.38,
        ("random_walker", "iterative", 9): 0.64,
        **{
            (name, "iterative", step): 0.5 + step / 45
            for name in bars.CLICK_NETWORKS
            for step in (1, 3, 5, 9)
            if name != "ritm_small"
        },
    }
    rows = [
        {
            "level": "all",
            "method": method,
            "mode": mode,
            "step": step,
            "selection": "first",
            "protocol": "corrected" if mode == "iterative" else "",
            "iou_mean_tasks": value,
        }
        for (method, mode, step), value in numbers.items()
    ]
    rows.append({**rows[2], "selection": "oracle", "iou_mean_tasks": 0.75})
    rows.append({**rows[0], "level": "task", "iou_mean_tasks": 0.1})
    return pd.DataFrame(rows)


def test_bars_say_what_is_met_and_by_how_much():
    found = {bar.text: bar for bar in bars.bars(summary())}
    assert len(found) == 20
    assert found["sam_small, mode 4, first: above box_ellipse"].margin == pytest.approx(0.05)
    assert found["sam_small, mode 4, first: above box_ellipse"].met
    assert found["sam_small, mode 4: oracle above first"].met
    assert not found["sam_small, mode 1, first: above region_growing"].met
    assert found["simpleclick_small, 9 clicks: at least 0.70"].met  # exactly
    assert found["focalclick_small: 5 clicks above 3"].margin == pytest.approx(2 / 45)
    assert not found["ritm_small, 9 clicks: at least 0.70"].met  # not run
    assert math.isnan(found["ritm_small, 9 clicks: at least 0.70"].margin)


def test_the_command_of_the_bars_reads_a_results_folder(tmp_path, capsys):
    assert bars.main([str(tmp_path)]) == 2
    assert "Run the pipeline first" in capsys.readouterr().err
    (tmp_path / "tables").mkdir()
    words = [column.name for column in SUMMARY.columns if column.type == STRING]
    frame = summary().reindex(columns=SUMMARY.names).fillna(dict.fromkeys(words, "")).fillna(0)
    write_csv(tmp_path / "tables" / SUMMARY.name, frame, SUMMARY)
    assert bars.main([str(tmp_path)]) == 1
    shown = capsys.readouterr().out
    assert "+0.050  met" in shown
    assert "-0.010  NOT MET" in shown
    assert "not run" in shown
    shutil.rmtree(tmp_path / "tables")
