"""What the server of tests/download/conftest.py holds."""

import hashlib
import random

from promptseg.core.checksums import Checksum

DATA = random.Random(0).randbytes(3_000_000)  # at /data.bin
DATA_SHA256 = Checksum("sha256", hashlib.sha256(DATA).hexdigest())
OTHER = random.Random(1).randbytes(3_000_000)
WEIGHTS = b"weights"  # at /w.pth
WEIGHTS_SHA256 = hashlib.sha256(WEIGHTS).hexdigest()
