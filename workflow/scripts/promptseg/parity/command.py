"""Command line of `python -m promptseg.parity`."""

import argparse
import fnmatch
import json
import logging
import sys
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from promptseg.core.errors import PromptsegError
from promptseg.methods.devices import keep_freed_memory
from promptseg.parity.adapters import Adapters, asked_options, changes
from promptseg.parity.comparison import Comparison
from promptseg.parity.fixtures import Fixture
from promptseg.parity.networks import check_network
from promptseg.parity.packed import family_of
from promptseg.parity.pipelines import check_pipeline
from promptseg.parity.presets import check_presets
from promptseg.parity.promptable import check_promptable
from promptseg.parity.protocols import check_protocol
from promptseg.parity.record import main as record
from promptseg.parity.videos import check_video

logger = logging.getLogger(__name__)

DESCRIPTION = """\
Compare our methods with recorded outputs of the reference.

DIR holds fixtures, *.npz, and the *.overrides.json that they name. Each fixture gives one line: pass or FAIL, its name,
the seconds it took, and what was compared: numbers with their largest and mean absolute difference and the largest
that is accepted, masks with the share of pixels that differ, integers exactly. A file that is damaged or not
understood is a line, too, and the others go on. The last line counts.

The exit status is 0 if there are fixtures and all pass, and 1 otherwise.
"""
EPILOGUE = """\
names of fixtures:
  FAMILY_VARIANT__net.npz      a forward pass of the network (FAMILY: ritm, simpleclick, focalclick)
  FAMILY_VARIANT__MODE.npz     the predictor, one map for each click. MODE is for ritm seq, oneshot or leak (which
                               needs the file of seq beside it), for simpleclick paper, seq or plain, for focalclick
                               paper, seq or focal
  sam_VARIANT.npz              SAM's embeddings, logits, masks and predicted IoU of several prompts; the same of
                               other promptable networks: sam2_hiera_SIZE, sam2.1_hiera_SIZE, edgetam,
                               medsam2_VARIANT, sam3_tracker, and X_VARIANT with hq_sam, mobile_sam, efficient_sam,
                               medsam, lite_medsam, sam_med2d, medicosam, ultrasam, scribbleprompt_sam or
                               scribbleprompt_unet as X
  VARIANT_videoSIDE.npz        objects tracked over the slices of a volume by sam2_hiera_SIZE, sam2.1_hiera_SIZE,
                               edgetam, medsam2_VARIANT or sam3_tracker with an input of so many pixels: logits, masks,
                               object scores, pointers and memories of every slice
  any                          answers of the official programs of evaluation protocols, told by their arrays: what the
                               presets of config/protocols.yaml show, measure and sum up
  protocol_FAMILY_VARIANT.npz  the study's click loop; protocol_sam_VARIANT_oracle.npz with the best mask chosen
Salt, numbers of images, clicks and prompts, calls, and strides are read from the files.
`python -m promptseg.parity record --help` tells how to record fixtures of our own methods.
"""


@dataclass(frozen=True)
class Outcome:
    """One fixture's line.

    Attributes:
        measured: what `--json` writes of it; None if it could not be compared.
    """

    name: str
    passed: bool
    seconds: float
    text: str
    measured: dict[str, Any] | None = None

    def __str__(self) -> str:
        return f"{'pass' if self.passed else 'FAIL'}  {self.name}  {self.seconds:.1f} s  {self.text}"


