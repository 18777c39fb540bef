"""What Snakemake says of a dry run that it refuses."""

import sys

import pytest

from promptseg.core.errors import PromptsegError
from promptseg.planning.dryrun import dry_run


def test_options_that_snakemake_does_not_take_are_one_sentence():
    with pytest.raises(PromptsegError, match=r"^Snakemake does not take this: argument --executor.*'absent'[^\n]*$"):
        dry_run([sys.executable, "-m", "snakemake", "--executor", "absent"])
