"""The command `promptseg`: its subcommands, and what becomes of their errors.

A subcommand is a function in the file of its name; it imports what it needs when it runs, so that `--help` is quick.
"""

import sys

import typer

from promptseg.command.show import show
from promptseg.core.errors import PromptsegError

app = typer.Typer(
    name="promptseg",
    help="Measure how well promptable models segment your medical images.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command()(show)


@app.callback()
def promptseg() -> None:
    """Measure how well promptable models segment your medical images."""


def main() -> None:
    """Run a subcommand; an error of ours ends it with its one sentence and status 1."""
    try:
        app()
    except PromptsegError as error:
        print(error, file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
