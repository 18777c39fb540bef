#!/usr/bin/env bash
# Package: seg-metrics 1.2.8 (with numpy 2.4.6, SimpleITK 2.5.7)
# Expected: an object that the prediction misses altogether has no Hausdorff distance: nan, inf, or an error.
# Seen: hd, hd95 and msd are all 0.0, the best value there is, while Dice is 0; the same for an object predicted where
#   there is none.
# Matters: every missed lesion pulls the mean HD95 of a cohort towards perfect, and a ranking by HD95 rewards empty
#   masks.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
cd "$work"
venv/bin/pip install --quiet seg-metrics==1.2.8 numpy==2.4.6 SimpleITK==2.5.7 pandas==2.3.3
cat > look.py <<'PY'
import numpy as np
from seg_metrics.seg_metrics import write_metrics

lesion = np.zeros((20, 20, 20), int)
lesion[5:12, 5:12, 5:12] = 1
nothing = np.zeros_like(lesion)
shifted = np.roll(lesion, 3, axis=0)
names = ["dice", "hd", "hd95", "msd"]
seen = {}
cases = {"missed": (lesion, nothing), "false alarm": (nothing, lesion), "shifted": (lesion, shifted)}
for case, (truth, prediction) in cases.items():
    row = write_metrics(labels=[1], gdth_img=truth, pred_img=prediction, metrics=list(names))[0]
    seen[case] = {name: float(row[name][0]) for name in names}
    print(case, seen[case])
assert seen["missed"] == dict.fromkeys(names, 0.0)
assert seen["false alarm"] == dict.fromkeys(names, 0.0)
assert seen["shifted"]["hd"] == 3.0
PY
venv/bin/python look.py
