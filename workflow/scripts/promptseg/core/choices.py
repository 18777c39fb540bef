"""A word that has to be one of several, and the one that was probably meant."""

import difflib
from collections.abc import Iterable, Sequence

from promptseg.core.errors import PromptsegError


def did_you_mean(word: object, known: Iterable[object], cutoff: float = 0.5) -> str:
    """A question that names the word most like another, to be put behind a sentence; or nothing.

    Args:
        cutoff: how alike they have to be, 0 to 1, see `difflib.get_close_matches`.
    """
    close = difflib.get_close_matches(str(word), [str(one) for one in known], n=1, cutoff=cutoff)
    return f" Did you mean {close[0]!r}?" if close else ""


def one_of(allowed: Sequence[str], word: str, what: str) -> str:
    """The word, if it is allowed.

    Args:
        what: the option or key that it was given for.

    Raises:
        PromptsegError: it is not; the nearest one is named.
    """
    if word in allowed:
        return word
    raise PromptsegError(f"{what}: {word!r} is none of {', '.join(allowed)}.{did_you_mean(word, allowed)}")
