"""Objects tracked over the slices of a volume: promptseg beside the plain way, in one run.

    python tests/benchmarks/volumes.py                                    # four objects, 24 slices, 512 px, two threads
    python tests/benchmarks/volumes.py --size 256 --slices 40 --rounds 3
    python tests/benchmarks/volumes.py --size 256 --peak 50 200           # peak memory by number of slices

The plain way is `transformers`' Sam2VideoModel with the same weights, renamed, and with the official pixels, so that
masks can be compared: one object at a time, up from its box, reset, the same box again, and down. Both answer in turn,
and of several rounds the fastest of each counts. Each number of slices of `--peak` runs in a process of its own.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "workflow" / "scripts"))

from usages import Sam2Transformers

from promptseg.core.stacks import MaskStack
from promptseg.methods import Prompt, Settings
from promptseg.methods.devices import keep_freed_memory
from promptseg.methods.sam2_video import Sam2Video
from promptseg.methods.volume import SlicePrompt, Slices, VolumeQuery
from promptseg.parity.generated_weights import Changes, rule_state

VARIANT = "sam2.1_hiera_tiny"
# Louder masks than by the rule, an object that is always there, and attention to memory that is not flat.
GAINS = {f"sam_mask_decoder.output_hypernetworks_mlps.{slot}.layers.2.weight": 6.0 for slot in range(4)}
GAINS |= {f"memory_attention.layers.{layer}.cross_attn_image.q_proj.weight": 4.0 for layer in range(4)}
PRESENT = {"sam_mask_decoder.pred_obj_score_head.layers.2.bias": {"shape": [1], "values": [5.0]}}
# From the names of the published file to those of `transformers`, before those that images use.
NAMES = (
    (r"^maskmem_tpos_enc", "memory_temporal_positional_encoding"),
    (r"^no_mem_pos_enc", "no_memory_positional_encoding"),
    (r"^no_obj_ptr", "no_object_pointer"),
    (r"^no_obj_embed_spatial", "occlusion_spatial_embedding_parameter"),
    (r"^obj_ptr_tpos_proj", "temporal_positional_encoding_projection_layer"),
    (r"^obj_ptr_proj\.layers\.0", "object_pointer_proj.proj_in"),
    (r"^obj_ptr_proj\.layers\.1", "object_pointer_proj.layers.0"),
    (r"^obj_ptr_proj\.layers\.2", "object_pointer_proj.proj_out"),
    (r"^memory_attention\.norm", "memory_attention.layer_norm"),
    (r"^memory_encoder\.out_proj", "memory_encoder.projection"),
    (r"^memory_encoder\.pix_feat_proj", "memory_encoder.feature_projection"),
    *((rf"mask_downsampler\.encoder\.{3 * step}\.", f"mask_downsampler.layers.{step}.conv.") for step in range(4)),
    *((rf"downsampler\.encoder\.{3 * step + 1}\.", f"downsampler.layers.{step}.layer_norm.") for step in range(4)),
    (r"mask_downsampler\.encoder\.12", "mask_downsampler.final_conv"),
    (r"\.fuser\.", ".memory_fuser."),
    (r"(fuser\.layers\.\d)\.gamma", r"\1.scale"),
    (r"(fuser\.layers\.\d)\.dwconv", r"\1.depthwise_conv"),
    (r"(fuser\.layers\.\d)\.norm", r"\1.layer_norm"),
    (r"(fuser\.layers\.\d)\.pwconv", r"\1.pointwise_conv"),
)


class Volume(Slices):
    """Noise with bright balls, made slice by slice."""

    spacing = positions = None

    def __init__(self, slices: int, objects: int, side: int = 256):
        self.volume_id, self.shape = "balls", (slices, side, side)
        rng = np.random.default_rng(0)
        self.centres = rng.uniform(0.25, 0.75, (objects, 3)) * self.shape
        self.radius = 0.15 * side

    def _near(self, z: int) -> np.ndarray:
        rows, columns = np.mgrid[: self.shape[1], : self.shape[2]]
        depth, height, width = (self.centres[:, axis, None, None] for axis in range(3))
        stretch = self.shape[1] / self.shape[0]
        return ((z - depth) * stretch) ** 2 + (rows - height) ** 2 + (columns - width) ** 2 < self.radius**2

    def pixels(self, z: int) -> np.ndarray:
        """As of `Slices`."""
        noise = np.random.default_rng(z).integers(0, 100, self.shape[1:], np.uint8)
        return np.repeat((noise + 40 * self._near(z).sum(0)).clip(0, 255).astype(np.uint8)[..., None], 3, axis=2)

    def digest(self, z: int) -> str:
        """As of `Slices`."""
        return str(z)

    def raw(self) -> Path:
        """There is no such file."""
        raise NotImplementedError

    def boxes(self) -> list[tuple[int, np.ndarray]]:
        """A box on the middle slice of each ball."""
        found = []
        for z, y, x in self.centres.round().astype(int):
            r = int(self.radius)
            found.append((int(z), np.array([x - r, y - r, x + r, y + r], np.int32)))
        return found


def ours(method: Sam2Video, volume: Volume) -> list[MaskStack]:
    """All objects at once."""
    nothing = np.zeros((0, 2), np.int32), np.zeros(0, np.int8)
    whole = (0, volume.shape[0] - 1)
    prompts = [SlicePrompt(z, Prompt(*nothing, box)) for z, box in volume.boxes()]
    queries = [VolumeQuery([prompt], whole, False, final=True) for prompt in prompts]
    return [answer.masks for answer in method.answer(volume, queries)]


class Plain:
    """`transformers`, one object at a time."""

    def __init__(self, weights: Path, size: int, prepare):
        from transformers import Sam2VideoConfig, Sam2VideoModel

        config = Sam2VideoConfig(image_size=size, memory_attention_rope_feat_sizes=[size // 16, size // 16])
        config.vision_config.backbone_config.image_size = [size, size]
        config.vision_config.backbone_feature_sizes = [[size // step, size // step] for step in (4, 8, 16)]
        config.prompt_encoder_config.image_size = size
        self.model = Sam2VideoModel(config).eval()
        state = load_file(weights)
        for pattern, replacement in NAMES:
            state = {re.sub(pattern, replacement, name): value for name, value in state.items()}
        self.model.load_state_dict(Sam2Transformers._renamed(state), strict=True)
        self.size, self.prepare = size, prepare

    @torch.inference_mode()
    def __call__(self, volume: Volume) -> list[MaskStack]:
        from transformers.models.sam2_video.modeling_sam2_video import Sam2VideoInferenceSession

        depth, height, width = volume.shape
        frames = torch.cat([self.prepare(volume.pixels(z)) for z in range(depth)])
        found = []
        for z, box in volume.boxes():
            session = Sam2VideoInferenceSession(frames, height, width, dtype=torch.float32)
            masks = np.zeros(volume.shape, bool)
            for reverse in (False, True):
                session.reset_tracking_data()
                corners = torch.tensor(box.reshape(1, 1, 2, 2) * (self.size / width, self.size / height)).float()
                given = {"point_coords": corners, "point_labels": torch.tensor([[[2, 3]]], dtype=torch.int32)}
                session.add_point_inputs(session.obj_id_to_idx(1), z, given)
                session.obj_with_new_inputs = [1]
                self.model(session, frame_idx=z)
                for answer in self.model.propagate_in_video_iterator(session, reverse=reverse):
                    full = F.interpolate(answer.pred_masks, (height, width), mode="bilinear", align_corners=False)
                    masks[answer.frame_idx] = full[0, 0].numpy() > 0
            found.append(MaskStack.of(masks))
        return found


def methods(size: int, folder: Path) -> tuple[Sam2Video, Path]:
    """Our method with generated weights, and their file."""
    weights = folder / "weights.safetensors"
    with torch.device("meta"):
        network = Sam2Video.architecture(VARIANT)
    save_file(rule_state(network, "dev", Changes.parse(GAINS, PRESENT)), weights)
    return Sam2Video(Settings(variant=VARIANT, weights=weights, options={"video_size": size})), weights


def compare(chosen: argparse.Namespace, folder: Path) -> None:
    """Both ways in turn: seconds, and pixels that differ."""
    method, weights = methods(chosen.size, folder)
    plain = Plain(weights, chosen.size, method.tracker.prepare)
    seconds: dict[str, list[float]] = {"promptseg": [], "transformers": []}
    busy: dict[str, list[float]] = {"promptseg": [], "transformers": []}
    for _ in range(chosen.rounds):
        for name, way in (("promptseg", lambda volume: ours(method, volume)), ("transformers", plain)):
            start, cpu = time.perf_counter(), time.process_time()
            answers = way(Volume(chosen.slices, chosen.objects))
            seconds[name].append(time.perf_counter() - start)
            busy[name].append(time.process_time() - cpu)
            if name == "promptseg":
                known = answers
    pixels = differing = found = worst = 0
    for a, b in zip(known, answers, strict=True):
        for z in range(chosen.slices):
            different = int(np.count_nonzero(a.slice(z) != b.slice(z)))
            differing, worst, found = differing + different, max(worst, different), found + a.area(z)
            pixels += a.shape[1] * a.shape[2]
    each, cpu_each = ({name: min(some) / chosen.slices for name, some in kind.items()} for kind in (seconds, busy))
    load = os.getloadavg()[0]
    print(
        f"{chosen.objects} objects, {chosen.slices} slices, {chosen.size} px, {chosen.threads} threads, load {load:.1f}"
    )
    for name, some in seconds.items():
        rounds = ", ".join(f"{one:.1f} s" for one in some)
        print(f"{name:13} {each[name]:.2f} s a slice, {cpu_each[name]:.2f} s of CPU   rounds: {rounds}")
    for what, of in (("ratio", each), ("ratio of CPU time", cpu_each)):
        print(f"{what} {of['transformers'] / of['promptseg']:.2f}")
    share = found / pixels
    print(f"masks differ in {differing} of {pixels} pixels, at most {worst} of a slice; {share:.0%} belong to masks")


def peak(slices: int, chosen: argparse.Namespace, folder: Path) -> None:
    """Peak memory of this process while it tracks over so many slices."""
    method, _ = methods(chosen.size, folder)
    Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")  # what making the weights took does not count
    start = time.perf_counter()
    ours(method, Volume(slices, chosen.objects))
    seconds = time.perf_counter() - start
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    memory = int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024
    print(f"{slices:4} slices: {memory:.0f} MB at most, {seconds / slices:.2f} s a slice")


def main() -> None:
    """See above."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=512, help="side of the network's input")
    parser.add_argument("--slices", type=int, default=24)
    parser.add_argument("--objects", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--peak", type=int, nargs="+", metavar="SLICES", help="peak memory instead of seconds")
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)
    keep_freed_memory()
    with tempfile.TemporaryDirectory(prefix="promptseg-volumes-") as folder:
        if not chosen.peak:
            compare(chosen, Path(folder))
        elif len(chosen.peak) == 1:
            peak(chosen.peak[0], chosen, Path(folder))
        else:
            for slices in chosen.peak:
                told = [f"--size={chosen.size}", f"--objects={chosen.objects}", f"--threads={chosen.threads}"]
                subprocess.run([sys.executable, __file__, f"--peak={slices}", *told], check=True)


if __name__ == "__main__":
    main()
