#!/usr/bin/env bash
# Package: numpy 2.4.6, argsort (and sort of structured values by it) with its default kind
# Expected: the order of equal values may be any, but the same program with the same versions gives the same order.
# Seen: it depends on the processor: with AVX2 or AVX-512 the largest of component sizes [8, 8, 1, 1] by argsort(...)[-1]
#   is the first component, without them the second; of 20 sizes between 1 and 5 other components in most draws.
# Matters: "largest component" by argsort(sizes)[-1], as in RadioActive 1796386 (get_n_largest_CCs): simulated users
#   click other components on other machines. kind="stable" gives the last of equals everywhere.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
cd "$work"
venv/bin/pip install --quiet numpy==2.4.6
cat > look.py <<'PY'
import numpy as np

random = np.random.RandomState(0)
many = [random.randint(1, 6, 20) for _ in range(1000)]
print(np.argsort([8, 8, 1, 1]).tolist(), [int(np.argsort(sizes)[-1]) for sizes in many])
PY
cat > compare.py <<'PY'
from ast import literal_eval
from pathlib import Path

fast, plain = (literal_eval(Path(name).read_text().strip().replace("] [", "], [")) for name in ("fast", "plain"))
print("with and without vector instructions:", fast[0], plain[0])
differ = sum(a != b for a, b in zip(fast[1], plain[1]))
print(f"another largest component in {differ} of 1000 draws")
assert fast[0] == [3, 2, 1, 0] and plain[0] == [2, 3, 0, 1] and differ > 500
PY
venv/bin/python look.py > fast  # on a processor with AVX2 or AVX-512
NPY_DISABLE_CPU_FEATURES="X86_V3 X86_V4 AVX512_ICL AVX512_SPR" venv/bin/python -W ignore look.py > plain
venv/bin/python compare.py
