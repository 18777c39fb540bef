"""The picture of one object says in words what each method was asked."""

import pytest

from promptseg.core.errors import PromptsegError
from promptseg.figures.one_object import prompt_of, prompts_file


@pytest.mark.parametrize(
    ("mode", "step", "words"),
    [
        ("mode1", None, "one point, largest component"),
        ("mode5", None, "one box around the object"),
        ("iterative", 1, "1 click"),
        ("iterative", 5, "5 clicks"),
        ("everything", None, "no prompt"),
    ],
)
def test_a_prompt_in_words(mode, step, words):
    assert prompt_of({"mode": mode, "step": step}) == words


def test_a_run_without_a_table_of_prompts(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    expected = r"Run the pipeline first: snakemake --cores all results/prompts/toy\.parquet \(with"
    with pytest.raises(PromptsegError, match=expected):
        prompts_file(tmp_path / "results", "toy")
    (there := tmp_path / "results" / "prompts" / "toy.parquet").parent.mkdir(parents=True)
    there.touch()
    assert prompts_file(tmp_path / "results", "toy") == there
