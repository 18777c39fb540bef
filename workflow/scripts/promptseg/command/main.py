"""The command `promptseg`: its subcommands, and what becomes of their errors.

A subcommand is a function in the file of its name; it imports what it needs when it runs, so that `--help` is quick.
"""

import os
import sys

import typer

from promptseg.command.check import check
from promptseg.command.check_method import check_method
from promptseg.command.compare import compare
from promptseg.command.export import export
from promptseg.command.export_volumes import export_volumes
from promptseg.command.import_prompts import import_prompts
from promptseg.command.init import init
from promptseg.command.plan import plan
from promptseg.command.run import run
from promptseg.command.show import show
from promptseg.command.status import status
from promptseg.command.view import view
from promptseg.core.errors import PromptsegError

app = typer.Typer(
    name="promptseg",
    help="Measure how well promptable models segment your medical images.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command()(init)
app.command()(check)
# All arguments and options after the known ones are Snakemake's.
app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(run)
app.command()(plan)
app.command()(show)
app.command()(status)
app.command()(view)
app.command()(export)
app.command()(export_volumes)
app.command()(import_prompts)
app.command()(check_method)
app.command()(compare)


@app.callback()
def promptseg() -> None:
    """Measure how well promptable models segment your medical images."""


def main() -> None:
    """Run a subcommand. An error of ours ends it with its one sentence and status 1; Ctrl-C with 130."""
    try:
        try:
            app()
        finally:
            sys.stdout.flush()
    except PromptsegError as error:
        print(error, file=sys.stderr)
        sys.exit(1)
    except BrokenPipeError:  # who read the output has gone, as `| head` does; Python would complain at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


if __name__ == "__main__":
    main()
