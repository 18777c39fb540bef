"""Words of the figures in other languages."""

import pytest

from promptseg.core.errors import PromptsegError
from promptseg.figures import style, translation


@pytest.fixture
def english_afterwards():
    yield
    style.configure(183)


def test_a_table_of_the_user_gives_the_words(tmp_path, english_afterwards):
    path = tmp_path / "eo.yaml"
    path.write_text(
        '"Clicks": "Klakoj"\n"{count} tasks": "taskoj: {count}"\n"2: a point in each component": "punkto"\n'
    )
    style.configure(183, translation.words_of(str(path)))
    assert style.words("Clicks") == "Klakoj"
    assert style.words("{count} tasks", count=3) == "taskoj: 3"
    assert style.words("Images of {title}", title="a{b") == "Images of a{b"  # not in the table
    assert style.modes()["mode2"].title == "punkto"
    style.configure(183)
    assert style.words("Clicks") == "Clicks"


def test_an_unknown_language_names_those_that_there_are():
    with pytest.raises(
        PromptsegError, match=r"language: xx} is neither a language that figures have \(.*en.*\) nor a file"
    ):
        translation.words_of("xx")
    assert translation.words_of("en") == {}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('"{n} tasks": "{m} taskoj"', "needs the same fields in braces"),
        ('"{n tasks": "taskoj"', "braces of"),
        ("- Clicks", "has to map English texts to yours"),
        ('"Clicks": 3', "has to map English texts to yours"),
        ('"Clicks": "a', "cannot be read as YAML"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused(tmp_path, content, message):
    path = tmp_path / "eo.yaml"
    path.write_text(content)
    with pytest.raises(PromptsegError, match=message):
        translation.words_of(str(path))
