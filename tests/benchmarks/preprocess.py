"""Slices of CT volumes that preprocessing makes per second, against the plain way to do it, and what memory it takes.

PYTHONPATH=workflow/scripts python tests/benchmarks/preprocess.py --cases 4 --slices 120

Every slice of 512 x 512 holds an object, is windowed, and is written with its label map and one row of objects;
`volumes` are the tables of volumes, with objects over all slices. Seconds are CPU seconds of one process. Each
measurement is a fresh process; the cases are one volume under several names.
"""

import argparse
import hashlib
import io
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from PIL import Image
from scipy.ndimage import gaussian_filter

from promptseg.core.masks import count_components, tight_box
from promptseg.core.tables import write_table
from promptseg.preprocess.build import build
from promptseg.preprocess.tables import IMAGES, OBJECTS
from promptseg.volumes.data.build import build_volumes

LOW, HIGH = -160, 240
ENTRY = {
    "cases": [{"image": "images/{case}.nii.gz", "labels": "labels/{case}.nii.gz"}],
    "axis": "axial",
    "intensity": {"kind": "window", "low": LOW, "high": HIGH},
    "sampling": "all",
    "tasks": {"organ": [1]},
    "other_labels": [],
}


def write_volume(folder: Path, slices: int) -> None:
    """A body of smooth tissue with a scanner's noise in air, and an organ in it."""
    rng = np.random.default_rng(0)
    tissue = gaussian_filter(rng.normal(0, 1, (512, 512, slices)), (12, 12, 2))
    x, y = np.mgrid[:512, :512]
    body = ((x - 256) / 220) ** 2 + ((y - 256) / 170) ** 2 < 1
    values = np.where(body[:, :, None], tissue / tissue.std() * 60 + 40, -1000) + rng.normal(0, 12, tissue.shape)
    organ = (gaussian_filter(tissue, 3) > 0) & (((x - 200) / 90) ** 2 + ((y - 230) / 70) ** 2 < 1)[:, :, None]
    organ[180:220, 220:240] = True
    affine = np.diag([-0.8, -0.8, 2.5, 1.0])
    nib.save(nib.Nifti1Image(np.rint(values).astype(np.int16), affine), folder / "image.nii.gz")
    nib.save(nib.Nifti1Image(organ.astype(np.uint8), affine), folder / "label.nii.gz")


def list_files(folder: Path, cases: int) -> Path:
    """The volume as so many cases."""
    names = [(f"{kind}s/case{index:05d}.nii.gz", kind) for index in range(cases) for kind in ("image", "label")]
    rows = [(name, folder / f"{kind}.nii.gz", 0, "0" * 64) for name, kind in names]
    path = folder / f"files{cases}.csv"
    pd.DataFrame(rows, columns=["name", "path", "bytes", "sha256"]).to_csv(path, index=False)
    return path


def plain(folder: Path, out: Path, cases: int) -> None:
    """What the usual libraries do when they are asked in the usual way: float64, libpng at its usual level."""
    images, objects = [], []
    for case in range(cases):
        volume = nib.as_closest_canonical(nib.load(folder / "image.nii.gz")).get_fdata()[::-1, ::-1]
        labels = np.asanyarray(nib.as_closest_canonical(nib.load(folder / "label.nii.gz")).dataobj)[::-1, ::-1]
        for index in range(volume.shape[2]):
            name = f"case{case:05d}_z{index:03d}"
            shifted = volume[:, :, index].T.clip(LOW, HIGH) - LOW
            pixels = (shifted / shifted.max() * 255).astype(np.uint8)
            label = np.ascontiguousarray(labels[:, :, index].T)
            mask = np.isin(label, [1])
            box = dict(zip(("bbox_x0", "bbox_y0", "bbox_x1", "bbox_y1"), tight_box(mask), strict=True))
            area = {"area": int(mask.sum()), "n_components": count_components(mask)}
            objects.append({"object_id": f"{name}:organ", "image_id": name, "task": "organ", **area, **box})
            stored = []
            for picture in (pixels, label):
                buffer = io.BytesIO()
                Image.fromarray(picture).save(buffer, format="PNG")
                stored.append({"bytes": buffer.getvalue(), "path": None})
            header = f"{pixels.shape} {pixels.dtype.str} ".encode()
            digest = hashlib.sha256(header + pixels.tobytes()).hexdigest()
            images.append({"image_id": name, "image": stored[0], "labels": stored[1], "sha256": digest, "status": "ok"})
    write_table(out / "images.parquet", images, IMAGES)
    write_table(out / "objects.parquet", objects, OBJECTS)


def measure(folder: Path, way: str, cases: int) -> None:
    """Run one way in this process and print what it took."""
    with tempfile.TemporaryDirectory() as name:
        out = Path(name)
        files = list_files(folder, cases)
        start = time.process_time()
        if way == "plain":
            plain(folder, out, cases)
        elif way == "volumes":
            tables = [out / "images.parquet", out / "index.parquet", out / "objects.parquet"]
            build_volumes(files, tables, "bench", {**ENTRY, "volumes": True}, True, 1)
        else:
            build(files, out / "images.parquet", out / "objects.parquet", "bench", ENTRY, True, 1)
        seconds = time.process_time() - start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        table = pq.read_table(out / "images.parquet", columns=["sha256", "image", "labels"])
        digest = hashlib.sha256("".join(table["sha256"].to_pylist()).encode()).hexdigest()
        size = sum(len(row["bytes"]) for column in ("image", "labels") for row in table[column].to_pylist())
    print(json.dumps({"slices": table.num_rows, "s": seconds, "peak": peak, "bytes": size, "digest": digest}))


def main() -> None:
    """Measure all ways, and ours once more with five times as many cases."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=4)
    parser.add_argument("--slices", type=int, default=120)
    parser.add_argument("--measure", nargs=2, metavar=("FOLDER", "WAY"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure and arguments.measure[1] == "write":
        write_volume(Path(arguments.measure[0]), arguments.slices)
        return
    if arguments.measure:
        measure(Path(arguments.measure[0]), arguments.measure[1], arguments.cases)
        return
    digests = {}
    many = 5 * arguments.cases
    with tempfile.TemporaryDirectory() as name:
        # A process inherits the peak of the one that starts it, so this one stays small.
        command = [sys.executable, __file__, "--measure", name, "write", "--slices", str(arguments.slices)]
        subprocess.run(command, check=True)
        few = arguments.cases
        for way, cases in (
            ("plain", few),
            ("promptseg", few),
            ("promptseg", many),
            ("volumes", few),
            ("volumes", many),
        ):
            command = [sys.executable, __file__, "--measure", name, way, "--cases", str(cases)]
            output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            found = json.loads(output.splitlines()[-1])
            digests[way, cases] = found["digest"]
            print(
                f"{way:9} {cases:4} cases {found['slices']:6} slices {found['slices'] / found['s']:7.1f} slices/s/core "
                f"{found['bytes'] / found['slices'] / 1024:6.1f} KiB a slice, peak {found['peak']:6.0f} MiB"
            )
    same = digests["plain", few] == digests["promptseg", few] == digests["volumes", few]
    print("the pixels are the same" if same else "THE PIXELS DIFFER")


if __name__ == "__main__":
    main()
