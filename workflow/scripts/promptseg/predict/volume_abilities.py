"""What a method is asked about volumes, by what its class says of itself."""

from collections.abc import Mapping
from typing import Any

from promptseg.core.routes import BETWEEN, CARRY_BOX, CARRY_MASK, CARRY_POINT, EACH, MEMORY
from promptseg.core.vocabulary import EVERYTHING
from promptseg.methods.base import Method
from promptseg.methods.volume import VolumeMethod
from promptseg.predict.abilities import Abilities


def slice_routes(method: Method | type[Method], off_label: bool) -> list[str]:
    """The routes of a method for images that go from slice to slice."""
    types = Abilities.declared(method, off_label).prompt_types - {EVERYTHING}
    able = {
        EACH: types,
        BETWEEN: types,
        CARRY_BOX: "box" in types,
        CARRY_POINT: "point" in types,
        CARRY_MASK: method.takes_masks,
    }
    return [route for route, can in able.items() if can]


def corrects(method: Method | type[Method], off_label: bool) -> bool:
    """Whether a method for images takes corrective clicks, on the object and on the background."""
    abilities = Abilities.declared(method, off_label)
    return "point" in abilities.prompt_types and abilities.max_clicks != 1


def volume_facts(found: type[Method], off_label: bool) -> dict[str, Any]:
    """Of a class for images: volume_routes, those that it can do, and its tracker."""
    return {
        "volume_routes": [*slice_routes(found, off_label), *([MEMORY] if found.tracker else [])],
        "tracker": found.tracker,
    }


def facts_for_volumes(found: type[VolumeMethod]) -> Mapping[str, Any]:
    """Of a class for volumes: volume_routes and needs_raw; and what every class says, without modes of images."""
    return {
        "modes": [],
        "several": False,
        "looks_at_pixels": True,
        "learned": found.learned,
        "volume_routes": [found.route],
        "needs_raw": found.needs_raw,
    }
