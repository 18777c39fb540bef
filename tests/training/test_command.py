import pytest
import yaml

from promptseg.training import command


def test_the_command_explains_itself_and_its_errors(capsys, tmp_path):
    with pytest.raises(SystemExit) as ended:
        command.main(["--help"])
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    assert all(option in shown for option in ("--output", "--hours", "--device", "--precision", "--threads"))
    assert command.main(["unknown"]) == 1
    assert "has no network 'unknown'" in capsys.readouterr().err
    path = tmp_path / "training.yaml"
    path.write_text(
        yaml.safe_dump(
            {
                "networks": {
                    "mine": {
                        "family": "focalclick",
                        "variant": "segformerB0_S2",
                        "learning_rate": 1e-3,
                        "stages": [{"until": 2, "size": 64, "batch": 1}],
                    }
                }
            }
        )
    )
    arguments = ["mine", "--config", str(path), "--output", str(tmp_path / "run"), "--hours", "0", "--device", "cpu"]
    assert command.main(arguments) == 3
