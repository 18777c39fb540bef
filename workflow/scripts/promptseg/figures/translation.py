"""Words of the figures in other languages: tables from English, shipped in `languages/` or a file of the user."""

import string
from collections.abc import Mapping
from pathlib import Path

import yaml

from promptseg.core.errors import PromptsegError

LANGUAGES = Path(__file__).parent / "languages"
ENGLISH = "en"
_words: dict[str, str] = {}


def shipped() -> list[str]:
    """The languages that the project has, sorted."""
    return sorted([ENGLISH, *(path.stem for path in LANGUAGES.glob("*.yaml"))])


def words_of(language: str) -> dict[str, str]:
    """The words of a language: English -> translated; empty for English.

    Args:
        language: one of `shipped`, or the path of a YAML file.

    Raises:
        PromptsegError: there is neither, or the file is no such table.
    """
    if language == ENGLISH:
        return {}
    path = LANGUAGES / f"{language}.yaml" if language in shipped() else Path(language)
    if not path.is_file():
        raise PromptsegError(
            f"figures: {{language: {language}}} is neither a language that figures have ({', '.join(shipped())}) nor a "
            "file. A file of your own maps English to your words: docs/adding_a_figure.md."
        )
    return read_words(path)


def read_words(path: str | Path) -> dict[str, str]:
    """English -> the words of a language, checked.

    Raises:
        PromptsegError: the file is no such table, or fields such as {mode} are not those of the English text.
    """
    try:
        table = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise PromptsegError(f"{path}: cannot be read as YAML: {error}") from error
    if not isinstance(table, dict) or not all(isinstance(text, str) for pair in table.items() for text in pair):
        raise PromptsegError(f'{path} has to map English texts to yours, each in quotes: "one point": "ein Punkt".')
    for text, translated in table.items():
        if _fields(text, path) != _fields(translated, path):
            raise PromptsegError(f"{path}: {translated!r} needs the same fields in braces as {text!r}.")
    return table


def _fields(text: str, path: str | Path) -> set[tuple[str | None, ...]]:
    """Name, format and conversion of each: another format would fail when the text is drawn."""
    try:
        return {tuple(field) for _, *field in string.Formatter().parse(text) if field[0] is not None}
    except ValueError as error:
        raise PromptsegError(f"{path}: braces of {text!r}: {error}") from error


def use_words(table: Mapping[str, str]) -> None:
    """Draw with these words from here on, see `words_of`."""
    _words.clear()
    _words.update(table)


def words(text: str, **fields: object) -> str:
    """The text in the language of the figures, with its {fields} filled in; what the table lacks stays English."""
    found = _words.get(text, text)
    return found.format(**fields) if fields else found
