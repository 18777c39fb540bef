"""What all routes over slices cost for the three tumours of the quickstart whose ends lie inside, in s of one core.

python tests/benchmarks/volume_routes.py RESULTS

RESULTS is a folder of results whose datasets lung_tumour_ct and lesions_mri have `volumes`, of the cases lung2, and
brain1 and brain2. Encodings are counted per slice that a question was about.
"""

import sys
import tempfile
import time
from pathlib import Path

import torch
from tabulate import tabulate

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "workflow" / "scripts")]

from promptseg.methods import Method, Settings  # noqa: E402
from promptseg.methods.ritm import Ritm  # noqa: E402
from promptseg.methods.sam import Sam  # noqa: E402
from promptseg.predict.failures import Failures  # noqa: E402
from promptseg.volumes.data.stack import stream_volumes  # noqa: E402
from promptseg.volumes.routes.loading import parts_of  # noqa: E402
from promptseg.volumes.routes.run import VolumeRun, predict_volumes  # noqa: E402
from promptseg.volumes.routes.settings import VolumeSettings  # noqa: E402

SHIPPED = ROOT / "resources" / "quickstart"
TASKS = {"lung_tumour_ct": {"tumour": [1]}, "lesions_mri": {"brain_tumour": [1], "breast_lesion": [2]}}
SMALL = {"flip": False, "target_size": 96, "skip_clicks": -1, "min_crop_size": 64}


def counted(method: Method, calls: list[int]) -> Method:
    """The method, which notes each call of `encode`."""
    encode = method.encode

    def noted(pixels):
        calls.append(1)
        return encode(pixels)

    method.encode = noted
    return method


def measured(method: Method, datasets: Path, name: str) -> list:
    """A row: method, dataset, objects, settings, s per object, encodings per slice."""
    calls: list[int] = []
    files = (datasets / name / f"{table}.parquet" for table in ("volumes", "volume_index", "volume_objects"))
    volumes = stream_volumes(*files, TASKS[name])
    asked, failures = VolumeSettings(), Failures(name, strict=True)
    (part,) = parts_of(name, counted(method, calls), asked, failures)
    slices: set = set()
    answer = part.answering.answer

    def noted(volume, jobs):
        found = answer(volume, jobs)
        slices.update((volume.volume_id, z) for one in found for z in one.slices)
        return found

    part.answering.answer = noted
    start = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        predict_volumes(volumes, VolumeRun([part], asked), failures, f"{folder}/masks.parquet", f"{folder}/s.parquet")
    seconds, objects = time.process_time() - start, len(volumes.objects)
    kind = type(method).__name__
    return [kind, name, objects, len(part.settings), f"{seconds / objects:.1f}", f"{len(calls) / len(slices):.2f}"]


def main() -> None:
    """Print the table."""
    torch.set_num_threads(1)
    sam, ritm = Settings(variant="small", weights=SHIPPED / "sam_small.safetensors"), SHIPPED / "ritm_small.safetensors"
    rows = [
        measured(make(settings), Path(sys.argv[1]) / "datasets", name)
        for make, settings in ((Sam, sam), (Ritm, Settings(variant="small", weights=ritm, options=SMALL)))
        for name in TASKS
    ]
    head = ["method", "dataset", "objects", "settings", "s per object", "encodings per slice"]
    print(tabulate(rows, head, disable_numparse=True))


if __name__ == "__main__":
    main()
