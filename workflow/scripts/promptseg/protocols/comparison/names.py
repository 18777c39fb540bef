"""What is shown of the presets of a run, and how they are called."""

from typing import TypeAlias

import pandas as pd

from promptseg.core.titles import Titles, titled

Name: TypeAlias = tuple[str, str]  # preset and variant


def names_in(rows: pd.DataFrame) -> list[Name]:
    """The presets of protocols.csv in its order; of variants only those that a preset without own questions takes."""
    found = list(dict.fromkeys(zip(rows["preset"], rows["variant"].fillna(""), strict=True)))
    own = {preset for preset, variant in found if not variant}
    return [(preset, variant) for preset, variant in found if not variant or preset not in own]


def title_of(name: Name, protocols: Titles) -> str:
    """A preset in words, with the click protocol that it takes."""
    preset, variant = name
    return ", ".join(filter(None, [titled(protocols, preset), titled(protocols, variant) if variant else ""]))
