"""What adapters say of themselves is asked again when a file changes that one of them imports."""

import json

from promptseg.config.adapters import facts_of
from promptseg.config.imports import helper_files

ADAPTER = """
import os, sys
sys.path.insert(0, os.path.dirname(__file__))
from helper_nc import LEVEL
from promptseg.methods.controls import BoxFill

class Own(BoxFill):
    learned = LEVEL > 100
"""


def test_files_that_an_adapter_imports_are_named_and_looked_at(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for folder, level in (("one", 100), ("two", 200)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "own.py").write_text(ADAPTER)
        (tmp_path / folder / "helper_nc.py").write_text(f"LEVEL = {level}")
    entries = {name: {"adapter": f"{name}/own.py:Own", "options": {}} for name in ("one", "two")}
    entries["ours"] = {"adapter": "promptseg.methods.controls:BoxFill", "options": {}}
    said = []

    def now():
        found = facts_of(entries, tmp_path / "record.json", again=False, say=said.append)
        return {name: (facts["helpers"], facts["learned"]) for name, facts in found.items()}

    expected = {
        "one": (["one/helper_nc.py"], False),
        "two": (["two/helper_nc.py"], True),
        "ours": ([], False),
    }
    assert now() == now() == expected
    assert len(said) == 1
    (tmp_path / "one" / "helper_nc.py").write_text("LEVEL = 100 + 1")
    assert now() == {**expected, "one": (["one/helper_nc.py"], True)}
    assert said[1:] == ["Asking what the adapter of one can do"]
    record = json.loads((tmp_path / "record.json").read_text())
    assert ["one/helper_nc.py"] in [list(known["behind"]) for known in record.values()]


def test_only_files_of_users_are_helpers(tmp_path, monkeypatch):
    (tmp_path / "helper_nd.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    import helper_nd

    assert helper_nd.__file__
    found = helper_files(None)
    assert (tmp_path / "helper_nd.py").resolve() in found
    assert not [file for file in found if "site-packages" in file.parts or file.name in ("json.py", "adapters.py")]
    assert (tmp_path / "helper_nd.py").resolve() not in helper_files(tmp_path / "helper_nd.py")
