"""`python -m promptseg.training.ship NAME...`: put trained networks where the default configuration finds them."""

import argparse
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from promptseg.core.errors import PromptsegError
from promptseg.core.files import atomic
from promptseg.training.settings import ROOT, recipes

SHIPPED = ROOT / "resources" / "quickstart"
_LIMIT = 60 * 10**6  # bytes of all weights together


def ship(name: str, run: Path, target: Path = SHIPPED) -> None:
    """Copy weights and card of a training to `<target>/<name>.safetensors` and `<target>/<name>.md`.

    Args:
        run: folder of the training.

    Raises:
        PromptsegError: the training has left no weights yet.
    """
    for source, ending in (("network.safetensors", ".safetensors"), ("card.md", ".md")):
        if not (run / source).is_file():
            raise PromptsegError(f"{run} has no {source}. Train first: python -m promptseg.training {name}")
        with atomic(target / f"{name}{ending}") as temporary:
            shutil.copyfile(run / source, temporary)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 1 on an error."""
    parser = argparse.ArgumentParser(prog="python -m promptseg.training.ship", description=__doc__)
    parser.add_argument("names", nargs="*", help="networks (default: all of config/training.yaml)")
    parser.add_argument("--runs", type=Path, default=Path("results/train"), help="folder of the trainings")
    parser.add_argument("--target", type=Path, default=SHIPPED, help="(default: resources/quickstart)")
    options = parser.parse_args(arguments)
    try:
        for name in options.names or recipes():
            ship(name, options.runs / name, options.target)
            print(options.target / f"{name}.safetensors")
    except PromptsegError as error:
        print(error, file=sys.stderr)
        return 1
    size = sum(path.stat().st_size for path in options.target.glob("*.safetensors"))
    print(f"all weights: {size / 1e6:.1f} MB")
    if size > _LIMIT:
        print(f"That is more than the {_LIMIT / 1e6:.0f} MB that the project allows itself.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
