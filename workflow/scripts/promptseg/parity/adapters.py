"""Our methods with generated weights."""

import gc
import hashlib
import json
import logging
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file

from promptseg.methods import Method, Settings, named_class
from promptseg.parity.fixtures import PIPELINES, Fixture, FixtureError
from promptseg.parity.generated_weights import Changes, rule_state

logger = logging.getLogger(__name__)

ADAPTERS = {
    "ritm": "promptseg.methods.ritm:Ritm",
    "simpleclick": "promptseg.methods.simpleclick:SimpleClick",
    "focalclick": "promptseg.methods.focalclick:FocalClick",
    "sam": "promptseg.methods.sam:Sam",
    "sam2": "promptseg.methods.sam2:Sam2",
    "sam2_video": "promptseg.methods.sam2_video:Sam2Video",
    "sam3": "promptseg.methods.sam3:Sam3",
    "sam3_video": "promptseg.methods.sam3_video:Sam3Video",
    "hq_sam": "promptseg.methods.hq_sam:HqSam",
    "mobile_sam": "promptseg.methods.mobile_sam:MobileSam",
    "efficient_sam": "promptseg.methods.efficient_sam:EfficientSam",
    "medsam": "promptseg.methods.medsam:MedSam",
    "lite_medsam": "promptseg.methods.lite_medsam:LiteMedSam",
    "sam_med2d": "promptseg.methods.sam_med2d:SamMed2D",
    "medicosam": "promptseg.methods.medicosam:MedicoSam",
    "ultrasam": "promptseg.methods.ultrasam:UltraSam",
    "scribbleprompt_sam": "promptseg.methods.scribbleprompt:ScribblePromptSam",
    "scribbleprompt_unet": "promptseg.methods.scribbleprompt:ScribblePromptUnet",
}
_CASCADE_STEPS = 5  # of CFR-ICL in the study's script
_LARGE = 50_000_000  # parameters, whose generation takes seconds


def options(family: str, kind: str) -> dict[str, Any]:
    """Options of the adapter for a kind of fixture."""
    cascade = family == "simpleclick" and kind in ("paper", "seq", "protocol")
    return {"cascade_steps": _CASCADE_STEPS} if cascade else {}


def asked_options(fixture: Fixture) -> dict[str, Any]:
    """Options of the adapter for a fixture."""
    chosen = options(fixture.name.family, fixture.name.kind)
    if fixture.name.kind == "video" and (side := fixture.json("meta", dict).get("image_size")):
        chosen["video_size"] = side
    return chosen


def overrides_path(fixture: Fixture) -> Path | None:
    """The file that replaces the last layer of a click model; other fixtures have none."""
    if fixture.name.family not in PIPELINES:
        return None
    default = f"{fixture.name.family}_{fixture.name.variant}.overrides.json"
    return fixture.path.parent / fixture.text("overrides_file", default)


def changes(fixture: Fixture) -> tuple[Changes, bytes]:
    """What of the weights differs from the rule, and a digest of it.

    Raises:
        PromptsegError: it is not there, or not as it should be.
    """
    path = overrides_path(fixture)
    if path is not None:
        if not path.is_file():
            raise FixtureError(f"the file of overrides {path.name} is missing")
        return Changes.read(path), hashlib.sha256(path.read_bytes()).digest()
    if not fixture.listed:
        return Changes(), b""
    gains, overrides = fixture.json("gains", dict), fixture.json("overrides", dict)
    try:
        parsed = Changes.parse(gains, overrides)
    except (ValueError, KeyError, TypeError) as error:
        raise FixtureError(f"gains or overrides are not understood ({type(error).__name__}: {error})") from error
    return parsed, hashlib.sha256(json.dumps([gains, overrides]).encode()).digest()


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
        changed, digest = changes(fixture)
        weights = (family, variant, salt, digest)
        chosen = asked_options(fixture)
        key = (*weights, *chosen.items())
        if key == self._key and self._method is not None:
            return self._method
        self._key, self._method = (), None
        self._embeddings.clear()
        gc.collect()
        adapter: Any = named_class(ADAPTERS[family])
        path = Path(self._folder.name) / "weights.safetensors"
        if weights != self._weights:
            self._weights = ()
            path.unlink(missing_ok=True)
            with torch.device("meta"):
                network = adapter.architecture(variant)
            parameters = sum(value.numel() for value in network.state_dict().values())
            if parameters > _LARGE:
                logger.info("generating %.0f million weights of %s %s", parameters / 1e6, family, variant)
            save_file(rule_state(network, salt, changed), path)
            self._weights = weights
        method = adapter(Settings(variant=variant, weights=path, options=chosen))
        self._key, self._method = key, method
        return method

    def embedding(self, method: Method, pixels: np.ndarray) -> Any:
        """What the adapter at hand makes of an image; the same image is encoded once."""
        key = (pixels.shape, hashlib.sha256(pixels.tobytes()).digest())
        if key not in self._embeddings:
            self._embeddings[key] = method.encode(pixels)
        return self._embeddings[key]
