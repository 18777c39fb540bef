"""Segment everything: masks of a whole image from a regular grid of points.

The steps are those of SAM's automatic mask generator (Kirillov et al. 2023, appendix B, and the class
`SamAutomaticMaskGenerator` of the `segment_anything` package, whose helpers are used). What differs is the work: points
are decoded in batches on one embedding per crop, and only masks that pass the predicted IoU are brought to full size.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from segment_anything.utils.amg import (
    batched_mask_to_box,
    build_all_layer_point_grids,
    calculate_stability_score,
    generate_crop_boxes,
    is_box_near_crop_edge,
    remove_small_regions,
    uncrop_boxes_xyxy,
    uncrop_masks,
)
from torch import Tensor
from torchvision.ops import box_area, nms

from promptseg.core import masks
from promptseg.methods.base import Grid, Proposals

# Asks for single points of one encoded image: (encoded, (n, 2) float64 points (x, y), points at once, least score) ->
# pieces of (k, h, w) float logits and (k,) scores, of the masks whose score is above the least, in the order of points.
AskPoints = Callable[[Any, np.ndarray, int, float], Iterator[tuple[Tensor, Tensor]]]


class _Found:
    """Masks found so far: codes, (n, 4) XYXY boxes in the frame of the image, (n,) scores and stabilities."""

    def __init__(self, codes: list[dict[str, Any]], boxes: Tensor, scores: Tensor, stability: Tensor):
        self.codes, self.boxes, self.scores, self.stability = codes, boxes, scores, stability

    def __getitem__(self, kept: Tensor) -> "_Found":
        codes = [self.codes[index] for index in kept.tolist()]
        return _Found(codes, self.boxes[kept], self.scores[kept], self.stability[kept])

    @classmethod
    def join(cls, parts: list["_Found"]) -> "_Found":
        tensors = ([getattr(part, name) for part in parts] for name in ("boxes", "scores", "stability"))
        return cls([code for part in parts for code in part.codes], *map(torch.cat, tensors))


def propose(
    ask: AskPoints,
    encode: Callable[[np.ndarray], Any],
    encoded: Any,
    pixels: np.ndarray,
    grid: Grid,
    threshold: float = 0,
) -> Proposals:
    """Masks of everything in one image.

    Args:
        encode: makes of the (h, w, 3) uint8 pixels of a crop what `ask` takes.
        encoded: the same of the whole image.
        pixels: (h, w, 3) uint8 RGB.
        threshold: logits above it belong to a mask.

    Returns:
        The masks in the order in which non-maximum suppression leaves them, best predicted IoU first (with crops,
        those of smaller crops first).
    """
    size = pixels.shape[:2]
    layers = build_all_layer_point_grids(grid.points_per_side, grid.crop_n_layers, grid.crop_n_points_downscale_factor)
    parts, areas = [], []
    for crop, layer in zip(*generate_crop_boxes(size, grid.crop_n_layers, grid.crop_overlap_ratio), strict=True):
        x0, y0, x1, y1 = crop
        image = encode(pixels[y0:y1, x0:x1]) if layer else encoded
        points = layers[layer] * np.array([x1 - x0, y1 - y0])
        part = _in_crop(ask, image, points, crop, size, grid, threshold)
        parts.append(part)
        areas.append(box_area(torch.tensor([crop])).expand(len(part.codes)))
    found = _Found.join(parts)
    if len(parts) > 1:
        # Masks of smaller crops are preferred.
        found = found[nms(found.boxes, 1 / torch.cat(areas), grid.crop_nms_thresh)]
    if grid.min_mask_region_area and found.codes:
        found = _without_small_regions(found, grid)
    return Proposals(found.codes, found.scores.numpy(), found.stability.numpy())


def _in_crop(
    ask: AskPoints, image: Any, points: np.ndarray, crop: list[int], size: tuple[int, ...], grid: Grid, threshold: float
) -> _Found:
    height, width = size
    least = grid.pred_iou_thresh if grid.pred_iou_thresh > 0 else -np.inf
    parts = [_Found([], torch.zeros(0, 4), torch.zeros(0), torch.zeros(0))]
    for logits, scores in ask(image, points, grid.points_per_batch, least):
        stability = calculate_stability_score(logits, threshold, grid.stability_score_offset)
        if grid.stability_score_thresh > 0:
            kept = stability >= grid.stability_score_thresh
            logits, scores, stability = logits[kept], scores[kept], stability[kept]
        binary = logits > threshold
        boxes = batched_mask_to_box(binary)
        kept = ~is_box_near_crop_edge(boxes, crop, [0, 0, width, height])
        whole = uncrop_masks(binary[kept], crop, height, width).cpu().numpy()
        codes = [masks.encode(mask) for mask in whole]
        boxes = uncrop_boxes_xyxy(boxes[kept], crop).float().cpu()
        parts.append(_Found(codes, boxes, scores[kept].cpu(), stability[kept].cpu()))
    found = _Found.join(parts)
    return found[nms(found.boxes, found.scores, grid.box_nms_thresh)]


def _without_small_regions(found: _Found, grid: Grid) -> _Found:
    """Fill small holes and remove small islands, then drop duplicates: of two, the one that was changed."""
    fixed, intact = [], []
    for code in found.codes:
        mask, filled = remove_small_regions(masks.decode(code), grid.min_mask_region_area, mode="holes")
        mask, cleared = remove_small_regions(mask, grid.min_mask_region_area, mode="islands")
        fixed.append(mask)
        intact.append(float(not (filled or cleared)))
    boxes = torch.cat([batched_mask_to_box(torch.as_tensor(mask)[None]) for mask in fixed]).float()
    changed = _Found([masks.encode(mask) for mask in fixed], boxes, found.scores, found.stability)
    return changed[nms(boxes, torch.tensor(intact), max(grid.box_nms_thresh, grid.crop_nms_thresh))]
