"""docs/reasons.md: every reason why a row has no score, made from the files of core that declare them.

PYTHONPATH=workflow/scripts python -m promptseg.config.reason_table > docs/reasons.md
"""

from promptseg.core import reason, reasons, value_reasons
from promptseg.core.reason import Reason

COMMAND = "PYTHONPATH=workflow/scripts python -m promptseg.config.reason_table > docs/reasons.md"
_INTRODUCTION = f"""
# Reasons of failures

An image that cannot be read, a case that does not fit together or a method that fails does not end a run (unless
`run.strict` is set): it becomes a row whose `status` says `reason: what was wrong, in which file; what to do`. The
column stands in `images.parquet`, `manifest.csv`, the predictions and the scores; the report counts the rows of each
reason.

Made from `reason.py`, `reasons.py` and `value_reasons.py` in `workflow/scripts/promptseg/core`; change those and run
`{COMMAND}` again.

| reason | meaning | what to do |
|---|---|---|
"""


def all_reasons() -> dict[str, Reason]:
    """Every reason by its name, in the order of the names."""
    values = [value for module in (reason, reasons, value_reasons) for value in vars(module).values()]
    return {one.name: one for one in sorted((v for v in values if isinstance(v, Reason)), key=lambda one: one.name)}


def document() -> str:
    """The whole document."""
    rows = (f"| {one.name} | {one.meaning} | {one.remedy} |\n" for one in all_reasons().values())
    return _INTRODUCTION.lstrip() + "".join(rows)


if __name__ == "__main__":
    print(document(), end="")
