"""Our methods with generated weights."""

import gc
import hashlib
import importlib
import logging
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from segment_anything import sam_model_registry
from torch import nn

from promptseg.methods import Method, Settings, adapter_class
from promptseg.methods.networks.sam_small import VARIANTS as SMALL
from promptseg.methods.sam import Sam
from promptseg.parity.fixtures import Fixture, FixtureError
from promptseg.parity.generated_weights import read_overrides, rule_state

logger = logging.getLogger(__name__)

_ADAPTERS = {
    "ritm": "promptseg.methods.ritm:Ritm",
    "simpleclick": "promptseg.methods.simpleclick:SimpleClick",
    "focalclick": "promptseg.methods.focalclick:FocalClick",
    "sam": "promptseg.methods.sam:Sam",
}
_NETWORKS = {
    "ritm": ("promptseg.methods.networks.hrnet", "RitmNet"),
    "simpleclick": ("promptseg.methods.networks.simpleclick", "SimpleClickNet"),
    "focalclick": ("promptseg.methods.networks.focalclick", "FocalClickNet"),
}
_CASCADE_STEPS = 5  # of CFR-ICL in the study's script
_LARGE = 50_000_000  # parameters, whose generation takes seconds


def overrides_path(fixture: Fixture) -> Path | None:
    """The file that replaces the last layer of a click model; SAM has none."""
    if fixture.name.family == "sam":
        return None
    default = f"{fixture.name.family}_{fixture.name.variant}.overrides.json"
    return fixture.path.parent / fixture.text("overrides_file", default)


def options(fixture: Fixture) -> dict[str, Any]:
    """Options of the adapter for a fixture."""
    cascade = fixture.name.family == "simpleclick" and fixture.name.kind in ("paper", "seq", "protocol")
    return {"cascade_steps": _CASCADE_STEPS} if cascade else {}


def empty_network(family: str, variant: str) -> nn.Module:
    """The network without memory for its weights.

    Raises:
        FixtureError: there is no such variant.
    """
    if family == "sam":
        known, build = (*sam_model_registry, *SMALL), lambda: Sam.architecture(variant)
    else:
        module_name, class_name = _NETWORKS[family]
        module = importlib.import_module(module_name)
        known, build = module.VARIANTS, lambda: getattr(module, class_name).from_variant(variant)
    if variant not in known:
        raise FixtureError(f"the variant {variant} of {family} is not known; known are {', '.join(known)}")
    with torch.device("meta"):
        return build()


class Adapters:
    """Hands out adapters; holds one at a time, because the largest networks take gigabytes."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="promptseg-parity-")
        self._weights: tuple[Any, ...] = ()
        self._key: tuple[Any, ...] = ()
        self._method: Method | None = None
        self._embeddings: dict[Any, Any] = {}

    def __enter__(self) -> "Adapters":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._method = None
        self._folder.cleanup()

    def get(self, fixture: Fixture) -> Method:
        """The adapter that a fixture asks for.

        Raises:
            PromptsegError: the variant or the file of overrides is wrong.
        """
        family, variant, salt = fixture.name.family, fixture.name.variant, fixture.text("salt")
        overrides = overrides_path(fixture)
        if overrides is not None and not overrides.is_file():
            raise FixtureError(f"the file of overrides {overrides.name} is missing")
        weights = (family, variant, salt, overrides and hashlib.sha256(overrides.read_bytes()).digest())
        chosen = options(fixture)
        key = (*weights, *chosen.items())
        if key == self._key and self._method is not None:
            return self._method
        self._key, self._method = (), None
        self._embeddings.clear()
        gc.collect()
        path = Path(self._folder.name) / "weights.safetensors"
        if weights != self._weights:
            self._weights = ()
            path.unlink(missing_ok=True)
            network = empty_network(family, variant)
            parameters = sum(value.numel() for value in network.state_dict().values())
            if parameters > _LARGE:
                logger.info("generating %.0f million weights of %s %s", parameters / 1e6, family, variant)
            save_file(rule_state(network, salt, read_overrides(overrides) if overrides else None), path)
            self._weights = weights
        method = adapter_class(_ADAPTERS[family])(Settings(variant=variant, weights=path, options=chosen))
        self._key, self._method = key, method
        return method

    def embedding(self, method: Method, pixels: np.ndarray) -> Any:
        """What the adapter at hand makes of an image; the same image is encoded once."""
        key = (pixels.shape, hashlib.sha256(pixels.tobytes()).digest())
        if key not in self._embeddings:
            self._embeddings[key] = method.encode(pixels)
        return self._embeddings[key]
