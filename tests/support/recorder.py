"""A fixture in the older layout of SAM's: prompts by the names of their arrays, masks that are not packed."""

import numpy as np

from promptseg.methods import Prompt
from promptseg.parity.comparison import statistics
from promptseg.parity.scenes import Scene, save

SALT = "another salt"


def record_sam(path, method):
    """Two prompts and a mask that is fed in, in one image."""
    image = Scene.drawn(np.random.default_rng(8), 70, 110).image
    points, labels = np.array([(30, 40), (80, 20), (60, 60), (10, 5)]), np.array([1, 0, 1, 0])
    box = np.array([20, 10, 90, 60], np.int32)
    embedding = method.encode(image)
    features = embedding.features[0].numpy()
    arrays = {
        "salt": SALT,
        "image_0": image,
        "point_coords_0": points,
        "point_labels_0": labels,
        "box_0": box,
        "embedding_0": features[::8, ::2, ::2],
        "embedding_stats_0": statistics(features),
    }

    def prompt(count, corners=None):
        return Prompt(points[:count].astype(np.int32), labels[:count].astype(np.int8), corners)

    outputs = {
        "p2": method.answer(embedding, prompt(2)),
        "box_p4": method.answer(embedding, prompt(4, box)),
        "box": method.answer(embedding, Prompt(np.zeros((0, 2), np.int32), np.zeros(0, np.int8), box)),
        "p4_single": method.answer(embedding, prompt(4), False),
        "p1_maskin": method.answer(embedding, prompt(1), False, method.answer(embedding, prompt(3)).low[0]),
    }
    for name, answer in outputs.items():
        full, scores, low = (value.numpy() for value in (answer.logits, answer.scores, answer.low))
        arrays |= {
            f"{name}_low_0": low[:, ::8, ::8],
            f"{name}_low_stats_0": [statistics(channel)[:2] for channel in low],
            f"{name}_iou_0": scores,
            f"{name}_logits_0": full[:, ::8, ::8],
            f"{name}_mask_0": full > 0,
        }
    save(path, **arrays)
