"""What a preset hides: the difference between its score and that of its variants, each of which changes a few keys.

A variant that changes only how answers are measured needs no answers of its own.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias

Declaration: TypeAlias = Mapping[str, Any]

MEASURING = ("metrics", "conditions", "summaries", "averaging")


def laid_over(base: Any, changes: Any) -> Any:
    """Changes laid over a value: mappings are merged, all else is replaced, as Snakemake does with configurations."""
    if not (isinstance(base, Mapping) and isinstance(changes, Mapping)):
        return changes
    return {**base, **{key: laid_over(base.get(key), value) for key, value in changes.items()}}


def with_variant(declaration: Declaration, variant: str) -> dict[str, Any]:
    """The declaration of a preset as one of its variants has it; "" is the preset itself."""
    changes = declaration["variants"][variant] if variant else {}
    return dict(laid_over({**declaration, "variants": {}}, changes))


def played(declaration: Declaration, variant: str) -> bool:
    """Whether a variant has to be asked; otherwise the answers of the preset itself are measured in another way."""
    changed = with_variant(declaration, variant)
    return any(changed[key] != declaration.get(key) for key in changed if key not in (*MEASURING, "variants", "title"))


def measured_alike(one: Declaration, other: Declaration) -> bool:
    """Whether two declarations have the same scores of objects, and differ at most in how these are summed up."""
    return _measured(one) == _measured(other)


def _measured(declaration: Declaration) -> tuple[Any, Any]:
    return declaration["metrics"], declaration["conditions"]["failed"]
