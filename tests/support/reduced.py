"""Methods with networks so small that a test can record and compare them, and the fixtures in tests/parity/fixtures.

PYTHONPATH=workflow/scripts:tests python -m support.reduced
"""

import sys
from pathlib import Path

from promptseg.methods.efficient_sam import EfficientSam
from promptseg.methods.hq_sam import HqSam
from promptseg.methods.lite_medsam import LiteMedSam
from promptseg.methods.medicosam import MedicoSam
from promptseg.methods.medsam import MedSam
from promptseg.methods.mobile_sam import MobileSam
from promptseg.methods.networks.efficient_sam import Architecture as EfficientSizes
from promptseg.methods.networks.efficient_sam import EfficientSamNetwork
from promptseg.methods.networks.hiera import HieraSizes
from promptseg.methods.networks.hq_decoder import HqMaskDecoder
from promptseg.methods.networks.sam2 import MemorySizes, Sam2Net, Sam2Sizes
from promptseg.methods.networks.sam2_memory import Sam2VideoNet
from promptseg.methods.networks.sam3 import Sam3Net
from promptseg.methods.networks.sam3_vit import Architecture as Sam3Sizes
from promptseg.methods.networks.sam_around import sam_around
from promptseg.methods.networks.sam_med2d import adapted_sam
from promptseg.methods.networks.scribble_unet import ScribbleUnet
from promptseg.methods.networks.tiny_vit import TinyViT
from promptseg.methods.sam2 import Sam2
from promptseg.methods.sam2_video import Sam2Video
from promptseg.methods.sam3 import Sam3
from promptseg.methods.sam_med2d import SamMed2D
from promptseg.methods.scribbleprompt import ScribblePromptSam, ScribblePromptUnet
from promptseg.methods.ultrasam import UltraSam, as_ultrasam
from promptseg.parity.record import Recorder
from support.networks import tiny_sam

FIXTURES = Path(__file__).resolve().parents[1] / "parity" / "fixtures"
COMMAND = "PYTHONPATH=workflow/scripts:tests python -m support.reduced"


def _tiny_vit():
    encoder = TinyViT(128, 4, 5, (8, 8, 12, 16), (1, 1, 2, 1), (1, 2, 3, 2), (3, 4, 2, 5), 64)
    return sam_around(encoder, 128, 8, 64, 2, 64)


def _lite():
    encoder = TinyViT(64, 1, 0, (8, 8, 12, 16), (1, 1, 2, 1), (1, 2, 3, 2), (3, 4, 2, 5), 32)
    return sam_around(encoder, 64, 16, width=32, heads=2, mlp_width=32)


def _hq():
    network = tiny_sam()
    network.mask_decoder = HqMaskDecoder(network.mask_decoder.transformer, 32)
    return network


def _sam2_sizes():
    hiera = HieraSizes(8, 1, (1, 1, 1, 1), (2,), (4, 2, 4, 2), 3)
    return Sam2Sizes(64, hiera, width=32, heads=2, hidden=32, memory=MemorySizes(width=8, depth=2, hidden=16))


def _sam3():
    return Sam3Net(Sam3Sizes(image_size=32, patch=2, dim=16, heads=2, hidden=24, depth=2, period=2, window=4, width=16))


def _reduced(method, build):
    """The method with a small network, whatever the variant."""
    return type(f"Reduced{method.__name__}", (method,), {"architecture": classmethod(lambda _cls, *_asked: build())})


ReducedSam2 = _reduced(Sam2, lambda: Sam2Net(_sam2_sizes()))
ReducedSam2Video = _reduced(Sam2Video, lambda: Sam2VideoNet(_sam2_sizes()))
ReducedSam3 = _reduced(Sam3, _sam3)
ReducedHqSam = _reduced(HqSam, _hq)
ReducedMobileSam = _reduced(MobileSam, _tiny_vit)
ReducedEfficientSam = _reduced(EfficientSam, lambda: EfficientSamNetwork(EfficientSizes(24, 3, 2, 128, 32, 2, 64)))
ReducedMedSam = _reduced(MedSam, tiny_sam)
ReducedLiteMedSam = _reduced(LiteMedSam, _lite)
ReducedSamMed2D = _reduced(SamMed2D, lambda: adapted_sam(width=16, depth=2, heads=2, everywhere=(1,)))
ReducedMedicoSam = _reduced(MedicoSam, tiny_sam)
ReducedUltraSam = _reduced(UltraSam, lambda: as_ultrasam(tiny_sam()))
ReducedScribblePromptSam = _reduced(ScribblePromptSam, tiny_sam)
ReducedScribblePromptUnet = _reduced(ScribblePromptUnet, lambda: ScribbleUnet(4, depth=2))

REDUCED = {
    "sam2": ReducedSam2,
    "sam2_video": ReducedSam2Video,
    "sam3": ReducedSam3,
    "hq_sam": ReducedHqSam,
    "mobile_sam": ReducedMobileSam,
    "efficient_sam": ReducedEfficientSam,
    "medsam": ReducedMedSam,
    "lite_medsam": ReducedLiteMedSam,
    "sam_med2d": ReducedSamMed2D,
    "medicosam": ReducedMedicoSam,
    "ultrasam": ReducedUltraSam,
    "scribbleprompt_sam": ReducedScribblePromptSam,
    "scribbleprompt_unet": ReducedScribblePromptUnet,
}
ADAPTERS = {family: f"support.reduced:{method.__name__}" for family, method in REDUCED.items()}
# Families whose smallest networks are small.
SMALL = {"sam": "small", "ritm": "small", "simpleclick": "small", "focalclick": "segformerB0_S2"}


def variant_of(family):
    return "sam2.1_hiera_reduced" if family in ("sam2", "sam2_video") else "sam3" if family == "sam3" else "reduced"


def record(folder, family, sizes=((70, 110),)):
    """Write the fixtures of a family."""
    if family in SMALL:
        further = [] if family == "sam" else [(64, 48)]
        return Recorder(folder, family, SMALL[family], "own").record([*sizes, *further])
    if family == "sam2_video":
        sizes = ((44, 60),)
    return Recorder(folder, family, variant_of(family), "own", ADAPTERS[family]).record(sizes)


if __name__ == "__main__":
    for each in sys.argv[1:] or (*SMALL, *ADAPTERS):
        for path in record(FIXTURES, each):
            print(path.name, path.stat().st_size)
