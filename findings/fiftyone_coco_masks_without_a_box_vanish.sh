#!/usr/bin/env bash
# Package: fiftyone 1.22.1, utils.coco.COCOObject (what add_coco_labels and COCODetectionDatasetImporter use)
# Expected: COCO's format of results has either a box or a mask; a mask alone is a valid instance, and pycocotools makes the
#   box from it. Imported with label_type "segmentations" it is an instance with its mask, or an error says what is missing.
# Seen: without "bbox" the instance becomes None and is left out: no label, no error, no warning. With the box the same mask is
#   imported pixel by pixel.
# Matters: predictions written for COCOeval (masks alone, see also pycocotools_results_with_a_box_change_size_class) show as
#   "nothing found" on every image. Write the box for FiftyOne, and count labels after importing.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
cd "$work"
venv/bin/pip install --quiet fiftyone==1.22.1 pycocotools==2.0.11 numpy==2.4.6
cat > look.py <<'PY'
from importlib.metadata import version

import numpy as np
from fiftyone.utils.coco import COCOObject
from pycocotools import mask as rle

mask = np.zeros((20, 30), np.uint8)
mask[5:9, 10:22] = 1
mask[9:12, 10:14] = 1
code = rle.encode(np.asfortranarray(mask))
result = {"image_id": 1, "category_id": 1, "score": 0.9, "segmentation": {**code, "counts": code["counts"].decode()}}


def imported(anno):
    found = COCOObject.from_anno_dict(anno).to_detection((30, 20), {1: "lesion"}, load_segmentation=True)
    return None if found is None else int(np.count_nonzero(found.mask))


print("fiftyone", version("fiftyone"))
alone, boxed = imported(result), imported({**result, "bbox": rle.toBbox(code).tolist()})
print(f"pixels imported of {mask.sum()}: mask alone {alone}, mask and box {boxed}")
assert alone is None and boxed == mask.sum()
PY
FIFTYONE_DO_NOT_TRACK=true venv/bin/python look.py
