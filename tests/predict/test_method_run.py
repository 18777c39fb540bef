"""A method as a job runs it: weights, settings, provenance, cache."""

import hashlib
import logging

import pytest
import yaml

from promptseg.core.errors import PromptsegError
from promptseg.methods import adapter_class, is_for_volumes, named_class
from promptseg.methods.volume_checks import volume_problems
from promptseg.predict.method_run import Computing, check_entry, check_weights, prepare
from support.projects import ROOT

WEIGHTS = b"not quite a network"
PUBLISHED = {"url": "http://example.org/w.pth", "sha256": "0" * 64}
ENTRY = {"adapter": "promptseg.methods.controls:ClickDisk", "gpu": False, "options": {"radius": 0.2}, "threads": 1}


@pytest.fixture
def weights(tmp_path):
    path = tmp_path / "w.pth"
    path.write_bytes(WEIGHTS)
    return path


def test_weights_that_were_downloaded_must_be_the_published_ones(weights):
    with pytest.raises(PromptsegError, match=r"w\.pth does not hold the published weights of sam: .*Delete it"):
        check_weights("sam", PUBLISHED, weights)
    check_weights("sam", PUBLISHED | {"sha256": hashlib.sha256(WEIGHTS).hexdigest()}, weights)


def test_weights_of_the_users_own_may_differ(weights, caplog):
    check_weights("sam", {"path": str(weights)}, weights)
    assert not caplog.records
    check_weights("sam", PUBLISHED | {"path": str(weights)}, weights)
    (record,) = caplog.records
    assert (record.levelno, record.name) == (logging.WARNING, "promptseg.predict.method_run")
    assert "does not hold the published weights of sam" in record.message


def test_a_method_without_weights_runs_in_full_precision_on_its_device(tmp_path):
    run = prepare("disk", "toy", ENTRY, None, Computing(device="auto", precision="bf16"))
    settings = run.method.settings
    assert (settings.precision, settings.device, settings.options) == ("fp32", "cpu", {"radius": 0.2})
    found = run.provenance(seed=3)
    assert (found["method"], found["dataset"], found["seed"], found["weights_sha256"]) == ("disk", "toy", 3, None)
    expected = {"adapter": ENTRY["adapter"], "variant": None, "off_label": None, "options": {"radius": 0.2}}
    assert found["entry"] == expected
    assert "numpy" in found["versions"]
    assert type(run.in_fp32()) is type(run.method)


def test_embeddings_depend_on_weights_settings_and_code(weights, tmp_path):
    entry = {**ENTRY, "checkpoint": {"path": str(weights)}}
    code = tmp_path / "sam.py"

    def cache(content, options=ENTRY["options"]):
        code.write_text(content)
        run = prepare("disk", "toy", {**entry, "options": options}, weights, Computing(device="cpu"))
        return run.embedding_cache(tmp_path / "predictions.parquet", [code], True)

    with prepare("disk", "toy", ENTRY, None, Computing()).embedding_cache(tmp_path / "p", [], False) as none:
        assert none is None
    with cache("one") as kept:
        kept.put("image", b"embedding")
    with cache("one") as same:
        assert same.get("image") == b"embedding"
    for changed in (cache("two"), cache("one", {"radius": 0.3})):
        with changed as other:
            assert other.get("image") is None
    assert (tmp_path / "predictions.embeddings.sqlite").is_file()
    weights.write_bytes(b"trained again")
    with cache("one") as other:
        assert other.get("image") is None


@pytest.mark.parametrize(
    ("adapter", "entry", "message"),
    [
        (
            "hq_sam:HqSam",
            {"options": {"hq_token_onyl": True}},
            r"methods\.it\.options names 'hq_token_onyl', .*hq_token",
        ),
        (
            "hq_sam:HqSam",
            {"options": {"hq_token_only": "false"}},
            r"options\.hq_token_only is 'false': .*without quotes",
        ),
        ("mobile_sam:MobileSam", {"options": {"flip": True}}, "MobileSam does not know.*known options: none"),
        ("ultrasam:UltraSam", {"variant": "vit_b", "options": {"passes": 3}}, "passes` of UltraSam is 3"),
        ("mobile_sam:MobileSam", {"off_label": True}, r"methods\.it\.off_label is true, but there is no prompt"),
        ("mobile_sam:MobileSam", {}, r"methods\.it: .*needs weights.*checkpoint"),
        ("sam:Sam", {"variant": "vit_x"}, r"methods\.it\.variant is 'vit_x', which Sam does not have.*vit_h, vit_l"),
        ("ritm:Ritm", {"variant": "small"}, "needs weights.*checkpoint"),
        ("ritm:Ritm", {"variant": "small", "precision": "int8"}, r"it\.Ritm computes by PyTorch in fp32 or bf16 alone"),
        ("hq_sam:HqSam", {"variant": "vit_b", "backend": "openvino"}, r"it\.HqSam computes by PyTorch in fp32 or bf16"),
        (
            "mobile_sam:MobileSam",
            {"networks": {"encoder": "no.onnx"}},
            r"networks\.encoder is no\.onnx, and there is no",
        ),
        (
            "mobile_sam:MobileSam",
            {"networks": {"encoder": "x.xml"}, "precision": "fp32"},
            r"precision is fp32, but that of",
        ),
        (
            "mobile_sam:MobileSam",
            {"networks": {"encoder": "x.xml"}, "backend": "torch"},
            r"backend is torch, which does not",
        ),
        (
            "sam2:Sam2",
            {"variant": "edgetam", "networks": {"decoder": "x.xml"}},
            r"networks\.decoder: .*It takes encoder",
        ),
        (
            "mobile_sam:MobileSam",
            {"backend": "onnxruntime", "precision": "bf16"},
            r"in which onnxruntime does not compute",
        ),
    ],
)
def test_an_entry_that_does_not_fit_its_adapter_is_refused(adapter, entry, message):
    whole = {"variant": "vit_t", "options": {}, "gpu": False, "adapter": f"promptseg.methods.{adapter}"}
    with pytest.raises(PromptsegError, match=message):
        prepare("it", "toy", whole | entry, None, Computing(device="cpu"))


def test_a_constructor_has_to_keep_the_settings(tmp_path):
    adapter = tmp_path / "it.py"
    adapter.write_text(
        "from promptseg.methods.controls import BoxFill\n"
        "class Fill(BoxFill):\n    def __init__(self, settings):\n        self.side = 3\n"
    )
    entry = {**ENTRY, "options": {}, "adapter": f"{adapter}:Fill"}
    with pytest.raises(PromptsegError, match=r"^methods\.it: Fill\.__init__ does not call `super\(\)"):
        prepare("it", "toy", entry, None, Computing(device="cpu"))
    adapter.write_text(adapter.read_text().replace("self.side = 3", "raise SystemExit('no GPU')"))
    with pytest.raises(
        PromptsegError, match=r"^methods\.it: Fill\.__init__ called sys\.exit\('no GPU'\)\. Raise an error"
    ):
        prepare("it", "toy", entry, None, Computing(device="cpu"))


def test_all_entries_of_the_registry_fit_their_classes():
    registry = yaml.safe_load((ROOT / "config" / "methods.yaml").read_text())["methods"]
    for name, entry in registry.items():
        if is_for_volumes(named_class(entry["adapter"])):
            assert volume_problems(name, entry) == []
        else:
            check_entry(name, adapter_class(entry["adapter"]), entry)
