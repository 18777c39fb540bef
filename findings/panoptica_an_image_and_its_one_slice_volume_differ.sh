#!/usr/bin/env bash
# Package: panoptica 2.1.7, ConnectedComponentsInstanceApproximator on semantic masks (numpy 2.2.6)
# Expected: an image and the same image as a volume of one slice have equal components, as corners join in both (26
#   neighbours in 3-D, 8 in 2-D), so that detection scores agree.
# Seen: volumes are labelled with 26 neighbours, images by another library with 4: a diagonal line of four pixels is four
#   instances as an image and one as a volume. Against a prediction that misses one pixel, RQ is 0.857 as an image and 1
#   as a volume, PQ 0.857 and 0.75.
# Matters: lesion counts, RQ and PQ of slices are no smaller copies of those of volumes; evaluating a study slice by slice
#   gives other "lesions" than evaluating its volumes, and shape alone decides which.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
cd "$work"
venv/bin/pip install --quiet panoptica==2.1.7 numpy==2.2.6
cat > look.py <<'PY'
import numpy as np
from panoptica import (
    ConnectedComponentsInstanceApproximator,
    InputType,
    NaiveThresholdMatching,
    Panoptica_Evaluator,
)

truth = np.zeros((6, 6), np.uint8)
truth[range(1, 5), range(1, 5)] = 1
found = truth.copy()
found[4, 4] = 0
for name, shape, instances, rq, pq in (("image", (6, 6), 4, 6 / 7, 6 / 7), ("one slice", (1, 6, 6), 1, 1, 0.75)):
    evaluator = Panoptica_Evaluator(
        expected_input=InputType.SEMANTIC,
        instance_approximator=ConnectedComponentsInstanceApproximator(),
        instance_matcher=NaiveThresholdMatching(),
        log_times=False,
    )
    result = evaluator.evaluate(found.reshape(shape), truth.reshape(shape))["ungrouped"]
    print(f"{name}: instances {result.n_ref_instances}, RQ {result.rq:.3f}, PQ {result.pq:.3f}")
    assert result.n_ref_instances == instances
    assert np.allclose([result.rq, result.pq], [rq, pq])
PY
venv/bin/python look.py
