"""A word that has to be one of several."""

import difflib
from collections.abc import Sequence

from promptseg.core.errors import PromptsegError


def one_of(allowed: Sequence[str], word: str, what: str) -> str:
    """The word, if it is allowed.

    Args:
        what: the option or key that it was given for.

    Raises:
        PromptsegError: it is not; the nearest one is named.
    """
    if word in allowed:
        return word
    close = difflib.get_close_matches(word, allowed, n=1, cutoff=0.5)
    nearest = f" Did you mean {close[0]!r}?" if close else ""
    raise PromptsegError(f"{what}: {word!r} is none of {', '.join(allowed)}.{nearest}")
