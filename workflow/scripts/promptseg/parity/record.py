"""Fixtures of our own, from our methods: `python -m promptseg.parity record DIR --method FAMILY`."""

import argparse
import json
import re
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import numpy as np
import torch
from safetensors.torch import save_file

from promptseg.core.errors import PromptsegError
from promptseg.methods import Settings, named_class
from promptseg.parity.adapters import ADAPTERS, options
from promptseg.parity.fixtures import PIPELINES, stem
from promptseg.parity.generated_weights import Changes, rule_state
from promptseg.parity.record_clicks import overrides, record_network, record_pipeline, record_protocol
from promptseg.parity.record_prompts import record_prompts
from promptseg.parity.record_videos import record_video
from promptseg.parity.scenes import Scene

DESCRIPTION = """\
Record fixtures of our own methods, with generated weights and images, in the layout that `python -m promptseg.parity`
compares. They hold for later changes what the methods answer today; whether that is right they do not say.

A promptable network gives one file, a click model one for each mode, and the overrides of its last layer. The same
arguments give the same bytes on the same machine.
"""

SMALLEST = 16  # side of an image in pixels, for its disk and prompts to be in it
SAM_LOOPS = ("protocol", "protocol_oracle")


class Recorder:
    """Writes the fixtures of one network into a folder.

    Args:
        adapter: `module:Class`, if it is not the family's own.
    """

    def __init__(self, folder: Path, family: str, variant: str, salt: str, adapter: str = ""):
        self.folder, self.family, self.variant, self.salt = folder, family, variant, salt
        self.adapter = cast(Any, named_class(adapter or ADAPTERS[family]))
        with torch.device("meta"):
            self.network = self.adapter.architecture(variant)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise PromptsegError(f"{folder} cannot be made ({error.strerror}). Name a folder.") from error

    def method(self, changes: Changes, **chosen: Any) -> Any:
        """The method with weights of the rule."""
        with TemporaryDirectory(prefix="promptseg-parity-") as folder:
            path = Path(folder) / "weights.safetensors"
            save_file(rule_state(self.network, self.salt, changes), path)
            return self.adapter(Settings(variant=self.variant, weights=path, options=chosen))

    def record(self, sizes: Sequence[tuple[int, int]]) -> list[Path]:
        """Write all fixtures; returns their files.

        Args:
            sizes: (h, w) of the images.
        """
        rng = np.random.default_rng(5)
        scenes = [Scene.drawn(rng, *size) for size in sizes]
        path = self.folder / f"{stem(self.family, self.variant)}.npz"
        meta = json.dumps({"by": "promptseg"})
        if self.family.endswith("_video"):
            record_video(path, self.method, self.network, sizes[0], salt=self.salt, meta=meta)
            return [path]
        if self.family not in PIPELINES:
            record_prompts(path, self.method, self.network, scenes, salt=self.salt, meta=meta)
            return [path, *(self._loop(Changes(), kind) for kind in SAM_LOOPS if self.family == "sam")]
        changed = self.folder / f"{path.stem}.overrides.json"
        changed.write_text(json.dumps({"salt": self.salt, "overrides": overrides(self.network)}), encoding="utf-8")
        texts = {"salt": self.salt, "overrides_file": changed.name}
        made = [changed]
        for mode in ("net", *PIPELINES[self.family]):
            method = self.method(Changes.read(changed), **options(self.family, mode))
            path = self.folder / f"{stem(self.family, self.variant, mode)}.npz"
            if mode == "net":
                side = self.adapter.input_size(self.variant)
                record_network(path, method, (side, side) if side else sizes[0], **texts)
            else:
                record_pipeline(path, method, scenes, mode, **texts)
            made.append(path)
        return [*made, self._loop(Changes.read(changed), "protocol", overrides_file=changed.name)]

    def _loop(self, changes: Changes, kind: str, **texts: str) -> Path:
        path = self.folder / f"{stem(self.family, self.variant, kind)}.npz"
        method = self.method(changes, **options(self.family, kind))
        record_protocol(path, method, self.family, oracle=kind == "protocol_oracle", salt=self.salt, **texts)
        return path


def _size(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d+)[xX](\d+)", text)
    if not found or min(height := int(found[1]), width := int(found[2])) < SMALLEST:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no size: write e.g. 70x110, with {SMALLEST} pixels a side or more"
        )
    return height, width


def main(arguments: Sequence[str]) -> int:
    """Record fixtures, see DESCRIPTION."""
    parser = argparse.ArgumentParser(
        prog="python -m promptseg.parity record",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", metavar="DIR", type=Path, help="folder of the fixtures")
    parser.add_argument(
        "--method", metavar="FAMILY", required=True, choices=ADAPTERS, help=f"one of {', '.join(ADAPTERS)}"
    )
    parser.add_argument("--variant", metavar="NAME", required=True, help="of the network")
    parser.add_argument("--salt", default="own", help="of the generated weights (default: own)")
    parser.add_argument(
        "--sizes", metavar="HxW", nargs="+", type=_size, default=[(70, 110)], help="of the images (70x110)"
    )
    parser.add_argument("--adapter", metavar="MODULE:CLASS", default="", help="if it is not the family's own")
    chosen = parser.parse_args(arguments)
    try:
        recorder = Recorder(chosen.folder, chosen.method, chosen.variant, chosen.salt, chosen.adapter)
        for path in recorder.record(chosen.sizes):
            print(f"{path}  {path.stat().st_size} bytes")
    except PromptsegError as error:
        print(error)
        return 1
    return 0
