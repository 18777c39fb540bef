"""docs/robustness.md: faults of a run, what is said of each, what happens, and how one goes on.

PYTHONPATH=workflow/scripts:tests python -m faults.document > docs/robustness.md
"""

import re

from faults import disks, files, kills
from faults.frame import Fault

COMMAND = "PYTHONPATH=workflow/scripts:tests python -m faults.document > docs/robustness.md"
FAULTS = (*kills.FAULTS, *disks.FAULTS, *files.FAULTS)
_INTRODUCTION = f"""
# When something goes wrong

A run may be killed, starved or lied to at any moment. What is promised for every fault below: no file that is not
whole looks as if it were; what was finished stays; and once the cause is gone, the same command completes the run with
the same tables, byte for byte, as a run that nothing happened to (`throughput.csv`, which tells of the run itself,
apart), and leaves nothing else behind.

Made from `tests/faults/`, where each fault is declared once. `make fault-test` brings all of them about for real on a
small project and fails where one of these lines is not true; after a change run
`{COMMAND}` again.
"""
_HEAD = "| fault | what is said | what happens | how to go on |\n|---|---|---|---|\n"


def _cell(text: str) -> str:
    return re.sub(r"([\\*|<>])", r"\\\1", text).replace("\n", " ")


def _row(fault: Fault) -> str:
    said = f"`` {fault.said.replace('|', chr(92) + '|')} ``" if fault.said else ""
    return f"| {_cell(fault.name)} | {said} | {_cell(fault.happens)} | {_cell(fault.go_on)} |\n"


def document() -> str:
    """The whole document."""
    headings = dict.fromkeys(fault.heading for fault in FAULTS)
    parts = (
        f"\n## {heading}\n\n{_HEAD}{''.join(_row(fault) for fault in FAULTS if fault.heading == heading)}"
        for heading in headings
    )
    return _INTRODUCTION.lstrip() + "".join(parts)


if __name__ == "__main__":
    print(document(), end="")
