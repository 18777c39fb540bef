"""What an answer depends on: the code of a method, but neither comments nor what it says of the prompts it takes."""

import pytest

from promptseg.predict.fingerprint import RECORD, fingerprint, reads

SOURCE = '''"""A method."""
from promptseg.methods.controls import BoxFill

class Own(BoxFill):
    """Boxes."""
    prompt_types = frozenset({"box"})
    max_points = 3
    margin = 1

    def encode(self, pixels):
        return pixels + self.margin
'''


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ('"""Boxes."""', '"""All boxes."""', True),
        ("margin = 1", "margin = 1  # a pixel", True),
        ("margin = 1", "margin = 1\n\n    assert margin", True),
        ("margin = 1", "margin = 1.0", False),
        ("+ self.margin", "+ (self.margin in {1, 2})", False),
        ('{"box"}', '{"box", "point"}', True),
        ("margin = 1", "margin = 2", False),
        ("return pixels", "return 2 * pixels", False),
        ("max_points = 3", "max_points = 4", True),
        ("+ self.margin", "+ self.max_points", False),
    ],
)
def test_edits_of_an_adapter(tmp_path, old, new, same):
    file = tmp_path / "own.py"

    def now(text):
        file.write_text(text)
        return fingerprint(f"{file}:Own", {})

    assert (now(SOURCE) == now(SOURCE.replace(old, new))) is same


def test_another_class_of_the_same_file(tmp_path):
    (file := tmp_path / "own.py").write_text(SOURCE)
    assert fingerprint(f"{file}:Own", {}) != fingerprint(f"{file}:Other", {})
    controls = "promptseg.methods.controls"
    assert fingerprint(f"{controls}:BoxFill", {}) != fingerprint(f"{controls}:BoxEllipse", {})


def test_an_edit_of_a_file_that_the_adapter_imports(tmp_path):
    (file := tmp_path / "own.py").write_text(SOURCE)
    helper = tmp_path / "helper_nc.py"

    def now(text):
        helper.write_text(text)
        return fingerprint(f"{file}:Own", {}, [helper])

    before = now("LEVEL = 100")
    assert now("LEVEL = 101") != before
    assert now("LEVEL = 100") == before
    assert fingerprint(f"{file}:Own", {}) != before


def test_a_claim_that_the_code_reads_counts(tmp_path):
    file, text = tmp_path / "own.py", SOURCE.replace("+ self.margin", "+ self.max_points")
    file.write_text(text)
    before = fingerprint(f"{file}:Own", {})
    file.write_text(text.replace("max_points = 3", "max_points = 4"))
    assert fingerprint(f"{file}:Own", {}) != before
    assert reads(f"{file}:Own", "max_points")
    assert not reads(f"{file}:Own", "off_label")


def test_what_files_mean_is_kept_by_what_they_hold(tmp_path, monkeypatch):
    """The record changes no fingerprint, be it empty, full, damaged or of another state of the code."""
    monkeypatch.chdir(tmp_path)
    (file := tmp_path / "own.py").write_text(SOURCE)
    alone = fingerprint(f"{file}:Own", {})
    assert not RECORD.exists()
    RECORD.parent.mkdir()
    assert fingerprint(f"{file}:Own", {}) == alone
    kept = RECORD.read_bytes()
    assert fingerprint(f"{file}:Own", {}) == alone
    assert RECORD.read_bytes() == kept
    file.write_text(SOURCE.replace("margin = 1", "margin = 2"))
    assert fingerprint(f"{file}:Own", {}) != alone
    file.write_text(SOURCE)
    for damaged in ("", "[]", "[1]", kept[: len(kept) // 2].decode()):
        RECORD.write_text(damaged)
        assert fingerprint(f"{file}:Own", {}) == alone
        assert RECORD.read_bytes() == kept
