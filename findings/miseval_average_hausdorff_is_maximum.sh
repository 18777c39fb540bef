#!/usr/bin/env bash
# Package: miseval 1.3.0, metric AHD 'Average Hausdorff Distance' (against MedPy 0.5.2, numpy 2.4.6)
# Expected: an average of surface distances, close to MedPy's assd, and never above the plain Hausdorff distance of
#   the surfaces.
# Seen: the largest distance is returned: one stray pixel in an otherwise exact mask moves AHD from 0 to 28, assd only
#   to 0.38.
# Matters: AHD tables made with it cannot be compared with average distances of other evaluators.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
cd "$work"
venv/bin/pip install --quiet miseval==1.3.0 hausdorff==0.2.6 numpy==2.4.6 numba==0.68.1 MedPy==0.5.2
cat > look.py <<'PY'
import numpy as np
from medpy.metric.binary import assd, hd
from miseval import evaluate

truth = np.zeros((64, 64), int)
truth[10:20, 10:20] = 1
stray = truth.copy()
stray[47, 15] = 1
moved = np.roll(truth, 4, axis=0)
seen = {}
for case, prediction in (("exact", truth), ("one stray pixel", stray), ("moved by 4", moved)):
    seen[case] = float(evaluate(truth, prediction, metric="AHD")), assd(prediction, truth), hd(prediction, truth)
    print(case, "miseval AHD {:.3f}, MedPy assd {:.3f}, MedPy hd {:.3f}".format(*seen[case]))
assert seen["exact"][0] == 0.0
for case in ("one stray pixel", "moved by 4"):
    average_by_name, average, largest = seen[case]
    assert average_by_name == largest > 2 * average - 1e-9
assert seen["one stray pixel"][0] == 28.0
PY
venv/bin/python look.py
