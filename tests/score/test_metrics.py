"""The list of metrics: what an entry says holds for its function, and an entry is all that a new metric needs."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import promptseg
from promptseg.core import masks
from promptseg.score.compared import Tolerance
from promptseg.score.metrics import METRICS, _percentile
from promptseg.score.surfaces import Comparison

TRUTH = np.zeros((30, 40), bool)
TRUTH[5:15, 5:15] = True
# Better and better: nothing, far away, half of it, all of it.
PREDICTIONS = [
    masks.encode(mask) for mask in (np.zeros_like(TRUTH), np.roll(TRUTH, (12, 20), (0, 1)), np.roll(TRUTH, 5, 1), TRUTH)
]

# A metric is added before anything that goes through the list is imported.
NEW = """
import numpy as np
from promptseg.core import masks
from promptseg.core.tables import FLOAT, Column
from promptseg.score import metrics

sensitivity = Column("sensitivity", FLOAT, "share of the object that was found, 0 to 1")
metrics.METRICS += (metrics.Metric(sensitivity, "Sens.", "sensitivity", lambda masks: masks.common / masks.area),)

from promptseg.analysis.paper import paper_tables
from promptseg.analysis.readme import readme
from promptseg.analysis.statistics import statistics
from promptseg.analysis.summary import summary
from promptseg.analysis.sums import patient_sums
from promptseg.report.tables import means_table
from promptseg.score.scoring import score_masks
from promptseg.score.compared import Tolerance
from promptseg.score.tables import SCORES

truth = np.zeros((8, 8), bool)
truth[:4] = True
found = truth.copy()
found[0] = False
codes = [masks.encode(found)]
scores = {name: float(value[0]) for name, value in score_masks(codes, truth, None, Tolerance()).items()}
keys = dict(dataset="d", task="t", method="m", mode="mode1", step=0, selection="first", distance_unit="px", status="ok")
rows = [{"case_id": case, "image_id": case, "object_id": case, **keys, **scores} for case in ("a", "b")]
sums = patient_sums(rows)
means, measured = summary(sums), statistics(sums, 20)
print(SCORES.names[SCORES.names.index("hd95") + 1])
print(means["sensitivity_mean_patients"].tolist())
print(measured[["sensitivity", "sensitivity_ci_low"]].iloc[0].tolist())
print(paper_tables(measured, measured.assign(ours=np.nan), {}, {})[3].columns[-1])
print(means_table(means, {})["columns"][-4])
print(readme().count("share of the object that was found"), readme().count("mean sensitivity over patients"))
"""


def output(body: str) -> str:
    """What a fresh Python prints."""
    environment = {**os.environ, "PYTHONPATH": str(Path(promptseg.__file__).parents[1])}
    command = [sys.executable, "-c", body]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_direction_and_values_of_empty_masks(metric):
    values = metric.values(Comparison(PREDICTIONS, TRUTH, (2.0, 2.0), Tolerance()))
    order = np.diff(values if metric.higher_is_better else -values)
    assert (order >= 0).all()
    assert order[-1] > 0
    assert values[-1] == metric.agreed
    assert values[0] == (100 if metric.is_distance else 0)
    nothing = Comparison(PREDICTIONS[:1], np.zeros_like(TRUTH), None, Tolerance())
    assert metric.values(nothing).tolist() == [metric.agreed]


def test_a_new_metric_is_one_entry():
    assert output(NEW).splitlines() == [
        "sensitivity",
        "[0.75, 0.75, 0.75]",
        "[0.75, 0.75]",
        "Sens.",
        "Sens., tasks",
        "2 1",
    ]


def test_scoring_imports_no_network():
    assert output("import sys, promptseg.score.scoring; print(*{'torch', 'monai'} & set(sys.modules))").strip() == ""


@given(arrays(float, st.integers(1, 60), elements=st.floats(0, 1e4)))
def test_the_percentile_is_numpy_s(distances):
    assert _percentile(distances) == np.quantile(distances, 0.95)
