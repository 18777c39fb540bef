#!/usr/bin/env bash
# Package: torch-uncertainty 0.13.0, metrics.classification.AURC (torch 2.14.1, torchmetrics 1.9.0, lightning 2.6.6)
# Expected: the area under the risk-coverage curve is a property of confidences and errors: it does not change when the
#   samples are handed over in another order, and equal confidences for all give the mean error, since nothing is told
#   apart. It is 1/N times the sum of the risks at k/N, as the documentation says.
# Seen: samples of equal confidence keep the order in which they came. Four samples of confidence 0.9, one of them wrong, give
#   0.486 if the wrong one comes first and 0.042 if it comes last, and never 0.25. The value is the trapezoid rule over
#   1/N to 1, divided by its width, and not the documented sum: three samples, the least confident one wrong, give
#   1/12 (which the documentation prints as well) instead of 1/9.
# Matters: networks that saturate (confidences of exactly 1.0), stability scores and agreements of masks tie often; data
#   sorted by class or difficulty then make a confidence look excellent or useless. Shuffling hides it behind a random
#   number. Average over the orders of ties, and name the estimator beside an AURC.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
cd "$work"
venv/bin/pip install --quiet torch==2.14.1 torchvision==0.29.1 torchmetrics==1.9.0 \
    lightning==2.6.6 "torch-uncertainty[cpu]==0.13.0"
cat > look.py <<'PY'
from importlib.metadata import version

import torch
from torch_uncertainty.metrics.classification import AURC


def aurc(confidences, wrong):
    metric, given = AURC(), torch.tensor(confidences)
    metric.update(torch.stack([given, 1 - given], 1), torch.tensor(wrong))  # class 0 is predicted, 1 is an error
    return metric.compute().item()


print("torch-uncertainty", version("torch-uncertainty"))
first, last = aurc([0.9] * 4, [1, 0, 0, 0]), aurc([0.9] * 4, [0, 0, 0, 1])
print(f"four samples of one confidence, one wrong, mean error 0.25: {first:.4f} if it comes first, {last:.4f} if last")
assert abs(first - 0.4861) < 1e-3 and abs(last - 0.0417) < 1e-3
three = aurc([0.8, 0.7, 0.6], [0, 0, 1])
print(f"three samples, the least confident one wrong: {three:.4f}; 1/3 (0 + 0 + 1/3) = {1 / 9:.4f}")
assert abs(three - 1 / 12) < 1e-4
PY
venv/bin/python look.py
