"""What methods get that take no scribbles or lassos: points or a box, where the configuration says so."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from promptseg.core.vocabulary import LASSO, SCRIBBLE_MODES

StandIn: TypeAlias = Literal["", "points", "box"]


@dataclass(frozen=True)
class StandIns:
    """What stands for lines; by default nothing does.

    Attributes:
        scribble_points: how many points along all scribbles of a prompt; 0 where these are not given as points.
        lasso: what a lasso becomes: its tight `box`, or `points`.
        lasso_points: how many points along the lasso, which lie on the background; one inside it comes first.
    """

    scribble_points: int = 0
    lasso: StandIn = ""
    lasso_points: int = 0

    @classmethod
    def of(cls, prompts: Mapping[str, Any]) -> "StandIns":
        """Those of `prompts` of the configuration."""
        scribbles, lasso = prompts["scribbles"], prompts["lasso"]
        points = scribbles["points"] if scribbles["as_points"] else 0
        return cls(points, "" if lasso["given_as"] == "lasso" else lasso["given_as"], lasso["points"])

    def kind(
        self, mode: str, prompt_types: Collection[str], max_points: int | None = None, max_clicks: int | None = None
    ) -> StandIn:
        """What a method gets in a mode whose lines it does not take; "" if the mode does not apply.

        A method that takes fewer points is not asked: of objects with short lines it could answer some.

        Args:
            prompt_types, max_points, max_clicks: see `predict.abilities.Abilities`.
        """
        some = self.scribble_points if mode in SCRIBBLE_MODES else self.lasso_points + 1
        points: StandIn = "points" if "point" in prompt_types and (max_points is None or max_points >= some) else ""
        if mode in SCRIBBLE_MODES:
            return points if self.scribble_points and "scribble" not in prompt_types else ""
        if mode != LASSO or LASSO in prompt_types:
            return ""
        if self.lasso == "box":
            return "box" if "box" in prompt_types else ""
        return points if self.lasso == "points" and max_clicks != 1 else ""
