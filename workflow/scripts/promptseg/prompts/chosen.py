"""The user that an entry of `users` in the configuration describes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from promptseg.core.files import read_json
from promptseg.core.tables import batches
from promptseg.prompts.noise import Noise
from promptseg.prompts.noisy import NoisyUser
from promptseg.prompts.recorded import RecordedUser
from promptseg.prompts.users import IDEAL, User


def noise_from(declared: Mapping[str, Any]) -> Noise:
    """The noise of an entry, or of a file that rule tabulate_noise wrote; one number for a box stands for all sides.

    Raises:
        PromptsegError: no such noise can be.
    """
    sides = {key: declared[key] for key in ("enlarge", "enlarge_spread") if key in declared}
    each = {key: tuple(one) if isinstance(one, (list, tuple)) else (one,) * 4 for key, one in sides.items()}
    return Noise(**{**declared, **each})


def user_of(entry: Mapping[str, Any] | None, recorded: str | Path | None, noise: str | Path | None) -> User:
    """A user of a job.

    Args:
        entry: what `facts.user_entry` says; None: the ideal user.
        recorded: file of prompts.tables.RECORDED, of a user whose prompts were recorded.
        noise: JSON with the attributes of `noise.Noise`, of one whose noise is estimated.
    """
    if entry is None:
        return IDEAL
    if recorded:
        return RecordedUser(row for rows in batches(recorded, size=10_000) for row in rows)
    declared = read_json(noise) if noise else entry.get("noise", {})
    how = {key: entry[key] for key in ("draws", "seed", "clickability") if key in entry}
    return NoisyUser(noise_from(declared), **how)
