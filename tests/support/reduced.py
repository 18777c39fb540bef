"""Methods with networks so small that a test can record and compare them, and the fixtures in tests/parity/fixtures.

PYTHONPATH=workflow/scripts:tests python -m support.reduced
"""

import sys
from dataclasses import replace
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
from promptseg.methods.networks.sam3_memory import Sam3VideoNet
from promptseg.methods.networks.sam3_vit import Architecture as Sam3Sizes
from promptseg.methods.networks.sam_around import sam_around
from promptseg.methods.networks.sam_med2d import adapted_sam
from promptseg.methods.networks.scribble_unet import ScribbleUnet
from promptseg.methods.networks.tiny_vit import TinyViT
from promptseg.methods.sam2 import Sam2
from promptseg.methods.sam2_video import Sam2Video
from promptseg.methods.sam3 import Sam3
from promptseg.methods.sam3_video import Sam3Video
from promptseg.methods.sam_med2d import SamMed2D
from promptseg.methods.scribbleprompt import ScribblePromptSam, ScribblePromptUnet
from promptseg.methods.ultrasam import UltraSam, as_ultrasam
from promptseg.parity.record import Recorder
from support.networks import tiny_sam

_EDGETAM_MEMORY = MemorySizes(8, 1, 16, timed_pointers=False, marked_absence=False, condensed=4, clicked="kept")
_SAM3_MEMORY = MemorySizes(8, 2, 16, prompted=2, least=0.01, clicked="prompted")
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


def _sam3_sizes(**changed):
    sizes = Sam3Sizes(image_size=32, patch=2, dim=16, heads=2, hidden=24, depth=2, period=2, window=4, width=16)
    return replace(sizes, **changed)


def _reduced(method, build):
    """The method with a small network, whatever the variant."""
    return type(f"Reduced{method.__name__}", (method,), {"architecture": classmethod(lambda _cls, *_asked: build())})


class ReducedSam2Video(Sam2Video):
    """With a small network, which is EdgeTAM's for its variant."""

    @classmethod
    def architecture(cls, variant, side=None):
        sizes = _sam2_sizes()
        return Sam2VideoNet(replace(sizes, memory=_EDGETAM_MEMORY) if variant.startswith("edgetam") else sizes)


ReducedSam2 = _reduced(Sam2, lambda: Sam2Net(_sam2_sizes()))
ReducedSam3 = _reduced(Sam3, lambda: Sam3Net(_sam3_sizes()))
ReducedSam3Video = _reduced(Sam3Video, lambda: Sam3VideoNet(_sam3_sizes(patch=4), _SAM3_MEMORY))
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
    "sam3_video": ReducedSam3Video,
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


VARIANTS = {
    "sam2": ["sam2.1_hiera_reduced"],
    "sam2_video": ["sam2.1_hiera_reduced", "edgetam_reduced"],
    "sam3": ["sam3"],
    "sam3_video": ["sam3"],
}


def variants_of(family):
    """Those of which there are fixtures."""
    return VARIANTS.get(family, ["reduced"])


def record(folder, family, sizes=((70, 110),)):
    """Write the fixtures of a family."""
    if family in SMALL:
        further = [] if family == "sam" else [(64, 48)]
        return Recorder(folder, family, SMALL[family], "own").record([*sizes, *further])
    if family.endswith("_video"):
        sizes = ((44, 60),)
    salt = "b" if family == "sam3_video" else "own"  # with which object scores are clear
    made = [Recorder(folder, family, variant, salt, ADAPTERS[family]).record(sizes) for variant in variants_of(family)]
    return [path for paths in made for path in paths]


if __name__ == "__main__":
    for each in sys.argv[1:] or (*SMALL, *ADAPTERS):
        for path in record(FIXTURES, each):
            print(path.name, path.stat().st_size)
