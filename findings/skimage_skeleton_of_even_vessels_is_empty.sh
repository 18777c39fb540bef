#!/usr/bin/env bash
# Package: scikit-image 0.26.0, skeletonize of volumes, and clDice of panoptica 2.1.7 (numpy 2.2.6, scipy 1.16.3)
# Expected: a line through every object. The manual: thinning reduces each connected component to a skeleton of single
#   voxels; Lee's method, the one for 3-D, keeps topology. So nothing that is there can vanish.
# Seen: straight vessels of 2 x 2, 4 x 4 or 6 x 6 voxels, and round ones centred between voxels, have an EMPTY skeleton
#   (0 voxels), 3 x 3 and 5 x 5 have one. Reported in 2019 and still so. panoptica's clDice of a 4 x 4 vessel with
#   itself is nan; beside a 3 x 3 vessel it just does not count: a prediction that misses it gets clDice 1.0 (Dice
#   0.53).
# Matters: clDice, tree lengths and branch counts of vessels, airways and nerves in volumes: thin ones are two voxels
#   wide. In 2-D images the same vessel keeps its skeleton.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
cd "$work"
venv/bin/pip install --quiet scikit-image==0.26.0 panoptica==2.1.7 numpy==2.2.6 scipy==1.16.3
cat > look.py <<'PY'
import warnings

warnings.simplefilter("ignore")
import numpy as np
from panoptica import Metric
from skimage.morphology import skeletonize


def vessel(width, start=20):
    volume = np.zeros((40, 60, 60), np.uint8)
    volume[5:35, start : start + width, start : start + width] = 1
    return volume


lengths = {width: int(skeletonize(vessel(width) > 0).sum()) for width in range(1, 8)}
print("30 voxels long, skeleton by width:", lengths)
rows, columns = np.indices((40, 60, 60))[1:]
along = np.isin(np.indices((40, 60, 60))[0], range(5, 35))
rounds = {}
for centre in (20, 20.5):
    disc = (rows - centre) ** 2 + (columns - centre) ** 2 <= 3**2
    rounds[centre] = int(skeletonize(disc & along).sum())
print("radius 3, skeleton by centre:", rounds)
flat = vessel(4).max(axis=2)
print("4 wide in 2-D:", int(skeletonize(flat > 0).sum()))
tree, found = vessel(3) + vessel(4, start=40), vessel(3)
dice = 2 * (tree & found).sum() / (tree.sum() + found.sum())
alone = Metric.clDSC(reference_arr=vessel(4), prediction_arr=vessel(4))
missed = Metric.clDSC(reference_arr=tree, prediction_arr=found)
print(f"clDice of a 4 x 4 vessel with itself {alone}; of two vessels, the larger one missed, {missed}, Dice {dice:.2f}")
assert all(lengths[width] == 0 for width in (2, 4, 6)) and all(lengths[width] > 20 for width in (1, 3, 5, 7))
assert rounds[20] > 20 and rounds[20.5] == 0
assert skeletonize(flat > 0).sum() > 20
assert np.isnan(alone) and missed == 1.0 and round(dice, 2) == 0.53
PY
venv/bin/python look.py
