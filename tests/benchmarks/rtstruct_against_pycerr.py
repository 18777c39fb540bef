"""Dice of our masks of real contours with those of pycerr, another reader of RTSTRUCT, on the data that it ships.

python -m venv pycerr && pycerr/bin/python -m pip install pycerr==2.5.1
PYTHONPATH=workflow/scripts python tests/benchmarks/rtstruct_against_pycerr.py pycerr/bin/python

pycerr needs 2.7 GB of packages and is not a requirement of the tests. Its four patients, a CT series with a GTV each,
are of the Radiomics Digital Phantom of CancerData, doi:10.17195/candat.2016.08.1, CC BY-NC 3.0.
"""

import argparse
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from promptseg.preprocess.rtstruct import read_contours
from promptseg.preprocess.volumes import read_volume

# Runs with the packages of pycerr, whose slices run downwards from the head.
THEIRS = """
import sys
from pathlib import Path
import cerr, numpy
from cerr import plan_container
from cerr.contour import rasterseg

for folder in (Path(cerr.__file__).parent / "datasets" / "radiomics_phantom_dicom").glob("pat_*"):
    plan = plan_container.loadDcmDir(str(folder))
    mask = rasterseg.getStrMask(0, plan).transpose(1, 0, 2)[:, :, ::-1]
    numpy.savez(Path(sys.argv[1]) / folder.name, folder=str(folder), name=plan.structure[0].structureName, mask=mask)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("python", help="the Python of an environment with pycerr")
    python = parser.parse_args().python
    print("patient structure  pixels ours  pycerr  differing   Dice")
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([python, "-c", THEIRS, folder], check=True, stdout=subprocess.DEVNULL)
        for path in sorted(Path(folder).iterdir()):
            found = np.load(path)
            files = sorted(Path(str(found["folder"])).glob("*.dcm"))
            structures = next(file for file in files if "_RS_" in file.name)
            theirs, name = found["mask"], str(found["name"])
            ours = read_contours(structures, f"^{name}$", read_volume(files))
            dice = 2 * (ours & theirs).sum() / (ours.sum() + theirs.sum())
            print(f"{path.stem:7} {name:9} {ours.sum():12} {theirs.sum():7} {(ours != theirs).sum():10} {dice:.4f}")


if __name__ == "__main__":
    main()
