#!/usr/bin/env bash
# Package: opencv-python-headless 5.0.0.93 (x86-64, whose wheel holds Intel's IPP), numpy 2.2.6
# Expected: distanceTransform(mask, DIST_L2, DIST_MASK_PRECISE) of one mask is one array, as for any function without
#   random numbers; pixels at equal distance have equal values.
# Seen: the last bits depend on where in memory input and output lie. One mask of 102 x 102 pixels, copied to other
#   addresses 300 times: two different arrays. The 5 x 5 approximation gives one, and so does the precise one after
#   cv2.ipp.setUseIPP(False).
# Matters: the clickers of RITM, SimpleClick and FocalClick click where this distance is largest (argmax), so of equally
#   deep pixels the memory allocator may choose, and all later clicks follow. Round the squared distances, which are
#   whole numbers, before comparing them.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
cd "$work"
venv/bin/pip install --quiet opencv-python-headless==5.0.0.93 numpy==2.2.6
cat > look.py <<'PY'
import cv2
import numpy as np

print("IPP in use:", cv2.ipp.useIPP(), cv2.ipp.getIppVersion())
rows, columns = np.ogrid[:102, :102]
mask = ((rows - 51) ** 2 + (columns - 51) ** 2 < 46**2) & ((rows - 30) ** 2 + (columns - 70) ** 2 >= 9)


def results(size):
    """All different distance maps of copies of the mask at 300 places in memory."""
    rng, kept, found = np.random.default_rng(3), [], set()
    for _ in range(300):
        kept.append(np.zeros(rng.integers(1, 5000), np.uint8))
        buffer, start = np.zeros(mask.size + 64, np.uint8), int(rng.integers(0, 64))
        copy = buffer[start : start + mask.size].reshape(mask.shape)
        copy[:] = mask
        distance = cv2.distanceTransform(copy, cv2.DIST_L2, size)
        kept.append(distance)
        found.add(distance.tobytes())
    return [np.frombuffer(one, np.float32).reshape(mask.shape) for one in found]


precise, approximate = results(cv2.DIST_MASK_PRECISE), results(cv2.DIST_MASK_5)
apart = max(float(np.abs(one - precise[0]).max()) for one in precise)
squares = {np.rint(one.astype(float) ** 2).tobytes() for one in precise}
print(f"different maps: precise {len(precise)} (up to {apart:.1e} apart), 5 x 5 {len(approximate)}")
print("rounded squares of the precise ones:", len(squares))
cv2.ipp.setUseIPP(False)
without = results(cv2.DIST_MASK_PRECISE)
print("precise without IPP:", len(without))
assert len(precise) > 1 and len(approximate) == len(squares) == len(without) == 1
PY
venv/bin/python look.py
