"""docs/protocols.md is what the declarations say."""

from promptseg.config.schema import SCRIPTS
from promptseg.protocols.reference import COMMAND, document, flat


def test_the_document_is_up_to_date() -> None:
    text = (SCRIPTS.parents[1] / "docs" / "protocols.md").read_text()
    assert text == document(), f"a preset or its schema has changed; run: {COMMAND}"


def test_values_of_a_declaration_in_words() -> None:
    declaration = {
        "prompts": 1,
        "clicks": {"rule": "deepest", "repeat": True, "enlarge": {"most": 5}},
        "metrics": {"dice": {}},
        "route": ["native", "memory"],
        "summaries": [{"name": "auc", "metric": "dice", "steps": [1, 5], "divide": False}],
    }
    assert list(flat(declaration)) == [
        ("prompts", "1"),
        ("clicks.rule", "deepest"),
        ("clicks.repeat", "yes"),
        ("clicks.enlarge.most", "5"),
        ("metrics.dice", "yes"),
        ("route", "native, memory"),
        ("summaries.auc", "metric dice, steps 1, 5, divide no"),
    ]


def test_each_preset_and_its_variants_have_their_place() -> None:
    text = document()
    for words in ("## `cvpr2025`", "## `ritm`", "JunMa11/CVPR-MedSegFMCompetition 748e862", "`clicks.connectivity`"):
        assert words in text
    assert text.count("\n## `") >= 6
