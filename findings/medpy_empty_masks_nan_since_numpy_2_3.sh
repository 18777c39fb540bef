#!/usr/bin/env bash
# Package: MedPy 0.5.2 with numpy 2.2.6, then the same MedPy with numpy 2.4.6 (scipy 1.16.3)
# Expected: two empty masks have one Dice whatever numpy is installed: MedPy 0.5.2 catches the division by zero and
#   returns 1.
# Seen: count_nonzero of numpy 2.3 and later returns a NumPy integer instead of an int, whose division warns and gives
#   nan, and raises nothing to catch. dc turns from 1.0 into nan, precision from 0.0 into nan; jc, which casts first,
#   stays 1.0.
# Matters: slices and cases without an object: a cohort mean becomes nan, or with nanmean silently leaves them out.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
cd "$work"
venv/bin/pip install --quiet MedPy==0.5.2 numpy==2.2.6 scipy==1.16.3
cat > look.py <<'PY'
import sys
import warnings

import numpy as np
from medpy.metric.binary import dc, jc, precision

warnings.simplefilter("ignore")
empty = np.zeros((8, 8), bool)
values = {function.__name__: float(function(empty, empty)) for function in (dc, jc, precision)}
print("numpy", np.__version__, values, type(np.count_nonzero(empty)))
if sys.argv[1] == "first":
    assert values == {"dc": 1.0, "jc": 1.0, "precision": 0.0}
else:
    assert np.isnan(values["dc"]) and values["jc"] == 1.0 and np.isnan(values["precision"])
PY
venv/bin/python look.py first
venv/bin/pip install --quiet numpy==2.4.6
venv/bin/python look.py second
