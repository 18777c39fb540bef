"""SAM under the study's full protocol: the reference way against the batched engine, in one run on one machine.

    python tests/benchmarks/sam_protocol.py             # vit_b with deterministic weights, 10 minutes on 2 cores
    python tests/benchmarks/sam_protocol.py --memory    # peak memory for 40 and for 400 images instead

The reference way is `segment_anything.SamPredictor` called as the study's released scripts call it: two scripts (five
modes; nine clicks), each run once for the first mask and once for the oracle, so every image is encoded four times, and
every prompt is decoded alone. It is timed with the C library's default allocator, as users run it, and with settings
that keep freed memory. Each way runs in a process of its own; of several rounds the fastest counts.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from segment_anything import SamPredictor, sam_model_registry
from segment_anything.modeling import ImageEncoderViT, MaskDecoder, PromptEncoder, Sam, TwoWayTransformer
from study import matrix_product, ours, reference, samples, synchronise
from torch.utils.flop_counter import FlopCounterMode

from promptseg.methods import Settings
from promptseg.methods.checkpoints import load_state_dict
from promptseg.methods.devices import has_bf16, keep_freed_memory
from promptseg.methods.sam import Sam as SamMethod
from promptseg.parity.generated_weights import rule_state

KEEPING = {
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": str(2**33),
    "MALLOC_TOP_PAD_": str(2**28),
}


def light() -> Sam:
    """SAM's own decoder and embedding size behind an encoder that costs almost nothing, to watch the memory."""
    encoder = ImageEncoderViT(embed_dim=32, depth=1, num_heads=1, out_chans=256, use_rel_pos=True, window_size=14)
    return Sam(
        encoder,
        PromptEncoder(embed_dim=256, image_embedding_size=(64, 64), input_image_size=(1024, 1024), mask_in_chans=16),
        MaskDecoder(
            num_multimask_outputs=3,
            transformer=TwoWayTransformer(depth=2, embedding_dim=256, mlp_dim=2048, num_heads=8),
            transformer_dim=256,
        ),
    )


sam_model_registry["light"] = lambda checkpoint=None: light()


