"""What users read about their data is our text: the words of a library go to the log."""

import ast

import pytest

from promptseg.config.schema import SCRIPTS

ROOMS = ("preprocess", "prompts", "predict", "score")
FILES = sorted(path for room in ROOMS for path in (SCRIPTS / "promptseg" / room).glob("*.py"))


def words_of_others(source: str) -> list[str]:
    """Errors that are raised with the text of an exception that is neither ours nor an exit code of a method."""
    found = []
    for handler in ast.walk(ast.parse(source)):
        if not isinstance(handler, ast.ExceptHandler) or handler.name is None:
            continue
        if isinstance(handler.type, ast.Name) and handler.type.id in ("PromptsegError", "SystemExit"):
            continue
        for node in ast.walk(handler):
            if isinstance(node, ast.Raise) and node.exc:
                thrown = ast.unparse(node.exc).replace(f"type({handler.name})", "kind")
                if handler.name in {one.id for one in ast.walk(ast.parse(thrown)) if isinstance(one, ast.Name)}:
                    found.append(thrown)
    return found


@pytest.mark.parametrize("path", FILES, ids=[f"{path.parent.name}/{path.stem}" for path in FILES])
def test_no_text_of_a_library_is_raised(path):
    assert words_of_others(path.read_text()) == []


# These end the run, or hand on what others raised.
RUN_ENDS = {"build", "case", "inputs", "lowest", "manifests", "places", "workers"}


def test_what_fails_a_case_has_a_reason():
    cases = [path for path in FILES if path.parent.name == "preprocess" and path.stem not in RUN_ENDS]
    assert [path.name for path in cases if "PromptsegError(" in path.read_text()] == []


def test_such_texts_are_found():
    caught = "try:\n    pass\nexcept {}:\n    raise PromptsegError(f'no: {}') from error"
    assert words_of_others(caught.format("OSError as error", "{error}")) != []
    assert words_of_others(caught.format("(OSError, KeyError) as error", "{str(error)}")) != []
    assert words_of_others(caught.format("OSError as error", "{type(error).__name__}")) == []
    assert words_of_others(caught.format("PromptsegError as error", "{error}")) == []
