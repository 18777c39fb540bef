"""What the reason of a failure is, and those of what methods are asked and answer.

Apart from `core.reasons`, so that a new reason of preprocessing is no change of what predicts.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from promptseg.core.errors import PromptsegError


@dataclass(frozen=True)
class Reason:
    """A kind of failure.

    Attributes:
        name: what the status of the row begins with.
        meaning: what was wrong, a sentence for the table of reasons.
        remedy: what to do about it, a clause that ends the status.
    """

    name: str
    meaning: str
    remedy: str

    def status(self, what: str, remedy: str = "") -> str:
        """The status of one row.

        Args:
            what: what is wrong with it, with the names of the files.
            remedy: what to do in this very case, if more can be said than `self.remedy`.
        """
        return f"{self.name}: {what}; {remedy or self.remedy}"

    def error(self, what: str, remedy: str = "") -> PromptsegError:
        """The error of one file or case; see `status`."""
        return PromptsegError(self.status(what, remedy))


METHOD_FAILED = Reason(
    "method failed",
    "A method's adapter raised an error where it was asked for a mask, or what it gave is none.",
    "what it said is in the log of the job (`logs/predict`, `predict_volumes`, `predict_protocols` or `robustness`); "
    "correct the adapter",
)


USER_STOPS = Reason(
    "user stops",
    "The simulated user of a preset could not go on: the official program ends with an error there.",
    "other objects are asked about; a variant of the preset may do what its authors meant",
)


def reason_in(status: str) -> str:
    """The name of the reason that a status begins with."""
    return status.partition(": ")[0]


def counted(statuses: Iterable[str]) -> str:
    """How many rows have which reason, the most frequent first: "2 unreadable, 1 sizes differ"."""
    return ", ".join(f"{count} {reason}" for reason, count in Counter(map(reason_in, statuses)).most_common())
