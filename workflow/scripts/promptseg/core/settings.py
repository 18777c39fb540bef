"""What a row of scores is beside object and method: a prompt, and which mask counts."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from promptseg.core import titles
from promptseg.core.titles import Titles, plain, titled
from promptseg.core.vocabulary import AUTOMATIC, ITERATIVE, SCORED_MODES, SELECTIONS, SINGLE_MODES, STUDY_MODES

# The columns of tables that make a setting; a table without variants of protocols lacks `switch`.
COLUMNS = ["mode", "protocol", "switch", "step", "selection"]


def setting_id(mode: str, selection: str, step: int = 0, protocol: str = "", switch: str | None = None) -> str:
    """The name of a setting: `mode1.first`, `iterative.corrected~switch.5.oracle`."""
    if mode != ITERATIVE:
        return f"{mode}.{selection}"
    return f"{mode}.{protocol}{f'~{switch}' if switch else ''}.{step}.{selection}"


class Setting(NamedTuple):
    """Values of COLUMNS; protocol and switch are empty where there is none."""

    mode: str
    protocol: str
    switch: str
    step: int
    selection: str

    @property
    def id(self) -> str:
        """Its name in addresses, files and the configuration."""
        return setting_id(self.mode, self.selection, self.step, self.protocol, self.switch)

    def title(self, protocols: Titles) -> str:
        """In words: "mode 1, first mask" or "5 clicks, corrected, oracle"."""
        prompt, selection = titles.setting(self.mode, self.step), titles.SELECTIONS[self.selection]
        return ", ".join(filter(None, [prompt, self.protocol_title(protocols), selection]))

    def protocol_title(self, protocols: Titles) -> str:
        """The protocol of its clicks in words, with what differs from it; empty where there are no clicks."""
        words = [titled(protocols, self.protocol)] if self.protocol else []
        return ", ".join([*words, f"{plain(self.switch)} as by default"] if self.switch else words)


def columns_of(modes: Iterable[str]) -> list[str]:
    """The modes without clicks that tables have columns for: 1 to 5; those of lines and of files if there are such."""
    found = set(modes)
    return [mode for mode in (*SINGLE_MODES, AUTOMATIC) if mode in STUDY_MODES or mode in found]


def ordered(settings: set[Setting], protocols: Sequence[str]) -> list[Setting]:
    """In the order of tables: modes, protocols as the run names them, each before its variants, clicks, selections."""
    places = {name: place for place, name in enumerate(protocols)}

    def key(setting: Setting) -> tuple[object, ...]:
        place = places.get(setting.protocol, len(places))
        selection = SELECTIONS.index(setting.selection)
        return SCORED_MODES.index(setting.mode), place, setting.protocol, setting.switch, setting.step, selection

    return sorted(settings, key=key)
