"""docs/configuration.md is what the schema says."""

from promptseg.config.reference import COMMAND, allowed, document, kind
from promptseg.config.schema import SCRIPTS


def test_the_reference_is_up_to_date():
    text = (SCRIPTS.parents[1] / "docs" / "configuration.md").read_text()
    assert text == document(), f"the schema has changed; run: {COMMAND}"


def test_types_and_bounds_in_words():
    share = {"type": "number", "minimum": 0, "exclusiveMaximum": 1}
    assert (kind(share), allowed(share)) == ("number", "at least 0, below 1")
    shares = {"type": "array", "minItems": 1, "items": share}
    assert (kind(shares), allowed(shares)) == ("list of numbers", "not empty, each at least 0, below 1")
    either = {"oneOf": [{"const": "all"}, {"type": "object"}]}
    assert (kind(either), allowed(either)) == ("`all` or mapping", "")
    word = {"enum": ["axial", 0, True]}
    assert (kind(word), allowed(word)) == ("one of", "`axial`, `0`, `true`")


def test_no_text_of_a_table_is_taken_for_markup():
    """Outside code, GitHub would swallow `<name>` and take stars for emphasis."""
    for line in document().splitlines():
        plain = "".join(line.split("`")[::2])
        assert "<" not in plain, line
        assert "*" not in plain, line