def check(path: Path, adapters: Adapters) -> Outcome:
    """Compare one fixture; whatever goes wrong becomes its outcome."""
    start = time.perf_counter()
    comparison: Comparison | None = None
    passed, measured = False, None
    try:
        if family := family_of(path):
            comparison = check_presets(path, family)
            return Outcome(path.name, comparison.passed, time.perf_counter() - start, comparison.summary())
        fixture = Fixture(path)
        fixture.unused -= {"salt", "overrides_file", "meta"}
        comparison = Comparison(fixture.name)
        method = adapters.get(fixture)
        if fixture.name.kind == "net":
            check_network(fixture, method, comparison)
        elif fixture.name.kind == "prompts":
            check_promptable(fixture, method, adapters, comparison)
        elif fixture.name.kind == "video":
            check_video(fixture, method, comparison)
        elif fixture.name.kind.startswith("protocol"):
            check_protocol(fixture, method, adapters, comparison)
        else:
            check_pipeline(fixture, method, comparison)
        passed = comparison.passed
        if ignored := sorted(name for name in fixture.unused if not name.startswith("object_")):
            comparison.note(f"not compared: {', '.join(ignored)}")
        text = comparison.summary()
        name = {"family": fixture.name.family, "variant": fixture.name.variant}
        measured = {**name, "passed": passed, **comparison.measured()}
    except PromptsegError as error:
        text = "; ".join([str(error), *(comparison.failures if comparison else [])])
    except Exception as error:  # a defect of ours must not keep the other fixtures from being compared
        traceback.print_exc()
        text = "; ".join([f"{type(error).__name__}: {error}".strip(), *(comparison.failures if comparison else [])])
    return Outcome(path.name, passed, time.perf_counter() - start, " ".join(text.split()), measured)


def in_order(paths: list[Path]) -> list[Path]:
    """The files so that those of one network, of one salt and then of one set of options come together."""

    def key(path: Path) -> tuple[str, ...]:
        try:
            fixture = Fixture(path, ("salt", "overrides_file", "calls", "gains", "overrides", "meta"))
            name, (_, digest) = fixture.name, changes(fixture)
            return (
                "1",
                name.family,
                name.variant,
                fixture.text("salt"),
                digest.hex(),
                str(asked_options(fixture)),
                path.name,
            )
        except PromptsegError:
            return ("0", path.name)  # it will fail at once

    return sorted(paths, key=key)


def note(path: Path, fixture: str, measured: dict[str, Any]) -> None:
    """Put what was measured with a fixture into a file, by its name."""
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    ordered = dict(sorted({**known, fixture: measured}.items()))
    path.write_text(json.dumps(ordered, indent=1) + "\n", encoding="utf-8")


def main(arguments: list[str] | None = None) -> int:
    """Compare the fixtures of a folder, see DESCRIPTION, or record some."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments[:1] == ["record"]:
        return record(arguments[1:])
    parser = argparse.ArgumentParser(
        prog="python -m promptseg.parity",
        description=DESCRIPTION,
        epilog=EPILOGUE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", metavar="DIR", type=Path, help="folder of the fixtures")
    parser.add_argument("--only", metavar="GLOB", default="*", help="only fixtures of such names, e.g. 'ritm_*'")
    parser.add_argument("--threads", metavar="N", type=int, help="threads of PyTorch (default: as many as it likes)")
    parser.add_argument(
        "--json", metavar="FILE", type=Path, help="write what was measured, too; what FILE says of other fixtures stays"
    )
    chosen = parser.parse_args(arguments)
    if not logging.getLogger().handlers:
        logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    if chosen.threads is not None:
        torch.set_num_threads(chosen.threads)
    keep_freed_memory()
    paths = [
        path
        for path in chosen.folder.glob("*.npz")
        if fnmatch.fnmatchcase(path.name, chosen.only) or fnmatch.fnmatchcase(path.stem, chosen.only)
    ]
    if not paths:
        suffix = "" if chosen.only == "*" else f" with a name like {chosen.only}"
        print(f"No fixture (*.npz){suffix} was found in {chosen.folder}.")
        return 1
    failed = 0
    start = time.perf_counter()
    with Adapters() as adapters:
        for number, path in enumerate(in_order(paths), 1):
            logger.info("%d of %d: %s", number, len(paths), path.name)
            outcome = check(path, adapters)
            print(outcome, flush=True)
            failed += not outcome.passed
            if chosen.json and outcome.measured:
                note(chosen.json, path.stem, outcome.measured)
    seconds = time.perf_counter() - start
    print(f"{len(paths)} fixtures: {len(paths) - failed} passed, {failed} failed, in {seconds:.0f} s")
    return int(failed > 0)
