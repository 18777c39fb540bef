"""Bad COCO JSON has its message; run lengths and polygons are those of pycocotools."""

import json

import numpy as np
import pytest
from pycocotools import mask as coco

from promptseg.core.errors import PromptsegError
from promptseg.masks.coco import Annotations

SIZE = (6, 9)
RNG = np.random.default_rng(3)


def file(path, annotations, **changes):
    """A document with one image of SIZE and one category."""
    document = {
        "images": [{"id": 1, "file_name": "p.png", "height": SIZE[0], "width": SIZE[1]}],
        "categories": [{"id": 1, "name": "a"}],
        "annotations": [{"image_id": 1, "category_id": 1, **one} for one in annotations],
        **changes,
    }
    (path / "all.json").write_text(json.dumps(document))
    return path / "all.json"


def mask(path, annotations, threshold=None, **changes):
    return Annotations(file(path, annotations, **changes), threshold).mask(["p"], "p:a", "a", SIZE)


@pytest.mark.parametrize("seed", range(5))
def test_run_lengths_are_those_of_pycocotools(tmp_path, seed):
    true = np.random.default_rng(seed).random(SIZE) < 0.4
    code = coco.encode(np.asfortranarray(true, np.uint8))
    text = {"size": list(SIZE), "counts": code["counts"].decode()}
    flat = true.ravel(order="F").astype(int)
    ends = np.flatnonzero(np.diff(np.concatenate([[0], flat, [2]])))
    counts = np.diff(np.concatenate([[0], ends])).tolist()
    for segmentation in (text, {"size": list(SIZE), "counts": counts}):
        assert np.array_equal(mask(tmp_path, [{"segmentation": segmentation}]), true)


def test_large_run_lengths(tmp_path):
    true = np.zeros((300, 400), bool)
    true[10:290, 20:380] = RNG.random((280, 360)) < 0.5
    code = coco.encode(np.asfortranarray(true, np.uint8))
    path = file(tmp_path, [{"segmentation": {"size": [300, 400], "counts": code["counts"].decode()}}],
                images=[{"id": 1, "file_name": "p.png"}])  # fmt: skip
    assert np.array_equal(Annotations(path).mask(["p"], "p:a", "a", (300, 400)), true)


def test_polygons_are_those_of_pycocotools(tmp_path):
    polygons = [[1.2, 0.4, 7.9, 1.1, 6.0, 4.7, 2.2, 5.3], [0, 0, 1, 0, 1, 1]]
    expected = coco.decode(coco.merge(coco.frPyObjects(polygons, *SIZE))).astype(bool)
    assert np.array_equal(mask(tmp_path, [{"segmentation": polygons}]), expected)


def test_an_image_without_annotations_is_empty(tmp_path):
    assert not mask(tmp_path, []).any()


def test_scores_need_a_threshold(tmp_path):
    whole = {"size": list(SIZE), "counts": [0, 54]}
    none = {"size": list(SIZE), "counts": [54]}
    scored = [{"segmentation": whole, "score": 0.3}, {"segmentation": none, "score": 0.8}]
    assert mask(tmp_path, scored, threshold=0.3).all()
    assert not mask(tmp_path, scored, threshold=0.5).any()
    with pytest.raises(
        PromptsegError, match=r"threshold missing: all.json has 2 annotations of p:a with scores from 0.3"
    ):
        mask(tmp_path, scored)


