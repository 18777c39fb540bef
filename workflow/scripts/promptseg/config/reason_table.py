"""docs/reasons.md: every reason why a row has no score, made from core/reasons.py.

PYTHONPATH=workflow/scripts python -m promptseg.config.reason_table > docs/reasons.md
"""

from promptseg.core.reasons import all_reasons

COMMAND = "PYTHONPATH=workflow/scripts python -m promptseg.config.reason_table > docs/reasons.md"
_INTRODUCTION = f"""
# Reasons of failures

An image that cannot be read, a case that does not fit together or a method that fails does not end a run (unless
`run.strict` is set): it becomes a row whose `status` says `reason: what was wrong, in which file; what to do`. The
column stands in `images.parquet`, `manifest.csv`, the predictions and the scores; the report counts the rows of each
reason.

Made from `workflow/scripts/promptseg/core/reasons.py`; change that file and run
`{COMMAND}` again.

| reason | meaning | what to do |
|---|---|---|
"""


def document() -> str:
    """The whole document."""
    rows = (f"| {one.name} | {one.meaning} | {one.remedy} |\n" for one in all_reasons().values())
    return _INTRODUCTION.lstrip() + "".join(rows)


if __name__ == "__main__":
    print(document(), end="")
