"""What a method is asked: what it was made for or, with `off_label`, whatever its network computes."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from promptseg.core.stand_ins import StandIn, StandIns
from promptseg.core.vocabulary import LINE_MODES
from promptseg.methods import Method
from promptseg.prompts.modes import applies
from promptseg.prompts.stand_ins import given


@dataclass(frozen=True)
class Abilities:
    """Prompts that a method is asked, and how many masks it may answer them with.

    Attributes:
        prompt_types, max_points, candidates: see `Method`.
        max_clicks: how many clicks of the mode `iterative` it is asked; None for any number. Where clicks on the
            background are nothing that it was made for, that is one: of the later clicks it could answer those of the
            few objects that happen to need none, and their mean would be that of other objects than its rivals'.
    """

    prompt_types: frozenset[str]
    max_points: int | None
    max_clicks: int | None
    candidates: int

    @classmethod
    def of(cls, method: Method) -> "Abilities":
        """What a method declares, as far as its entry does not lift it."""
        return cls.declared(method, method.settings.off_label)

    @classmethod
    def declared(cls, method: Method | type[Method], off_label: bool) -> "Abilities":
        """The same of a class, with which `off_label` of its entry."""
        if off_label:
            return cls(method.prompt_types | method.untrained_types, None, None, method.candidates)
        clicks = method.max_points if method.negative_points else 1
        return cls(method.prompt_types, method.max_points, clicks, method.candidates)

    @property
    def prompts(self) -> tuple[frozenset[str], int | None, int | None]:
        """What `StandIns.kind` has to know."""
        return self.prompt_types, self.max_points, self.max_clicks

    def answer(self, mode: str) -> bool:
        """Whether a mode is asked."""
        return applies(mode, self.prompt_types, self.max_points)

    def facts(self) -> dict[str, Any]:
        """As JSON takes them, for provenance: scoring reads there what does not apply."""
        return {**asdict(self), "prompt_types": sorted(self.prompt_types)}


@dataclass(frozen=True)
class Showing:
    """How a method is shown lines that it does not take.

    Attributes:
        kinds: what stands for them, by mode.
    """

    settings: StandIns = field(default_factory=StandIns)
    kinds: Mapping[str, StandIn] = field(default_factory=dict)

    @classmethod
    def of(cls, asked: Mapping[str, Any], method: Method) -> "Showing":
        """As `config.asked` says it to this method."""
        settings = StandIns(**asked.get("stand_ins", {}))
        known = Abilities.of(method)
        kinds = {mode: settings.kind(mode, *known.prompts) for mode in LINE_MODES}
        return cls(settings, {mode: kind for mode, kind in kinds.items() if kind})

    def shown(self, row: Mapping[str, Any]) -> Mapping[str, Any]:
        """A row of prompts.tables.PROMPTS as the method gets it."""
        kind = self.kinds.get(row["mode"])
        return given(row, kind, self.settings) if kind else row
