from types import SimpleNamespace

import numpy as np
import pytest
from safetensors.torch import save_file
from segment_anything import sam_model_registry

from promptseg.methods import Settings
from promptseg.methods.focalclick import FocalClick
from promptseg.methods.networks.focalclick import FocalClickNet
from promptseg.methods.networks.hrnet import RitmNet
from promptseg.methods.networks.simpleclick import SimpleClickNet
from promptseg.methods.ritm import Ritm
from promptseg.methods.sam import Sam as SamMethod
from promptseg.methods.simpleclick import SimpleClick
from promptseg.parity.command import main
from promptseg.parity.generated_weights import rule_state
from support.networks import tiny_sam
from support.recorder import SALT, Recorder, record_protocol, record_sam


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """A folder of fixtures of every kind, made by our own methods with another salt."""
    folder = tmp_path_factory.mktemp("own")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sam_model_registry, "tiny", tiny_sam)
        focal = Recorder(
            folder, FocalClick, FocalClickNet, "segformerB0_S2", "feature_extractor.decode_head.linear_pred"
        )
        focal.net(256, 256)
        focal.pipeline("seq", [(60, 90, 3), (120, 70, 1)])
        focal.pipeline("paper", [(60, 90, 2)], fresh=True)
        focal.pipeline("focal", [(90, 60, 4)])
        record_protocol(folder / "protocol_focalclick_segformerB0_S2.npz", focal.method, 4)
        ritm = Recorder(folder, Ritm, RitmNet, "hrnet18s", "feature_extractor.cls_head")
        ritm.net(48, 64)
        for mode in ("seq", "oneshot"):
            ritm.pipeline(mode, [(64, 48, 2)], fresh=mode == "oneshot")
        seq = np.load(folder / "ritm_hrnet18s__seq.npz")
        ritm.pipeline("leak", [(64, 48, 2)])
        assert len(seq["clicks_0"]) == 2
        record_protocol(folder / "protocol_ritm_hrnet18s.npz", ritm.method, 2, leaks=True)
        simple = Recorder(folder, SimpleClick, SimpleClickNet, "vit_xtiny", "head.conv_seg")
        simple.net(448, 448)
        simple.pipeline("plain", [(50, 70, 2)])
        simple = Recorder(folder, SimpleClick, SimpleClickNet, "vit_xtiny", "head.conv_seg", cascade_steps=5)
        simple.pipeline("seq", [(50, 70, 2)])
        simple.pipeline("paper", [(50, 70, 2)], fresh=True)
        save_file(rule_state(tiny_sam(), SALT), folder / "weights.safetensors")
        sam = SamMethod(Settings(variant="tiny", weights=folder / "weights.safetensors"))
        record_sam(folder / "sam_tiny.npz", sam)
        record_protocol(folder / "protocol_sam_tiny.npz", sam, 5)
        record_protocol(folder / "protocol_sam_tiny_oracle.npz", sam, 5, oracle=True)
        save_file(rule_state(SamMethod.architecture("small"), SALT), folder / "small.safetensors")
        small = SamMethod(Settings(variant="small", weights=folder / "small.safetensors"))
        record_sam(folder / "sam_small.npz", small)
        record_protocol(folder / "protocol_sam_small.npz", small, 3)
        yield folder


@pytest.fixture
def run(capsys, monkeypatch):
    """Runs the command; gives its exit status and its lines by the name of the fixture."""

    monkeypatch.setitem(sam_model_registry, "tiny", tiny_sam)

    def run(*arguments):
        status = main([str(argument) for argument in arguments])
        lines = capsys.readouterr().out.splitlines()
        return SimpleNamespace(status=status, last=lines[-1], lines={line.split()[1]: line for line in lines[:-1]})

    return run
