"""All masks of an image, and the best match."""

from dataclasses import replace

import numpy as np

from promptseg.core.masks import encode, iou
from promptseg.core.tables import write_table
from promptseg.figures import everything, recall
from promptseg.predict.tables import PREDICTIONS, PROPOSALS
from promptseg.score.tables import SCORES
from support.figures import SHAPES, SHAPES_LOOKS, below, layers, texts, truth_of


def test_masks_over_one_another():
    small, large = np.zeros((2, 9, 9), bool)
    small[3:6, 3:6] = large[:, :8] = True
    image = everything.layer([small, large], (9, 9))
    assert (image[..., 3] > 0).tolist() == large.tolist()
    assert not np.array_equal(image[4, 4, :3], image[0, 0, :3])  # the small one is on top
    assert image[4, 4, 3] < image[3, 3, 3] == image[0, 7, 3]  # edges are firm
    assert everything.layer([], (9, 9)).sum() == 0


def test_everything(shapes, tmp_path):
    truth = truth_of(shapes, "case1:left disk")
    match = truth & (np.arange(128) > 30)
    key = {"object_id": "case1:left disk", "mode": "everything", "step": 0, "selection": "oracle", "status": "ok"}
    contents = {
        "predictions": ([key | {"candidate": 1, "rle": encode(match)}], PREDICTIONS),
        "scores": ([key | {"iou": iou(match, truth)}], SCORES),
        "everything": (
            [{"image_id": case, "candidate": k, "rle": encode(mask)} for case in ("case0", "case1") for k, mask in
             enumerate((truth, match))],
            PROPOSALS,
        ),
    }  # fmt: skip
    files = {}
    for kind, (content, schema) in contents.items():
        files[kind] = [tmp_path / kind / "sam_vit_b" / "shapes.parquet"]
        write_table(files[kind][0], content, schema)
    found = replace(shapes, **files)
    grid = np.array(everything.draw(found, SHAPES, SHAPES_LOOKS).axes).reshape(4, 3)
    assert [axis.get_title() for axis in grid[0]] == ["truth", "SAM ViT-B: all masks", "best match"]
    assert below(grid[0, 1]) == ["2 masks"]
    assert below(grid[0, 2]) == [f"{iou(match, truth):.2f}"]
    assert (layers(grid[0, 2])[0] == match).all()
    assert below(grid[3, 2]) == ["no mask"]  # an object that was not scored
    left, right = grid[0, 1].get_xlim()
    assert (left, right) == (-0.5, 127.5)  # the whole image, which is 128 mm each way
    assert recall.NOTHING in texts(everything.draw(replace(found, scores=[]), SHAPES, SHAPES_LOOKS))