@pytest.mark.parametrize(
    ("segmentation", "said"),
    [
        (
            {"size": [6, 8], "counts": [48]},
            "sizes differ: all.json has 6 x 8 rows and columns for p:a, whose image has 6 x 9",
        ),
        ({"size": [6, 9], "counts": [50]}, "unreadable: all.json: the run lengths of p:a do not fill its image"),
        ({"size": [6, 9], "counts": [-1, 55]}, "the run lengths of p:a do not fill its image"),
        ({"size": [6, 9], "counts": ["54"]}, "the run lengths of p:a do not fill its image"),
        ({"size": [6, 9], "counts": "PPPP~~~~"}, "the run lengths of p:a do not fill its image"),
        ([[0, 0, 1, 1]], "neither run lengths nor polygons"),
        ([[0, 0, 1, 1, 2]], "neither run lengths nor polygons"),
        ([[0, 0, 1e9, 1, 2, 2]], "neither run lengths nor polygons"),
        ([[0, 0, float("nan"), 1, 2, 2]], "neither run lengths nor polygons"),
        ([0, 0, 1, 1, 2, 2], "neither run lengths nor polygons"),
        (None, "neither run lengths nor polygons"),
    ],
)
def test_what_is_no_mask(tmp_path, segmentation, said):
    with pytest.raises(PromptsegError) as error:
        mask(tmp_path, [{"segmentation": segmentation}])
    assert said in str(error.value)


def test_what_is_no_document(tmp_path):
    path = tmp_path / "x.json"
    for text, said in (
        ("{", "unreadable: x.json is no JSON"),
        ('{"images": []}', "unreadable: x.json is no COCO JSON (KeyError: 'categories'); it needs `images`"),
        ('{"images": [{"id": 1}], "categories": [], "annotations": []}', "(KeyError: 'file_name')"),
        ("3", "x.json is no COCO JSON (TypeError"),
        (
            '[{"image_id": 3, "category_id": 1}]',
            "x.json is a list of results, which names neither images nor categories",
        ),
    ):
        path.write_text(text)
        with pytest.raises(PromptsegError) as error:
            Annotations(path)
        assert said in str(error.value)


def test_images_that_are_not_there_or_not_told_apart(tmp_path):
    found = Annotations(file(tmp_path, []))
    with pytest.raises(
        PromptsegError, match=r"missing mask: all.json has no image q or q.png; add it; an image without"
    ):
        found.mask(["q", "q.png"], "q:a", "a", SIZE)
    with pytest.raises(
        PromptsegError, match=r"sizes differ: all.json has 6 x 9 rows and columns for p.png, whose image"
    ):
        found.mask(["p"], "p:a", "a", (9, 6))
    twice = [{"id": 1, "file_name": "x/p.png"}, {"id": 2, "file_name": "y/p.png"}]
    with pytest.raises(
        PromptsegError, match=r"several files: all.json has several images of the name of p:a: x/p.png, y/"
    ):
        Annotations(file(tmp_path, [], images=twice)).mask(["p"], "p:a", "a", SIZE)


def test_results_that_name_objects(tmp_path):
    path = tmp_path / "r.json"
    code = {"size": list(SIZE), "counts": [0, 54]}
    path.write_text(json.dumps([{"object_id": "p:a", "segmentation": code, "score": 0.1}]))
    assert Annotations(path).mask(["p"], "p:a", "a", SIZE).all()
    with pytest.raises(PromptsegError, match=r"missing mask: r.json has no result of q:a; add it"):
        Annotations(path).mask(["q"], "q:a", "a", SIZE)


@pytest.mark.parametrize(
    ("annotation", "changes", "said"),
    [
        ({"image_id": "1"}, {}, "an annotation has the image_id '1', which nothing there has as `id`"),
        ({"category_id": 2}, {}, "an annotation has the category_id 2, which nothing there has as `id`"),
        ({"score": "0.9"}, {}, "an annotation has the score '0.9', which is no number"),
        ({"score": float("nan")}, {}, "an annotation has the score nan, which is no number"),
        ({}, {"images": [{"id": 1, "file_name": "p.png"}] * 2}, "several of its `images` have the same `id`"),
        ({}, {"categories": [{"id": 1, "name": "a"}] * 2}, "several of its `categories` have the same `id`"),
        ({}, {"images": [{"id": [1], "file_name": "p.png"}]}, "unhashable type"),
    ],
)
def test_annotations_of_nothing_are_no_empty_masks(tmp_path, annotation, changes, said):
    with pytest.raises(PromptsegError) as error:
        mask(tmp_path, [{"segmentation": [[0, 0, 2, 0, 2, 2]], **annotation}], 0.5, **changes)
    assert said in str(error.value)
