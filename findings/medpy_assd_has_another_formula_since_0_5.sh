#!/usr/bin/env bash
# Package: MedPy 0.4.0 (numpy 1.23.5, scipy 1.10.1), then MedPy 0.5.2 (numpy 2.4.6, scipy 1.17.1)
# Expected: assd of the same two masks is the same number in both releases, and the mean of asd in the two directions:
#   the notes of 0.4.0 say that it is obtained by calling asd both ways and averaging.
# Seen: 0.4.0 returns that mean of two means. 0.5.2 pools the distances of both surfaces and takes one mean, so the
#   larger surface counts more: 1.75 instead of 1.38 for an over-segmentation, 7.01 instead of 5.26 for a false blob of
#   the same size. asd itself is unchanged, and masks with surfaces of one size (a shift) show no difference.
# Matters: ASSD in papers and baselines computed with the release of 2019 against today's: a third worse for the same
#   masks, and 'assd = (asd + asd) / 2' no longer holds in a check.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/old"
python3 -m venv "$work/new"
cd "$work"
old/bin/pip install --quiet MedPy==0.4.0 numpy==1.23.5 scipy==1.10.1
new/bin/pip install --quiet MedPy==0.5.2 numpy==2.4.6 scipy==1.17.1
cat > look.py <<'PY'
import sys
import warnings

import numpy as np

warnings.simplefilter("ignore")
from medpy.metric.binary import asd, assd


def box(*slices):
    mask = np.zeros((30, 30, 30), bool)
    mask[slices] = True
    return mask


side = slice(5, 12)
truth = box(side, side, side)
cases = {
    "too long": (box(side, side, slice(5, 20)), 1.3778, 1.75),
    "half missed": (box(side, side, slice(5, 8)), 0.9192, 1.1),
    "false blob": (truth | box(slice(20, 27), slice(20, 27), slice(20, 27)), 5.2579, 7.0106),
    "shifted": (box(slice(7, 14), side, side), 0.7156, 0.7156),
}
release = sys.argv[1]
for case, (prediction, mean_of_means, pooled) in cases.items():
    both = asd(prediction, truth), asd(truth, prediction)
    seen = assd(prediction, truth)
    print(f"MedPy {release} {case}: assd {seen:.4f}, mean of asd {both[0]:.4f} and {both[1]:.4f}: {np.mean(both):.4f}")
    assert abs(np.mean(both) - mean_of_means) < 1e-4
    assert abs(seen - (mean_of_means if release == "0.4.0" else pooled)) < 1e-4
PY
old/bin/python look.py 0.4.0
new/bin/python look.py 0.5.2
