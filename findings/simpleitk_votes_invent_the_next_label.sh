#!/usr/bin/env bash
# Package: SimpleITK 2.5.7, LabelVoting and MultiLabelSTAPLE (numpy 2.4.6)
# Expected: a consensus of raters holds the labels that raters drew, with undecided pixels left out (0) or a label that
#   cannot be taken for one of theirs. Two raters of one organ: the pixels of both, at most 0 and 1.
# Seen: undecided pixels get the largest label that occurs, plus one, so with two raters every disagreement is label 2
#   and 'consensus > 0' is the union. Where three raters say 1, 2 and 0 in a case that has organs 1 to 3 the vote is 4:
#   an organ that no rater drew, and the next class of the dataset if it has one. The label changes from case to case
#   with the largest label in it. The manual names the rule (SetLabelForUndecidedPixels), a result does not show it.
# Matters: multi-rater truth: volumes too large in the direction of the union, false voxels of another organ, and Dice
#   of a class that nobody annotated.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
cd "$work"
venv/bin/pip install --quiet SimpleITK==2.5.7 numpy==2.4.6
cat > look.py <<'PY'
import numpy as np
import SimpleITK as sitk


def counts(image):
    values, numbers = np.unique(sitk.GetArrayFromImage(image), return_counts=True)
    return dict(zip(values.tolist(), numbers.tolist(), strict=True))


def drawn(*boxes):
    mask = np.zeros((20, 20), np.uint8)
    for label, rows in boxes:
        mask[rows, 2:12] = label
    return sitk.GetImageFromArray(mask)


two = [drawn((1, slice(2, 12))), drawn((1, slice(5, 15)))]
three = [
    drawn((1, slice(2, 7)), (3, slice(10, 15))),
    drawn((2, slice(2, 7)), (3, slice(10, 15))),
    drawn((3, slice(10, 15))),
]
seen = {
    "two raters, vote": counts(sitk.LabelVoting(two)),
    "three raters, vote": counts(sitk.LabelVoting(three)),
    "three raters, STAPLE": counts(sitk.MultiLabelSTAPLE(three)),
    "three raters, vote, undecided 0": counts(sitk.LabelVoting(three, 0)),
}
for case, values in seen.items():
    print(case, values)
assert seen["two raters, vote"] == {0: 270, 1: 70, 2: 60}
assert seen["three raters, vote"] == seen["three raters, STAPLE"] == {0: 300, 3: 50, 4: 50}
assert seen["three raters, vote, undecided 0"] == {0: 350, 3: 50}
PY
venv/bin/python look.py
