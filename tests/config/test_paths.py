"""Files that the configuration names and that are not there."""

from promptseg.config.paths import missing_files


def test_all_missing_files_of_the_run_are_named_with_their_keys(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.py").touch()
    methods = {
        "gone": {"adapter": "mine/gone.py:Gone", "environment": "/nowhere/env.yaml"},
        "there": {"adapter": "there.py:There"},
        "ours": {"adapter": "promptseg.methods.sam:Sam"},
        "unused": {"adapter": "unused.py:Unused"},
    }
    config = {"run": {"methods": ["gone", "there", "ours"]}, "methods": methods, "volumes": {"enabled": False}}
    assert [(one.where, one.text) for one in missing_files(config)] == [
        (
            ("methods", "gone", "adapter"),
            f"methods.gone.adapter: there is no file mine/gone.py. A relative path starts at {tmp_path}.",
        ),
        (("methods", "gone", "environment"), "methods.gone.environment: there is no file /nowhere/env.yaml."),
    ]
