"""`promptseg compare`: what it prints, and its errors."""

import pytest
from typer.testing import CliRunner

from promptseg.command.main import app
from promptseg.core.errors import PromptsegError
from support.compared import rows_of, write_run


@pytest.fixture(autouse=True)
def here(monkeypatch, tmp_path):
    """The command goes into the folder of the project; the test comes back."""
    monkeypatch.chdir(tmp_path)


def test_it_prints_differences_and_where_the_page_is(tmp_path):
    write_run(tmp_path / "a", rows_of())
    write_run(tmp_path / "b", rows_of({"i1": 0.3, "i4": 0.5}))
    done = CliRunner().invoke(app, ["compare", "a", "b", "-o", "out"])
    assert done.exit_code == 0, done.output
    assert "Method M  -0.100 [-0.500, +0.033]" in done.stdout
    assert "Data: whether both runs saw the same images is not known" in done.stdout
    assert done.stdout.endswith(f"page  {tmp_path / 'out' / 'index.html'}\n")
    assert (tmp_path / "out" / "index.html").is_file()


def test_its_errors_are_sentences(tmp_path):
    done = CliRunner().invoke(app, ["compare", "a", "b"])
    assert isinstance(done.exception, PromptsegError)
    assert "a is no folder of results" in str(done.exception)
    done = CliRunner().invoke(app, ["compare", "a", "b", "--pair", "one"])
    assert str(done.exception) == "--pair takes the names of two methods as A=B; got one."
