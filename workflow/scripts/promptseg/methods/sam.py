"""Segment Anything (Kirillov et al. 2023) through the `segment_anything` package of its authors."""

from collections import defaultdict
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import numpy as np
import torch
from segment_anything import SamPredictor, sam_model_registry

from promptseg.checkpoints import load_state_dict, load_strictly
from promptseg.methods.base import Candidates, Method, Query, Settings

BATCH = 32  # prompts decoded together: about 1 GB of full-size logits for a 1024 x 1024 image


@dataclass(frozen=True)
class Embedding:
    """Output of the image encoder, and the sizes (h, w) of its input and of the image, which map masks back."""

    features: torch.Tensor
    input_size: tuple[int, int]
    original_size: tuple[int, int]


class Sam(Method):
    """SAM with its three masks a prompt; `variant` is vit_h, vit_l or vit_b.

    As in the study `multimask_output` is on for every prompt and no mask is fed back.
    """

    prompt_types = frozenset({"point", "box"})
    candidates = 3

    def __init__(self, settings: Settings):
        super().__init__(settings)
        assert settings.variant is not None
        assert settings.weights is not None
        model = sam_model_registry[settings.variant](checkpoint=None)
        load_strictly(model, load_state_dict(settings.weights), settings.weights)
        model.to(settings.device).eval()
        if settings.compile:
            model.image_encoder.compile()
        self.predictor = SamPredictor(model)

    def _autocast(self) -> AbstractContextManager:
        if self.settings.precision == "bf16":
            return torch.autocast(torch.device(self.settings.device).type, dtype=torch.bfloat16)
        return nullcontext()

    def encode(self, pixels: np.ndarray) -> Embedding:
        with torch.inference_mode(), self._autocast():
            self.predictor.set_image(pixels)
        return Embedding(self.predictor.features, self.predictor.input_size, self.predictor.original_size)

    def predict(self, queries: Sequence[Query]) -> list[Candidates]:
        # Prompts of one image with equally many points share a forward pass of the decoder.
        groups: dict[tuple[int, int, bool], list[int]] = defaultdict(list)
        for index, query in enumerate(queries):
            groups[id(query.image), len(query.prompt.points), query.prompt.box is not None].append(index)
        answers: dict[int, Candidates] = {}
        for members in groups.values():
            for start in range(0, len(members), BATCH):
                chunk = members[start : start + BATCH]
                answers.update(zip(chunk, self._decode([queries[index] for index in chunk]), strict=True))
        return [answers[index] for index in range(len(queries))]

    def _decode(self, queries: list[Query]) -> list[Candidates]:
        embedding: Embedding = queries[0].image
        predictor, device = self.predictor, self.settings.device
        predictor.features = embedding.features
        predictor.input_size, predictor.original_size = embedding.input_size, embedding.original_size
        predictor.is_image_set = True
        points = labels = boxes = None
        if len(queries[0].prompt.points):
            coordinates = np.stack([query.prompt.points for query in queries]).astype(np.float64)
            coordinates = predictor.transform.apply_coords(coordinates, embedding.original_size)
            points = torch.as_tensor(coordinates, dtype=torch.float, device=device)
            signs = np.stack([query.prompt.labels for query in queries]).astype(np.int64)
            labels = torch.as_tensor(signs, device=device)
        if queries[0].prompt.box is not None:
            corners = np.stack([query.prompt.box for query in queries if query.prompt.box is not None])
            corners = predictor.transform.apply_boxes(corners.astype(np.float64), embedding.original_size)
            boxes = torch.as_tensor(corners, dtype=torch.float, device=device)
        with torch.inference_mode(), self._autocast():
            masks, scores, _ = predictor.predict_torch(points, labels, boxes, multimask_output=True)
        return [
            Candidates(mask, score)
            for mask, score in zip(masks.cpu().numpy(), scores.float().cpu().numpy(), strict=True)
        ]
