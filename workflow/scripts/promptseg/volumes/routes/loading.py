"""A method as a job about volumes runs it: over slices, as what tracks with its weights, or for volumes alone."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from promptseg.core.errors import PromptsegError
from promptseg.core.routes import CONTROL_ROUTES, MASK, MEMORY
from promptseg.methods import Method, Settings, is_for_volumes, named_class
from promptseg.methods.slice_store import Kept
from promptseg.methods.volume import VolumeMethod
from promptseg.methods.volume_checks import volume_class, volume_problems
from promptseg.predict.abilities import Abilities
from promptseg.predict.failures import Failures
from promptseg.predict.method_run import construct, load_method
from promptseg.predict.volume_abilities import corrects, slice_routes
from promptseg.volumes.routes.answering import VolumeAnswering
from promptseg.volumes.routes.controls import Extruded, Interpolated
from promptseg.volumes.routes.run import Part
from promptseg.volumes.routes.settings import VolumeSettings, settings_for
from promptseg.volumes.routes.slice_routes import SliceAnswering


def loader(asked: VolumeSettings) -> Callable[[str, Mapping[str, Any], Settings], Method | VolumeMethod]:
    """What loads the method of an entry for `method_run.prepare`: one for images or one for volumes."""

    def load(name: str, entry: Mapping[str, Any], settings: Settings) -> Method | VolumeMethod:
        if not is_for_volumes(named_class(entry["adapter"])):
            return load_method(name, entry, settings)
        if problems := volume_problems(name, entry):
            raise PromptsegError("\n".join(problems))
        return _construct(name, volume_class(entry["adapter"]), settings, asked)

    return load


def parts_of(
    name: str, method: Method | VolumeMethod, asked: VolumeSettings, failures: Failures, kept: Kept | None = None
) -> list[Part]:
    """Who answers in which settings, in the order of routes.

    Args:
        name: of the method in the configuration.
        kept: a cache of embeddings, for routes over slices.

    Raises:
        PromptsegError: what tracks with the weights of the method cannot be loaded.
    """
    if isinstance(method, VolumeMethod):
        return [_volume_part(method, asked, failures)]
    off_label = method.settings.off_label
    types = Abilities.of(method).prompt_types | ({MASK} if method.takes_masks else set())
    settings = settings_for(asked, slice_routes(method, off_label), types)
    clicks = asked.clicks if corrects(method, off_label) else 0
    parts = [Part(settings, SliceAnswering(method, asked, failures, kept), clicks)] if settings else []
    if MEMORY in asked.routes and (tracker := tracker_of(name, method, asked)):
        parts.append(_volume_part(tracker, asked, failures))
    return parts


def tracker_of(name: str, method: Method | VolumeMethod, asked: VolumeSettings) -> VolumeMethod | None:
    """What tracks with the weights of a method for images; None where nothing does.

    Raises:
        PromptsegError: it cannot be loaded.
    """
    if isinstance(method, VolumeMethod) or not method.tracker:
        return None
    return _construct(name, volume_class(method.tracker), method.settings, asked)


def told_by(method: Method | VolumeMethod) -> Mapping[str, Any]:
    """What a method for volumes says that its answers come from, besides its weights and its entry."""
    return method.provenance() if isinstance(method, VolumeMethod) else {}


def control_parts(asked: VolumeSettings, failures: Failures) -> list[Part]:
    """The routes of true contours."""
    parts = [_volume_part(control, asked, failures) for control in (Extruded(), Interpolated())]
    assert all(setting.route in CONTROL_ROUTES for part in parts for setting in part.settings)
    return parts


def _volume_part(method: VolumeMethod, asked: VolumeSettings, failures: Failures) -> Part:
    settings: Sequence[Any] = settings_for(
        asked, [method.route], method.prompt_types, several_slices=method.several_slices
    )
    return Part(settings, VolumeAnswering(method, failures), asked.clicks if method.corrects else 0)


def _construct(name: str, found: type[VolumeMethod], settings: Settings, asked: VolumeSettings) -> VolumeMethod:
    """An instance, told by the option `reset` whether it forgets one direction before the other, if it has the option
    and its entry does not say."""
    options = dict(settings.options)
    if "reset" in (found.known_options or ()):
        options.setdefault("reset", asked.reset)
    return construct(name, found, replace(settings, options=options))
