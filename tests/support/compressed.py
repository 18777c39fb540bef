"""Pixels in compressions that no package of the tests can write, in base64.

JPEG lossless by every predictor (selection value) and lossy JPEG of 12 bits: by dcmcjpeg of DCMTK 3.6.7, with
`+el +sv 1` to `+sv 7` and with `+ee`. High-throughput JPEG 2000: by imagecodecs 2026.3.6, `htj2k_encode(pixels,
reversible=True)`.
"""

import base64
from pathlib import Path

import numpy as np
import pydicom
from pydicom.encaps import encapsulate
from pydicom.uid import UID, JPEGLossless, JPEGLosslessSV1

from support.dicoms import save_slice

_ROWS, _COLUMNS = np.mgrid[:7, :9]
UNSIGNED = (_COLUMNS * 37 + _ROWS * 101 + _COLUMNS * _ROWS * 13) % 4096  # of 12 bits
SIGNED = UNSIGNED * 16 - 32768  # of 16 bits

LOSSLESS = {
    "unsigned 1": (
        "/9j/4AAQSkZJRgABAQAAAQABAAD/wwALEAAHAAkBAREA/8QAFgABAQEAAAAAAAAAAAAAAAAABwYQ/9oACAEBAAEAANS0tLS0tLS0"
        "rLZWVlZWVlZWTLf39/f39/f37KmJiYmJiYmJjKsrKysrKysrLKzMzMzMzMzMzK5ubm5ubm5uf//Z"
    ),
    "unsigned 2": (
        "/9j/4AAQSkZJRgABAQAAAQABAAD/wwALEAAHAAkBAREA/8QAFwABAQEBAAAAAAAAAAAAAAAACAcGEP/aAAgBAQACAADtLpdLpdLp"
        "dLpbLcr+jEyplmwGbZblf0YmVMs2AzbLcr+jEyplmwGbZblf0YmVMs2AzbLcr+jEyplmwGbZblf0YmVMs2Azf///2Q=="
    ),
    "unsigned 3": (
        "/9j/4AAQSkZJRgABAQAAAQABAAD/wwALEAAHAAkBAREA/8QAGAABAQEBAQAAAAAAAAAAAAAACAkGBxD/2gAIAQEAAwAA9pdLpdLp"
        "dLpdL2VLqRYr5lthyvLsqkWK+ZbYcryf/ZVivmW2HK8n/Qzsq+ZbYcryf9DKM9lZbYcryf8AQyjNJuythyvJ/wBDKM0mpn//2Q=="
    ),
    "unsigned 4": (
        "/9j/4AAQSkZJRgABAQAAAQABAAD/wwALEAAHAAkBAREA/8QAFwABAQEBAAAAAAAAAAAAAAAABAYHEP/aAAgBAQAEAADqWlpaWlpa"
        "Wl2VrWta1rdla1rWta3ZWta1rWt2VrWta1rdla1rWta3ZWta1rWt/9k="
    ),
    "unsigned 5": (
        "/9j/4AAQSkZJRgABAQAAAQABAAD/wwALEAAHAAkBAREA/8QAFgABAQEAAAAAAAAAAAAAAAAABgcQ/9oACAEBAAUAAMlSpUqVKlS2"
        "VAgQIECBAgsqZMmTJkyZNZVq1atWrVq2ys2bNmzZs2dldOnTp06dOrLQKBQKBQKBQKB//9k="
    ),
    "unsigned 6": (
        "/9j/4AAQSkZJRgABAQAAAQABAAD/wwALEAAHAAkBAREA/8QAFgABAQEAAAAAAAAAAAAAAAAABwYQ/9oACAEBAAYAANS0tLS0tLS0"
        "rKgIyaprTAztrKgIyaprTAztrKgIyaprTAztrKgIyaprTAztrKgIyaprTAztrKgIyaprTAztv//Z"
    ),
    "unsigned 7": (
        "/9j/4AAQSkZJRgABAQAAAQABAAD/wwALEAAHAAkBAREA/8QAFwABAQEBAAAAAAAAAAAAAAAABwgGEP/aAAgBAQAHAADtLpdLpdLp"
        "dLpWVSWV9mbHN5oBlWV9mbHN5oChmVfZmxzeaAoajWVmbHN5oChqNpNlbHN5oChqNpOmmVzeaAoajaTpqoP//9k="
    ),
    "signed 1": (
        "/9j/4AAQSkZJRgABAQAAAQABAAD/wwALEAAHAAkBAREA/8QAFgABAQEAAAAAAAAAAAAAAAAACwoA/9oACAEBAAEAANShShShShSh"
        "ShShSgyhZBZBZBZBZBZBZBZAyhfhfhfhfhfhfhfhfgygmAmAmAmAmAmAmAmAygsgsgsgsgsgsgsgsgygzAzAzAzAzAzAzAzAyg5g"
        "5g5g5g5g5g5g5h///9k="
    ),
    "signed 7": (
        "/9j/4AAQSkZJRgABAQAAAQABAAD/wwALEAAHAAkBAREA/8QAFwABAQEBAAAAAAAAAAAAAAAACwwKAP/aAAgBAQAHAADtKGlDShpQ"
        "0oaUNKGlBlBSBYhfBlhsByh5B/hlBYhfBlhsByh5B/ihgZQXwZYbAcoeQf4oYKMhlBlhsByh5B/ihgoyKTBlBsByh5B/ihgoyKTC"
        "mYZQcoeQf4oYKMikwpmKgD///9k="
    ),
}
EXTENDED = (
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4RDgsLEBYQERMU"
    "FRUVDA8XGBYUGBIUFRT/wQALDAAHAAkBAREA/8QAFQABAQAAAAAAAAAAAAAAAAAACgv/xAAnEAAAAQgLAAAAAAAAAAAAAAASAAIE"
    "BQcIFBUJCwwRFxwxV2GV0//aAAgBAQAAPwBKVUe2Zdd/p88GJ0zhmydOoMUemq828YdRH8leVyUI6Zs2xjslT6F//9k="
)
HTJ2K = (
    "/0//UQApQAAAAAAJAAAABwAAAAAAAAAAAAAACQAAAAcAAAAAAAAAAAABDwEB/1AACAACAAAACv9SAAwAAgABAAUEBEAB/1wAEyCI"
    "kJCQkJCQkJCQkJCQiIiI/2QAFwABT3BlbkpQSCBWZXIgMC4yNi4zLv+QAAoAAAAAADwAAf+TwAAmJfwFB3QAAMAAEwAi/AKHdACg"
    "AAnAjKP5AKI0AKAACqCSiZH5ABCAd1YAAP/Z"
)


def save_compressed(path: Path, stream: str, syntax: UID, signed: bool = False) -> Path:
    """One slice of 9 x 7 pixels whose frame is this stream, with slope 1 and intercept 0."""
    bits = 16 if signed else 12
    tags = {"BitsStored": bits, "HighBit": bits - 1, "PixelRepresentation": int(signed)}
    save_slice(path, UNSIGNED, 0, "1.2.3", RescaleSlope=1, RescaleIntercept=0, **tags)
    dataset = pydicom.dcmread(path)
    dataset.PixelData = encapsulate([base64.b64decode(stream)])
    dataset["PixelData"].VR = "OB"
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.save_as(path)
    return path


def save_lossless(path: Path, name: str) -> Path:
    """One of `LOSSLESS`."""
    syntax = JPEGLosslessSV1 if name.endswith("1") else JPEGLossless
    return save_compressed(path, LOSSLESS[name], syntax, name.startswith("signed"))
