"""What SAM 3's tracker (Carion et al. 2025) needs to follow an object, with the names of the published file."""

from collections.abc import Mapping
from typing import cast

from torch import Tensor, nn

from promptseg.methods.networks.memory_attention import MemoryAttention
from promptseg.methods.networks.sam2 import MemorySizes
from promptseg.methods.networks.sam2_memory import MemoryEncoder, MemoryWeights
from promptseg.methods.networks.sam3 import DETECTOR, TABLES, Sam3Net, Tracker
from promptseg.methods.networks.sam3_vit import Architecture

MEMORY = MemorySizes(prompted=4, least=0.01, clicked="prompted")


class VideoTracker(Tracker, MemoryWeights):
    """The tracker with all of its weights."""

    def __init__(self, sizes: Architecture, memory: MemorySizes):
        super().__init__(sizes)
        self.remember(sizes.width, memory)
        self.maskmem_backbone = MemoryEncoder(sizes.width, memory.width)
        attention = MemoryAttention(sizes.width, memory.width, memory.depth, memory.hidden)
        self.transformer = nn.ModuleDict({"encoder": attention})

    @property
    def memory_attention(self) -> MemoryAttention:
        """The attention to memory."""
        return cast(MemoryAttention, self.transformer["encoder"])


class Sam3VideoNet(Sam3Net):
    """Holds the weights of the image encoder and of the tracker."""

    tracker: VideoTracker

    def __init__(self, sizes: Architecture, memory: MemorySizes = MEMORY):
        super().__init__(sizes)
        self.memory = memory
        self.tracker = VideoTracker(sizes, memory)


def video_part(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The entries of the published file that `Sam3VideoNet` has: all but the detector's and the tables."""
    return {name: value for name, value in state.items() if not name.startswith(DETECTOR) and not name.endswith(TABLES)}
