"""docs/robustness.md is made from the faults that are declared."""

from pathlib import Path

from faults.document import COMMAND, FAULTS, document


def test_the_document_is_up_to_date():
    made = document()
    assert (Path(__file__).parents[2] / "docs" / "robustness.md").read_text() == made, f"run: {COMMAND}"
    assert made.count("\n| ") == len(FAULTS) + len({fault.heading for fault in FAULTS})


def test_no_fault_is_declared_twice():
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)
