#!/usr/bin/env bash
# Package: pycocotools 2.0.11, COCO.loadRes and COCOeval("segm")
# Expected: the area of a predicted mask is its number of pixels, as that of a true one; a box beside the mask in the same
#   result is more information and changes nothing that is computed from masks.
# Seen: a result with "bbox" and "segmentation" gets the area of the box, one with "segmentation" alone that of the mask. A
#   thin diagonal vessel of 64 pixels counts as 64 x 64 = 4096. Areas put detections into the classes small, medium and
#   large: that vessel, where there is none, lowers the AP of small objects to 0.5 in a file without boxes; with the box it is
#   a large object, and the AP of small ones stays 1.0.
# Matters: two files with the same masks get other numbers by size, depending on which tool wrote them (FiftyOne and others
#   need the box). Vessels, catheters, sutures and fracture lines are affected most. Leave the
#   box out where COCOeval is to judge masks.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
cd "$work"
venv/bin/pip install --quiet pycocotools==2.0.11 numpy==2.4.6
cat > look.py <<'PY'
import contextlib
import io
from importlib.metadata import version

import numpy as np
from pycocotools import mask as rle
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

vessel, nodule = np.zeros((2, 200, 200), np.uint8)
vessel[np.arange(100, 164), np.arange(100, 164)] = 1
nodule[10:20, 10:20] = 1


def code(mask):
    found = rle.encode(np.asfortranarray(mask))
    return {"size": found["size"], "counts": found["counts"].decode()}


def result(mask, score, box):
    found = {"image_id": 1, "category_id": 1, "segmentation": code(mask), "score": score}
    return found | ({"bbox": rle.toBbox(code(mask)).tolist()} if box else {})


def evaluated(box):
    """Area of the vessel's result, and AP of small objects: the nodule found, and before it a vessel that is none."""
    truth = COCO()
    one = {"id": 1, "image_id": 1, "category_id": 1, "segmentation": code(nodule), "area": 100, "iscrowd": 0}
    one["bbox"] = rle.toBbox(code(nodule)).tolist()
    truth.dataset = {
        "info": {}, "images": [{"id": 1, "width": 200, "height": 200}], "categories": [{"id": 1, "name": "lesion"}],
        "annotations": [one],
    }
    with contextlib.redirect_stdout(io.StringIO()):
        truth.createIndex()
        found = truth.loadRes([result(vessel, 0.9, box), result(nodule, 0.5, box)])
        run = COCOeval(truth, found, "segm")
        run.evaluate(), run.accumulate(), run.summarize()
    return float(found.dataset["annotations"][0]["area"]), round(float(run.stats[3]), 3)


print("pycocotools", version("pycocotools"))
without, with_box = evaluated(False), evaluated(True)
print("the mask alone: area, AP of small objects:", without)
print("with its box: area, AP of small objects:", with_box)
assert without[0] == 64 and with_box[0] == 64 * 64
assert without[1] == 0.5 and with_box[1] == 1.0
PY
venv/bin/python look.py
