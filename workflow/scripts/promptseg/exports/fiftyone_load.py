"""Import the folder that this file lies in into FiftyOne: truths, and the predictions of each method as a field.

pip install fiftyone pycocotools
python load.py [NAME]
fiftyone app launch NAME
"""

import json
import sys
from pathlib import Path
from typing import Any


def load(folder: Path, name: str) -> Any:
    """A FiftyOne dataset of a name: the field `truth`, a field for each file of predictions, facts of each image.

    The confidence of a prediction is the method's own estimate of the IoU, where it gives one; `iou` the true one.
    """
    import fiftyone as fo
    from fiftyone.utils.coco import add_coco_labels

    truths = json.loads((folder / "labels.json").read_text(encoding="utf-8"))
    dataset = fo.Dataset.from_dir(
        dataset_dir=str(folder),
        dataset_type=fo.types.COCODetectionDataset,
        name=name,
        label_types="segmentations",
        label_field={"segmentations": "truth", "coco_id": "coco_id"},
        include_id=True,
    )
    of_image = {image["id"]: image for image in truths["images"]}
    for field in ("image", "patient"):
        dataset.set_values(field, [of_image[number][field] for number in dataset.values("coco_id")])
    fields = json.loads((folder / "fields.json").read_text(encoding="utf-8"))
    about = {"title": truths["info"]["description"], "licence": truths["licenses"][0]["name"], "fields": fields}
    dataset.info = {**dataset.info, **about}
    for field, of_field in fields.items():
        add_coco_labels(
            dataset,
            field,
            str(folder / of_field["file"]),
            truths["categories"],
            label_type="segmentations",
            coco_id_field="coco_id",
        )
    dataset.save()
    return dataset


if __name__ == "__main__":
    here = Path(__file__).resolve().parent
    found = load(here, sys.argv[1] if len(sys.argv) > 1 else here.name)
    found.persistent = True
    print(found)
