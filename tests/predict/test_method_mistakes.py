"""docs/method_mistakes.md is what is said of each mistake."""

from support.method_mistakes import COMMAND, PLANNED, RUN, TRIED, document
from support.projects import ROOT


def test_the_page_is_up_to_date():
    made = document()
    assert (ROOT / "docs" / "method_mistakes.md").read_text() == made, f"messages have changed; run: {COMMAND}"
    assert made.count("\n| ") == len(PLANNED) + len(RUN) + len(TRIED) + 3  # and three heads
    assert str(ROOT) not in made
