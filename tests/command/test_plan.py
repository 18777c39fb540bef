"""What `promptseg plan` is told."""

import pytest

from promptseg.command.plan import plan
from promptseg.core.errors import PromptsegError


def test_a_profile_that_is_not_there_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PromptsegError, match=r"--profile: \S*slrum does not exist"):
        plan(profile=tmp_path / "slrum")
