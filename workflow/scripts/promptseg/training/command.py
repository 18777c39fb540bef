"""The command line of the training."""

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from promptseg.core.errors import PromptsegError
from promptseg.training.settings import CONFIG, recipe


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m promptseg.training",
        description="Train a small network on generated images, or go on with a training that was interrupted: "
        "checkpoint, weights, model card and log are written to the output folder every five minutes, when the time "
        "is over, and on Ctrl-C or SIGTERM.",
    )
    parser.add_argument("name", help="a network of the configuration, e.g. sam_small")
    parser.add_argument("--output", type=Path, help="folder of this training (default: results/train/NAME)")
    parser.add_argument("--hours", type=float, help="stop after so many hours, finished or not")
    parser.add_argument("--device", default="auto", choices=["auto", "cpu", "cuda"])
    parser.add_argument("--precision", default="fp32", choices=["fp32", "bf16"])
    parser.add_argument("--threads", type=int, help="of PyTorch")
    parser.add_argument("--config", type=Path, default=CONFIG, help="(default: config/training.yaml)")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0 if the training is finished, 3 if it was stopped before, 1 on an error."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    try:
        chosen = recipe(options.name, options.config)
        from promptseg.training.loop import train  # takes seconds to import

        finished = train(
            chosen,
            options.output or Path("results/train") / options.name,
            hours=options.hours,
            device=options.device,
            precision=options.precision,
            threads=options.threads,
        )
    except PromptsegError as error:
        print(error, file=sys.stderr)
        return 1
    return 0 if finished else 3
