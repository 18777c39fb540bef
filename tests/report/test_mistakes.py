"""docs/configuration_mistakes.md is what the check says."""

from promptseg.config.schema import SCRIPTS
from promptseg.report.mistakes import COMMAND, EXAMPLES, document


def test_the_table_is_up_to_date():
    text = (SCRIPTS.parents[1] / "docs" / "configuration_mistakes.md").read_text()
    made = document()
    assert text == made, f"messages have changed; run: {COMMAND}"
    assert made.count("\n| ") == len(EXAMPLES) + 1
    assert str(SCRIPTS.parents[1]) not in made
