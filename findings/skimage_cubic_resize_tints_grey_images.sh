#!/usr/bin/env bash
# Package: scikit-image 0.26.0, transform.resize (numpy 2.2.6, scipy 1.16.3)
# Expected: three equal channels stay equal when an image is resized: each channel is resized in the same way.
# Seen: resize(grey repeated three times, (1024, 1024), order=3, preserve_range=True, anti_aliasing=True).astype(uint8),
#   the preparation of MedSAM, gives pixels in flat areas whose channels differ by one (1.1 % of all here): whole
#   numbers come out as 99.999... or 100.000..., by the channel, and the cast cuts them off. Resizing one channel and
#   repeating it gives other values again (1.9 %). Rounding before the cast makes the channels equal.
# Matters: networks for medical images that are fed grey pictures as colours get faint noise of colours, and a faster
#   port that resizes one channel does not reproduce them to the bit.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
cd "$work"
venv/bin/pip install --quiet scikit-image==0.26.0 numpy==2.2.6 scipy==1.16.3
cat > look.py <<'PY'
import numpy as np
from skimage.transform import resize

# Flat areas, as outside a body.
grey = np.kron(np.random.default_rng(0).integers(0, 256, (3, 4)), np.ones((80, 80))).astype(np.uint8)
how = {"order": 3, "preserve_range": True, "anti_aliasing": True}
floats = resize(np.repeat(grey[..., None], 3, axis=2), (1024, 1024, 3), **how)
cut, rounded = floats.astype(np.uint8), np.rint(floats).astype(np.uint8)
alone = resize(grey, (1024, 1024), **how).astype(np.uint8)


def share(image):
    return float((image != image[..., :1]).any(axis=2).mean())


print(f"channels apart before the cast: {np.ptp(floats, axis=2).max():.1e}")
print(f"pixels with unequal channels: cut off {share(cut):.1%}, rounded {share(rounded):.1%}")
print(f"pixels of the first channel that differ from the channel resized alone: {(cut[..., 0] != alone).mean():.1%}")
assert np.ptp(floats, axis=2).max() < 1e-9
assert share(cut) > 0.005 and share(rounded) == 0
assert (cut[..., 0] != alone).mean() > 0.01
PY
venv/bin/python look.py
