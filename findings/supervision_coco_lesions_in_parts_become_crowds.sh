#!/usr/bin/env bash
# Package: supervision 0.31.2, DetectionDataset.as_coco; read by pycocotools 2.0.11
# Expected: each object of a dataset that is written as COCO is one annotation that evaluation counts, whatever its shape.
# Seen: a mask of several parts or with a hole is written with "iscrowd": 1, because it has run lengths instead of a polygon.
#   COCOeval takes that for a region of uncounted objects: it is ignored. Of two lesions, one in two parts, only the compact
#   one counts: predicting nothing but that one gives a recall of 0.9 (its polygon lost a rim), not 0.45. Where all objects
#   have parts or holes, every result is -1 (no object), for perfect masks as well.
# Matters: lesions in parts, vessels, rings (cartilage, ventricle walls) are what is hard in medical images, and they vanish
#   from the score without a message. Set iscrowd to 0 in the file (pycocotools reads run lengths of single objects as well).
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
cd "$work"
venv/bin/pip install --quiet supervision==0.31.2 pycocotools==2.0.11 numpy==2.4.6
cat > look.py <<'PY'
import contextlib
import io
import json

import numpy as np
import supervision as sv
from PIL import Image
from pycocotools import mask as rle
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

compact, parts = np.zeros((2, 64, 64), bool)
compact[5:25, 5:25] = True
parts[40:50, 5:25] = parts[40:50, 40:60] = True
Image.fromarray(np.zeros((64, 64, 3), np.uint8)).save("scan.png")


def evaluated(truth, found):
    """AP and recall (100 detections) of masks in the image, the truth written by supervision."""
    boxes = sv.mask_to_xyxy(truth).astype(float)
    objects = sv.Detections(xyxy=boxes, mask=truth, class_id=np.zeros(len(truth), int))
    dataset = sv.DetectionDataset(classes=["lesion"], images=["scan.png"], annotations={"scan.png": objects})
    dataset.as_coco(annotations_path="truth.json")
    written = json.load(open("truth.json"))["annotations"]
    image, kind = written[0]["image_id"], written[0]["category_id"]
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO("truth.json")
        rows = [
            {"image_id": image, "category_id": kind, "score": 0.9, "segmentation": code}
            for code in [rle.encode(np.asfortranarray(mask, np.uint8)) for mask in found]
        ]
        run = COCOeval(coco, coco.loadRes(rows), "segm")
        run.evaluate(), run.accumulate(), run.summarize()
    return [one["iscrowd"] for one in written], round(float(run.stats[0]), 3), round(float(run.stats[8]), 3)


print("supervision", sv.__version__)
both = evaluated(np.stack([compact, parts]), [compact])
print("two lesions, the one in parts missed: iscrowd, AP, recall", both)
assert both[0] == [0, 1] and both[2] >= 0.9
alone = evaluated(parts[None], [parts])
print("the one in parts alone, predicted perfectly:", alone)
assert alone == ([1], -1.0, -1.0)
PY
venv/bin/python look.py
