"""The blocks of presets: what the schemas say of them is what the code has."""

from dataclasses import asdict
from typing import Any

import pytest

from promptseg.config.schema import read_schema
from promptseg.core.errors import PromptsegError
from promptseg.protocols.blocks import Clicks, Start


def defaults(properties: dict[str, Any]) -> dict[str, Any]:
    """Defaults of the keys of a schema, of mappings those of their keys."""
    return {
        key: defaults(about["properties"]) if "default" not in about and "properties" in about else about.get("default")
        for key, about in properties.items()
    }


@pytest.mark.parametrize(("block", "file"), [(Start, "preset_start"), (Clicks, "preset_clicks")])
def test_schema_and_code_have_the_same_keys_and_defaults(block: type, file: str) -> None:
    found = defaults(read_schema(file)["properties"])
    ours = asdict(block())
    if block is Start:
        assert found.pop("enlarge") == {"most": None, "of": None}
        assert ours.pop("enlarge") == {}
    assert found == ours


def test_a_key_that_no_block_has_is_named() -> None:
    with pytest.raises(PromptsegError, match="no keys seeed in its block; it has around"):
        Start.of({"seeed": 1})
    with pytest.raises(PromptsegError, match="no keys lesions in its block; it has background, components"):
        Clicks.of({"planned": {"lesions": 3}})
