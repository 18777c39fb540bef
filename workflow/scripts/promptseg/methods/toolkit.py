"""What an adapter of a network of your own may build on, in one place; docs/adding_a_method.md uses it."""

from promptseg.methods.base import Candidates, Method, Prompt, Query, Settings
from promptseg.methods.batching import Batch, batches, in_order
from promptseg.methods.checkpoints import load_state_dict, load_strictly
from promptseg.methods.confidence import confidence
from promptseg.methods.devices import autocast
from promptseg.methods.frames import Frame, padded, stretched
from promptseg.methods.loading import check_variant, load_weights, named_weights

__all__ = [
    "Batch",
    "Candidates",
    "Frame",
    "Method",
    "Prompt",
    "Query",
    "Settings",
    "autocast",
    "batches",
    "check_variant",
    "confidence",
    "in_order",
    "load_state_dict",
    "load_strictly",
    "load_weights",
    "named_weights",
    "padded",
    "stretched",
]
