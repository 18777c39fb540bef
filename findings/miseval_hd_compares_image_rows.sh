#!/usr/bin/env bash
# Package: miseval 1.3.0, metric HD (with hausdorff 0.2.6, numpy 2.4.6, numba 0.68.1)
# Expected: the Hausdorff distance in pixels between two masks: 7 for a disc that is moved by 7 rows.
# Seen: the rows of the mask array are taken as points with one coordinate per column. A move along the rows gives 0,
#   even without any overlap; a move along the columns gives the root of the number of pixels that differ between two
#   rows, here 3.61 = sqrt(13).
# Matters: HD is quoted in papers in pixels; here it is neither, and depends on the direction of the error.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
cd "$work"
venv/bin/pip install --quiet miseval==1.3.0 hausdorff==0.2.6 numpy==2.4.6 numba==0.68.1
cat > look.py <<'PY'
import numpy as np
from miseval import evaluate

rows, columns = np.indices((64, 64))
truth = ((rows - 20) ** 2 + (columns - 20) ** 2 <= 36).astype(int)
seen = {}
for case, shift, axis in (("7 rows down", 7, 0), ("30 rows down", 30, 0), ("7 columns right", 7, 1)):
    moved = np.roll(truth, shift, axis=axis)
    seen[case] = float(evaluate(truth, moved, metric="HD"))
    print(f"{case}: HD {seen[case]:.4f}, overlap {int((truth & moved).sum())} of {int(truth.sum())} pixels")
assert seen["7 rows down"] == 0.0
assert seen["30 rows down"] == 0.0
apart = np.sqrt(((truth[:, None] - moved[None]) ** 2).sum(axis=2))  # of each row from each row, 64 numbers long
assert abs(seen["7 columns right"] - max(apart.min(axis=0).max(), apart.min(axis=1).max())) < 1e-9
assert abs(seen["7 columns right"] - np.sqrt(13)) < 1e-9
PY
venv/bin/python look.py
