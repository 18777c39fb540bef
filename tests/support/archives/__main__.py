"""`PYTHONPATH=tests python -m support.archives DIR` writes the miniature archives of all datasets."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from support.archives import MINIATURES


def main(arguments: Sequence[str] | None = None) -> None:
    """Write and list them all."""
    parser = argparse.ArgumentParser(prog="python -m support.archives", description=__doc__)
    parser.add_argument("folder", type=Path, help="where to write a folder for each dataset")
    folder = parser.parse_args(arguments).folder
    for name, make in MINIATURES.items():
        miniature = make()
        miniature.write(folder / name)
        wanted = sum(miniature.counts().values())
        print(f"{name:22} {wanted:3} images of {len(miniature.pictures):3}, damaged: {', '.join(miniature.failed)}")


if __name__ == "__main__":
    main()
