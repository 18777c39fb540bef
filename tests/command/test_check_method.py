"""`promptseg check-method` with a file and with a registered method."""

import pytest
from typer.testing import CliRunner

from promptseg.command.main import app
from promptseg.core.errors import PromptsegError

DISK = """
from promptseg.methods.controls import ClickDisk

class Mine(ClickDisk):
    def predict(self, queries):
        answers = super().predict(queries)
        if self.settings.variant == "half":
            answers = answers[: len(answers) // 2]
        return answers
"""


def called(*arguments):
    return CliRunner().invoke(app, ["check-method", *arguments, "--device", "cpu"], catch_exceptions=False)


def test_a_class_in_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(DISK)
    good = called("mine.py:Mine", "--option", "radius=0.3")
    assert (good.exit_code, good.output.splitlines()[-1]) == (0, "Nothing is wrong.")
    bad = called("mine.py:Mine", "--variant", "half")
    assert bad.exit_code == 1
    assert "WRONG: predict returned 0 answers to 1 query; give a list of Candidates" in bad.output
    for option, message in (("radios=1", "options names 'radios'.*Did you mean 'radius'"), ("radius", "as KEY=VALUE")):
        with pytest.raises(PromptsegError, match=message):
            called("mine.py:Mine", "--option", option)


def test_a_registered_method(monkeypatch):
    assert called("box_fill").exit_code == 0
    with pytest.raises(
        PromptsegError, match=r"^sam_vit_b has no weights yet: \S+sam_vit_b\.pth is missing\. Get it by"
    ):
        called("sam_vit_b")
    with pytest.raises(PromptsegError, match=r"^no_such is no entry of methods:\. Known: perfect, "):
        called("no_such")