def work(arguments: argparse.Namespace) -> dict[str, object]:
    """What one process does."""
    dtype = torch.bfloat16 if arguments.way == "bf16" else torch.float32
    result: dict[str, object] = {}
    if arguments.way == "reference":
        model = sam_model_registry[arguments.variant]()
        model.load_state_dict(load_state_dict(arguments.weights))
        predictor = SamPredictor(model.to(arguments.device).eval())
        calls = {"encoder": 0, "decoder": 0}
        model.image_encoder.register_forward_hook(lambda *_: calls.update(encoder=calls["encoder"] + 1))
        model.mask_decoder.register_forward_hook(lambda *_: calls.update(decoder=calls["decoder"] + 1))
        predictor.set_image(next(samples(1, arguments.size))[0].pixels)  # warm
        calls.update(encoder=0)
        pictures = list(samples(arguments.images, arguments.size))
        start = time.perf_counter()
        found: dict[str, float] = {}
        for selection in ("first", "oracle"):
            ious = reference(predictor, pictures, selection == "oracle")
            found |= {f"{selection} {key}": value for key, value in ious.items()}
        result |= {"seconds": time.perf_counter() - start, "ious": found, "calls": calls}
    else:
        keep_freed_memory()
        precision = "bf16" if arguments.way == "bf16" else "fp32"
        method = SamMethod(
            Settings(
                arguments.variant,
                arguments.weights,
                arguments.device,
                precision=precision,
                compile=arguments.compile,
            )
        )
        method.encode(next(samples(1, arguments.size))[0].pixels)  # warm
        start = time.perf_counter()
        found, runner = ours(method, samples(arguments.images, arguments.size))
        result |= {"seconds": time.perf_counter() - start, "ious": found}
        result["calls"] = {"encoder": runner.cost.images, "decoder": runner.cost.prompts}
        result["parts"] = {
            "encoder": runner.cost.encode_seconds / arguments.images,
            "decoder": runner.cost.decode_seconds / arguments.images,
        }
        batch = torch.randn(1, 3, 1024, 1024, device=arguments.device)
        with FlopCounterMode(display=False) as counter, torch.inference_mode():
            sam_model_registry[arguments.variant]().to(arguments.device).image_encoder(batch)
        result["flop"] = counter.get_total_flops()
        speeds, times = [], []
        with torch.inference_mode():
            method.encoder(batch)
            for _ in range(5):  # in turns, so that both see the same machine
                speeds.append(matrix_product(arguments.device, dtype))
                synchronise(arguments.device)
                start = time.perf_counter()
                method.encoder(batch)
                synchronise(arguments.device)
                times.append(time.perf_counter() - start)
        result |= {"encoder_seconds": min(times), "peak": max(speeds)}
    result["memory_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return result


def child(arguments: argparse.Namespace, way: str, environment: dict[str, str], **changes: object) -> dict:
    """Run `work` in a fresh process."""
    options = {**vars(arguments), "way": way, **changes}
    command = [sys.executable, __file__]
    for name in ("images", "size", "variant", "device", "way", "weights"):
        command += [f"--{name}", str(options[name])]
    if options["compile"]:
        command.append("--compile")
    done = subprocess.run(command, env=os.environ | environment, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


def compare(arguments: argparse.Namespace) -> None:
    """Time all ways and print them side by side."""
    ways = {
        "reference, as users run it": ("reference", {}),
        "reference, memory kept": ("reference", KEEPING),
        "promptseg fp32": ("fp32", {}),
    }
    if has_bf16(arguments.device):
        ways["promptseg bf16"] = ("bf16", {})
    else:
        print("bf16: not measured, this processor has no instructions for it")
    results: dict[str, dict] = {}
    for number in range(arguments.rounds):
        for name, (way, environment) in ways.items():
            found = child(arguments, way, environment)
            print(f"round {number + 1}, {name}: {found['seconds'] / arguments.images:.2f} s per image", flush=True)
            if name not in results or found["seconds"] < results[name]["seconds"]:
                results[name] = found
    print("the fastest round of each:")
    for name, found in results.items():
        parts = ", ".join(f"{part} {seconds:.2f} s" for part, seconds in found.get("parts", {}).items())
        print(
            f"{name:28s} {found['seconds'] / arguments.images:7.2f} s per image{f' ({parts})' if parts else ''}, "
            f"{found['calls']['encoder']} encodings, {found['calls']['decoder']} prompts decoded, "
            f"{found['memory_mb']:.0f} MB"
        )
    first, second = (results[name] for name in list(ways)[:2])
    for name in list(ways)[2:]:
        found = results[name]
        differences = [abs(found["ious"][key] - value) for key, value in first["ious"].items()]
        share = found["flop"] / found["encoder_seconds"] / found["peak"]
        print(
            f"{name}: {first['seconds'] / found['seconds']:.1f} times as fast as the reference, "
            f"{second['seconds'] / found['seconds']:.1f} times as fast as the reference that keeps memory\n"
            f"  encoder {found['encoder_seconds']:.2f} s for {found['flop'] / 1e9:.0f} GFLOP: {share:.0%} of the "
            f"{found['peak'] / 1e9:.0f} GFLOP/s of a matrix product\n"
            f"  IoU of {len(differences)} masks: largest difference {max(differences):.1e}, "
            f"mean difference {np.mean(differences):.1e}"
        )


def memory(arguments: argparse.Namespace) -> None:
    """Peak memory against the number of images, with SAM's decoder behind a light encoder."""
    few, many = (child(arguments, "fp32", {}, images=count, variant="light")["memory_mb"] for count in (40, 400))
    print(f"peak memory: {few:.0f} MB for 40 images, {many:.0f} MB for 400 images ({many / few - 1:+.1%})")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=2, help="how often each way is timed")
    parser.add_argument("--size", type=int, default=512, help="height and width of the images")
    parser.add_argument("--variant", default="vit_b", help="vit_b, vit_l or vit_h")
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--compile", action="store_true", help="compile the encoder")
    parser.add_argument("--memory", action="store_true", help="measure memory instead of time")
    parser.add_argument("--way", help=argparse.SUPPRESS)
    parser.add_argument("--weights", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.way:
        print(json.dumps(work(arguments)))
        return
    with tempfile.TemporaryDirectory() as folder:
        arguments.weights = Path(folder) / "weights.safetensors"
        variant = "light" if arguments.memory else arguments.variant
        save_file(rule_state(sam_model_registry[variant]()), arguments.weights)
        print(f"{arguments.images} images, {torch.get_num_threads()} threads, {arguments.device}", flush=True)
        memory(arguments) if arguments.memory else compare(arguments)


if __name__ == "__main__":
    main()
