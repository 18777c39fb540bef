"""A decoder in a file, with the interface of SAM's own export to ONNX."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from promptseg.core.errors import PromptsegError
from promptseg.methods.backends.sessions import Session
from promptseg.methods.base import Prompt
from promptseg.methods.frames import Frame

_INPUTS = {"image_embeddings", "point_coords", "point_labels", "mask_input", "has_mask_input"}
_SIZE = "orig_im_size"  # of the image to which the file resizes masks; we do that ourselves
# Labels of points that are no clicks: corners of a box, and one that fills a place, which SAM wants without a box.
_CORNERS, _NONE = (2, 3), -1
_ALL, _SEVERAL = 4, 3  # masks of SAM's decoder: the single one and the three
_OUTPUTS = ("low_res_masks", "iou_predictions")


class FileDecoder:
    """A decoder as `segment_anything/scripts/export_onnx_model.py` writes it, one prompt at a time.

    Args:
        session: a network with the inputs of that script, and its outputs `low_res_masks` and `iou_predictions`.
        embedding: (c, n, n) of an image, whose masks have a side of 4n pixels.

    Raises:
        PromptsegError: the network takes something else.
    """

    def __init__(self, session: Session, embedding: tuple[int, int, int]):
        if not _INPUTS <= session.inputs.keys() <= _INPUTS | {_SIZE}:
            raise PromptsegError(
                f"{session.path} takes {', '.join(session.inputs)}, and a decoder takes {', '.join(sorted(_INPUTS))}. "
                "Export it by SAM's scripts/export_onnx_model.py (docs/backends.md)."
            )
        self.low = 4 * embedding[-1]
        for name, ours in (("image_embeddings", (1, *embedding)), ("mask_input", (1, 1, self.low, self.low))):
            theirs = session.inputs[name]
            if len(theirs) != len(ours) or any(size not in (None, own) for size, own in zip(theirs, ours, strict=True)):
                raise PromptsegError(
                    f"{session.path} takes {name} of {_shape(theirs)}, and those of this variant have {_shape(ours)}. "
                    "Correct `variant:`, or export the decoder of this one."
                )
        self.session = session

    def __call__(
        self, features: Tensor, prompt: Prompt, frame: Frame, previous: Tensor | None, multimask: bool
    ) -> tuple[Tensor, Tensor]:
        """(k, h', w') logits in the network's resolution and (k,) predicted IoU.

        Args:
            features: (1, c, n, n) embedding of the image, which lies in the network's input as `frame` says.
            previous: (h', w') logits of a mask that is part of the prompt.
            multimask: three masks, or the single one.
        """
        corners = np.zeros((0, 2)) if prompt.box is None else prompt.box.reshape(2, 2)
        points = [frame.scaled(prompt.points), frame.scaled(corners)]
        labels = [prompt.labels, np.array(_CORNERS[: len(corners)])]
        if prompt.box is None:
            points.append(np.zeros((1, 2)))
            labels.append(np.array([_NONE]))
        mask = torch.zeros(self.low, self.low) if previous is None else previous
        values = {
            "image_embeddings": features.numpy(),
            "point_coords": np.concatenate(points)[None].astype(np.float32),
            "point_labels": np.concatenate(labels)[None].astype(np.float32),
            "mask_input": mask[None, None].numpy(),
            "has_mask_input": np.array([previous is not None], np.float32),
            _SIZE: np.array([self.low, self.low], np.float32),
        }
        found = self.session.run({name: values[name] for name in self.session.inputs})
        if not found.keys() >= {*_OUTPUTS}:
            raise PromptsegError(
                f"{self.session.path} gives {', '.join(found)}, and a decoder gives {', '.join(_OUTPUTS)}. "
                "Export it by SAM's scripts/export_onnx_model.py (docs/backends.md)."
            )
        masks, scores = (torch.from_numpy(found[name][0]) for name in _OUTPUTS)
        if len(masks) == _ALL:
            chosen = slice(1, None) if multimask else slice(1)
            return masks[chosen], scores[chosen]
        if len(masks) == _SEVERAL and not multimask:
            raise PromptsegError(f"{self.session.path} gives three masks alone, and the single one is asked for.")
        return masks, scores


def _shape(sizes: Sequence[int | None]) -> str:
    return " x ".join("any" if size is None else str(size) for size in sizes)
