"""What a method could not answer: told in the log once, counted, and an error where nothing at all was answered."""

import logging
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from promptseg.core.errors import PromptsegError
from promptseg.core.exhausted import exhausted
from promptseg.core.reason import METHOD_FAILED
from promptseg.methods.devices import gpu_memory_lacking
from promptseg.predict.answers import WrongAnswer

logger = logging.getLogger(__name__)

T = TypeVar("T")
_MEMORY = "the memory of the GPU"  # once told, not again


def _place(error: Exception) -> str:
    """Where an error comes from, below the engine: equal for the same line, whatever the text."""
    frames = traceback.extract_tb(error.__traceback__)[1:]
    return "\n".join([type(error).__name__, *(f"{frame.filename}:{frame.lineno}" for frame in frames)])


class Failures:
    """The failures of one method in one job.

    Args:
        label: the method's name and adapter.
        strict: the first failure ends the job.
    """

    def __init__(self, label: str, strict: bool):
        self.label, self.strict = label, strict
        self.asked = 0
        self._first = ""
        self._kinds: Counter[str] = Counter()
        self._told: set[str] = set()

    def status(self, error: Exception, where: str, prompts: int = 1) -> str:
        """The status of `prompts` prompts that failed; what a library said may be any text and goes to the log.

        Raises:
            PromptsegError: `strict` is set; or the machine is the reason, which would make results depend on it.
        """
        if lacking := gpu_memory_lacking(error) or exhausted(error):
            raise PromptsegError(f"{self.label} at {where}: {lacking}") from error
        if isinstance(error, WrongAnswer):
            reason = METHOD_FAILED.status(f"{self.label} gave no valid answer at {where}: {error.what}", error.expected)
            kind, key = "wrong answers", error.expected
        else:
            kind = type(error).__name__
            reason, key = METHOD_FAILED.status(f"{self.label} raised {kind} at {where}"), _place(error)
        self._tell(error, reason, key)
        self._kinds[kind] += prompts
        self._first = self._first or (reason if isinstance(error, WrongAnswer) else f"{reason}. It said: {error}")
        if self.strict:
            raise PromptsegError(f"{reason} (strict: true stops at the first failure)") from error
        return reason

    def parts(self, error: Exception, asked: Sequence[T], what: str = "prompts") -> list[Sequence[T]]:
        """What to ask after prompts, or images, that were asked at once failed, which is slower and may go well.

        Returns:
            Halves where a GPU has too little memory, else each alone. Ask them once the error is gone: its traceback
            keeps what the method had computed.
        """
        if gpu_memory_lacking(error):
            half = len(asked) // 2
            less = f"{self.label} ran out of the GPU's memory at {len(asked)} {what} at once; half are asked at once"
            if _MEMORY not in self._told:
                logger.warning(less)
            self._told.add(_MEMORY)
            return [asked[:half], asked[half:]]
        alone = (
            f"{self.label} raised {type(error).__name__} at {len(asked)} {what} at once; each of them is asked alone"
        )
        if _place(error) not in self._told:
            logger.warning(alone, exc_info=None if exhausted(error) else error)
            self._told |= {_place(error), f"{_place(error)}\n{error}"}
        return [asked[index : index + 1] for index in range(len(asked))]

    @contextmanager
    def no_exit(self, what: str) -> Iterator[None]:
        """Around all that the method is asked: one that ends the process would end the job without a word.

        Args:
            what: that fails if it raises an error instead: "prompt".

        Raises:
            PromptsegError: the method ended the process.
        """
        try:
            yield
        except SystemExit as error:
            raise PromptsegError(
                f"{self.label} called sys.exit({error.code!r}), which would end the job without a word. Raise an error "
                f"instead: then the {what} that it is about fails, and the others are answered."
            ) from error

    def conclude(self) -> None:
        """Count what failed in the log, when all is done.

        Raises:
            PromptsegError: nothing was answered.
        """
        failed = self._kinds.total()
        kinds = ", ".join(f"{count} {kind}" for kind, count in self._kinds.most_common())
        if failed and failed == self.asked:
            raise PromptsegError(f"{self.label} answered none of {failed} prompts ({kinds}). The first: {self._first}")
        if failed:
            logger.warning(
                "%s did not answer %d of %d prompts (%s): their rows say so in the column `status`",
                *(self.label, failed, self.asked, kinds),
            )

    def _tell(self, error: Exception, reason: str, key: str) -> None:
        """What fails at one place: the first time with its traceback, another text in a line, the same not again."""
        text = f"{key}\n{error}"
        if isinstance(error, WrongAnswer):
            text = key  # numbers differ from prompt to prompt
        if key not in self._told:
            logger.error(reason, exc_info=None if text == key else error)
        elif text not in self._told:
            logger.error("%s. It said: %s", reason, error)
        self._told |= {key, text}
