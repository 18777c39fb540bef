"""Words of the figures in other languages."""

import ast
from pathlib import Path

import pytest

from promptseg.core.errors import PromptsegError
from promptseg.figures import modes, source, style, translation
from support.figures import METHODS, PUBLISHED, legend, rows


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
        ('"{n} tasks": "{n!x} taskoj"', "needs the same fields in braces"),
        ('"{n} tasks": "{n:q} taskoj"', "needs the same fields in braces"),
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


@pytest.fixture(scope="module")
def texts():
    """All texts in the sources of the figures and in the titles that they show."""
    room = Path(translation.__file__).parent
    trees = [
        ast.parse(path.read_text(encoding="utf-8")) for path in [*room.glob("*.py"), room.parent / "core/titles.py"]
    ]
    return {node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant)}


def test_every_text_of_the_shipped_tables_is_one_of_the_figures(texts):
    assert translation.shipped() == ["de", "en", "es", "fr"]
    tables = {language: translation.words_of(language) for language in translation.shipped() if language != "en"}
    assert set(tables["de"]) - texts == set()
    assert set(tables["es"]) == set(tables["fr"]) == set(tables["de"])
    assert len(tables["de"]) > 80


def test_charts_are_drawn_in_german(english_afterwards):
    style.configure(183, translation.words_of("de"))
    figure = modes.draw(source.published(PUBLISHED, METHODS))
    assert figure.get_suptitle().replace("\n", " ").endswith("wie veröffentlicht (Mazurowski et al. 2023)")
    assert legend(figure)[3] == "4: ein Rechteck um jede Komponente"
    assert rows(figure.axes[0])[-1] == "Mittel der Aufgaben"
