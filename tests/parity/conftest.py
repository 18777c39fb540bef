import shutil
from types import SimpleNamespace

import pytest
from safetensors.torch import save_file
from segment_anything import sam_model_registry

from promptseg.methods import Settings
from promptseg.methods.sam import Sam
from promptseg.parity import adapters
from promptseg.parity.command import main
from promptseg.parity.generated_weights import rule_state
from support.networks import tiny_sam
from support.recorder import SALT, record_sam
from support.reduced import ADAPTERS, FIXTURES


@pytest.fixture(scope="session")
def own(tmp_path_factory):
    """A folder with the fixtures of our own, and one more in SAM's older layout."""
    folder = tmp_path_factory.mktemp("own")
    shutil.copytree(FIXTURES, folder, dirs_exist_ok=True)
    save_file(rule_state(tiny_sam(), SALT), folder / "weights.safetensors")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sam_model_registry, "tiny", tiny_sam)
        record_sam(folder / "sam_tiny.npz", Sam(Settings(variant="tiny", weights=folder / "weights.safetensors")))
    return folder


@pytest.fixture
def reduced(monkeypatch):
    """Methods with reduced networks in place of the families' own."""
    monkeypatch.setitem(sam_model_registry, "tiny", tiny_sam)
    for family, adapter in ADAPTERS.items():
        monkeypatch.setitem(adapters.ADAPTERS, family, adapter)


@pytest.fixture
def run(capsys):
    """Runs the command; gives its exit status and its lines by the name of the fixture."""

    def run(*arguments):
        status = main([*(str(argument) for argument in arguments), "--threads", "1"])
        lines = capsys.readouterr().out.splitlines()
        return SimpleNamespace(status=status, last=lines[-1], lines={line.split()[1]: line for line in lines[:-1]})

    return run
