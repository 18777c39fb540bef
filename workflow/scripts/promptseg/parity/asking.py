"""Asks a promptable network the calls of a fixture."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from promptseg.methods import Prompt, Query
from promptseg.methods.promptable import Decoded
from promptseg.parity.calls import Call
from promptseg.parity.fixtures import Fixture, FixtureError

STABLE = ("sam2", "sam3")  # families that choose the single mask by its stability


def array(value: Any) -> np.ndarray:
    """A tensor or array as an array, numbers as float32."""
    return value.detach().float().cpu().numpy() if isinstance(value, Tensor) else np.asarray(value)


def asked_of(thing: Any, name: str) -> Any:
    """An attribute that a comparison needs, see `promptseg.parity.promptable`.

    Raises:
        FixtureError: it is not there.
    """
    if not hasattr(thing, name):
        raise FixtureError(f"{type(thing).__name__} has no {name}, which is recorded (see promptseg.parity.promptable)")
    return getattr(thing, name)


class ImageCalls:
    """The calls about one image of a fixture.

    Attributes:
        sources: the index of the mask that each call with a mask input takes from an earlier answer.
    """

    def __init__(self, fixture: Fixture, method: Any, embedding: Any, key: str, calls: Sequence[Call]):
        self.fixture, self.method, self.embedding, self.key = fixture, method, embedding, key
        self.calls = {call.name: call for call in calls}
        self.sources: dict[str, int] = {}
        self._answers: dict[str, tuple[list[Query], list[Decoded]]] = {}

    def ask(self, call: Call) -> tuple[list[Query], list[Decoded]]:
        """The queries of a call and their answers."""
        if call.name not in self._answers:
            fed = None if call.mask is None else self._fed(call)
            queries = [Query(self.embedding, prompt, fed) for prompt in self._prompts(call)]
            with call.switched(self.method), torch.inference_mode():
                self._answers[call.name] = queries, list(self.method.decode(queries, call.multimask))
        return self._answers[call.name]

    def recorded_source(self, call: Call) -> int | None:
        """The index of the mask input that the file names."""
        name = f"{call.name}_source_{self.key}"
        return int(self.fixture.array(name, ())) if name in self.fixture else None

    def _prompts(self, call: Call) -> list[Prompt]:
        prompts = call.prompts(self.fixture, self.key)
        if not call.scribble:
            return prompts
        height, width = self.fixture.pixels(f"image_{self.key}").shape[:2]
        scribbles = self.fixture.array(f"scribbles_{self.key}", (2, height, width)).astype(np.float32)
        return [asked_of(self.method, "scribbled")(prompt, scribbles) for prompt in prompts]

    def _fed(self, call: Call) -> Tensor:
        """The low-resolution map of an earlier answer that is the mask input: the recorded one, if there is such."""
        earlier = str(call.mask)
        _, answers = self.ask(self.calls.get(earlier) or Call.named(earlier))
        low, scores = answers[0].low, answers[0].scores
        if low is None:
            raise FixtureError(f"the call {call.name} feeds back a mask, and the method gives none")
        several = scores is not None and len(scores) == len(low) and not call.first
        self.sources[call.name] = best = int(array(scores).argmax()) if several else 0
        recorded = self.recorded_source(call)
        return low[recorded if recorded is not None and 0 <= recorded < len(low) else best]
