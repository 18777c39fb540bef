"""Files that messages name so that one can tell them from the others of their case."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path, PosixPath

from promptseg.config.patterns import composed


class ShownPath(PosixPath):
    """A path whose `name`, which readers write into messages, is that of the file in its dataset, folders included."""

    _shown = ""

    @classmethod
    def of(cls, path: Path, shown: str) -> "ShownPath":
        """The path with the name `shown`, which ends in the path's own name."""
        made = cls(path)
        made._shown = shown
        return made

    @property
    def name(self) -> str:
        """What messages say."""
        return self._shown or super().name

    def with_name(self, name: str) -> "ShownPath":
        """A file beside this one, by its own name or one that was made from `name`."""
        return ShownPath(self.parent, name.rpartition("/")[2])


def shown_apart(paths: Mapping[str, Path]) -> dict[str, Path]:
    """The paths of a case by their names; those with the same name in several folders are shown with these.

    Such as images/a.png and masks/a.png.
    """
    count = Counter(composed(path.name) for path in paths.values())
    return {name: path if count[composed(path.name)] == 1 else ShownPath.of(path, name) for name, path in paths.items()}
