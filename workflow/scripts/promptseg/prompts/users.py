"""Who prompts: the ideal user, who sees the truth, and others in its place.

A user other than the ideal one is a class with the methods of `User`. Everything that a method is asked about an object
comes from `rows` (what is shown at once) and `next_click` (what corrects an answer).
"""

import typing
from collections.abc import Sequence
from typing import Any

import numpy as np

from promptseg.prompts.clicks import Click, ClickTarget, Protocol, next_click
from promptseg.prompts.modes import PromptSettings, make_prompts

ALONE = ""  # the annotator of a user who is one person


class User(typing.Protocol):
    """Whoever prompts objects. It has no state: what it answers depends on the arguments alone."""

    def annotators(self, object_id: str) -> Sequence[str]:
        """Who of them prompted an object, in a fixed order; nobody: the object is not asked about."""
        ...

    def rows(
        self, object_id: str, mask: np.ndarray, modes: Sequence[str], settings: PromptSettings, annotator: str
    ) -> list[dict[str, Any]]:
        """Rows of prompts.tables.PROMPTS for one object, as `modes.make_prompts` gives them.

        Args:
            mask: (h, w) bool, the truth; not empty.
            modes: those wanted; one that the annotator has no prompt for has no row, and is not asked.

        Returns:
            The row of `iterative` holds the first click in `points` and in `exact_points`, with its label.
        """
        ...

    def next_click(
        self,
        target: ClickTarget,
        prediction: np.ndarray,
        clicks: list[Click],
        protocol: Protocol,
        *,
        tie_break: str,
        seed: int,
        annotator: str,
    ) -> Click | str | None:
        """The click after those given, see `clicks.next_click`.

        Returns:
            None: nothing is left to correct, so that the last mask stands for all later clicks. A string: this user
            says no more, whatever the mask is; it is the status of all later clicks.
        """
        ...


class Ideal:
    """The user of the study: prompts cut from the truth, each click where truth and mask differ most deeply."""

    def annotators(self, object_id: str) -> Sequence[str]:  # noqa: ARG002 - the same for all
        """One, without a name."""
        return (ALONE,)

    def rows(
        self,
        object_id: str,
        mask: np.ndarray,
        modes: Sequence[str],
        settings: PromptSettings,
        annotator: str,  # noqa: ARG002
    ) -> list[dict[str, Any]]:
        """See `modes.make_prompts`."""
        return make_prompts(object_id, mask, modes, settings)

    def next_click(
        self,
        target: ClickTarget,
        prediction: np.ndarray,
        clicks: list[Click],
        protocol: Protocol,
        *,
        tie_break: str,
        seed: int,
        annotator: str,  # noqa: ARG002
    ) -> Click | None:
        """See `clicks.next_click`."""
        return next_click(target, prediction, clicks, protocol, tie_break=tie_break, seed=seed)


IDEAL = Ideal()
