"""A machine with NVIDIA's cards, as far as `nvidia-smi` tells of them."""

import os
from pathlib import Path

from promptseg.core import cards


def pretend(monkeypatch, folder: Path, listed: str, *, queried: str = "", code: int = 0) -> None:
    """Put an `nvidia-smi` first in PATH that prints `listed` for -L, else `queried`; nothing else names cards."""
    for name in (cards.VISIBLE, "SLURM_JOB_ID"):
        monkeypatch.delenv(name, raising=False)
    program = folder / "bin" / "nvidia-smi"
    program.parent.mkdir(parents=True)
    (folder / "listed").write_text(listed)
    (folder / "queried").write_text(queried)
    text = f'#!/bin/sh\n[ "$1" = -L ] && cat {folder}/listed || cat {folder}/queried\nexit {code}\n'
    program.write_text(text)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(cards, "_of_machine", cards._of_machine.__wrapped__)
