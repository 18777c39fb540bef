#!/usr/bin/env bash
# Package: surface-distance 0.1 with numpy 2.4.6 (scipy 1.17.1)
# Expected: an object that was missed has infinite surface distances, as the docstrings say: Hausdorff inf, surface
#   Dice 0.
# Seen: AttributeError, because the code asks for `np.Inf`, which NumPy 2 no longer has. Nothing bounds NumPy, so that the
#   package installs and works until the first case whose mask is empty. The overlap functions give their values.
# Matters: an evaluation of hundreds of cases ends at the first object that a method misses.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q surface-distance==0.1 numpy==2.4.6 scipy==1.17.1
"$work/venv/bin/python" - <<'PY'
import warnings

import numpy as np

warnings.simplefilter("ignore", DeprecationWarning)
import surface_distance as sd

cube = np.zeros((6, 8, 8), bool)
cube[2:4, 2:6, 2:6] = True
nothing = np.zeros_like(cube)
spacing = (3.0, 1.0, 1.0)


def result(compute):
    try:
        return compute()
    except AttributeError as error:
        return f"AttributeError: {str(error).splitlines()[0]}"


shifted = np.roll(cube, 1, axis=2)
found = sd.compute_surface_distances(cube, shifted, spacing)
print("found:   Hausdorff", sd.compute_robust_hausdorff(found, 100), " surface Dice", sd.compute_surface_dice_at_tolerance(found, 1))
missed = result(lambda: sd.compute_surface_distances(cube, nothing, spacing))
print("missed: ", missed)
both = sd.compute_surface_distances(nothing, nothing, spacing)
print("nothing to find: ", result(lambda: sd.compute_robust_hausdorff(both, 95)))
print("Dice of a missed object:", sd.compute_dice_coefficient(cube, nothing))
assert sd.compute_robust_hausdorff(found, 100) == 1.0
assert isinstance(missed, str) and "`np.Inf` was removed" in missed
assert "`np.Inf` was removed" in result(lambda: sd.compute_robust_hausdorff(both, 95))
PY
