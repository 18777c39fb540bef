"""A copy of the project with two tiny datasets, in which Snakemake runs for real."""

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import yaml
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("Snakefile", "workflow", "config", "envs", "notebooks", "profiles", "resources")

TINY = {
    "run": {"datasets": ["blobs", "stripes"], "methods": ["perfect", "box_fill"], "protocols": ["corrected"]},
    "prompts": {"clicks": 2},
    "metrics": {"bootstrap_resamples": 100},
    "datasets": {
        name: {
            "source": {"kind": "folder", "path": f"data/{name}"},
            "licence": "CC0-1.0",
            "truth": "drawn by the test",
            "tasks": {"first": [1], "second": [2]},
        }
        for name in ("blobs", "stripes")
    },
}


def make_images(folder: Path, seed: int, count: int = 3) -> None:
    """PNG images with two objects each, under images/ and masks/."""
    rng = np.random.default_rng(seed)
    for kind in ("images", "masks"):
        (folder / kind).mkdir(parents=True)
    for index in range(count):
        labels = np.zeros((40, 50), np.uint8)
        x, y = rng.integers(2, 12, 2)
        labels[y : y + 15, x : x + 12] = 1
        labels[20:32, 30 : 30 + rng.integers(5, 15)] = 2
        pixels = np.clip(labels * 80 + rng.normal(40, 8, labels.shape), 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / "images" / f"p{index}.png")
        Image.fromarray(labels).save(folder / "masks" / f"p{index}.png")


class Project:
    """A folder in which Snakemake is called."""

    def __init__(self, path: Path):
        self.path = path

    @classmethod
    def create(cls, path: Path) -> "Project":
        """Copy the project and add the tiny datasets."""
        path.mkdir(parents=True)
        for part in PARTS:
            source = ROOT / part
            if source.is_dir():
                shutil.copytree(source, path / part, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy2(source, path / part)
        for seed, name in enumerate(TINY["datasets"]):
            make_images(path / "data" / name, seed)
        project = cls(path)
        project.configure(TINY)
        return project

    def clone(self, path: Path) -> "Project":
        """A copy with all results and with the times of all files."""
        subprocess.run(["cp", "-a", str(self.path), str(path)], check=True)
        return Project(path)

    def configure(self, config: dict, name: str = "my.yaml") -> None:
        """Write a configuration file."""
        (self.path / name).write_text(yaml.safe_dump(config, sort_keys=False))

    def command(self, *arguments: str, configfile: str | None = "my.yaml") -> list[str]:
        """Arguments of a call of Snakemake."""
        config = ["--configfile", configfile] if configfile else []
        return [sys.executable, "-m", "snakemake", "--cores", "2", *arguments, *config]

    def snakemake(self, *arguments: str, configfile: str | None = "my.yaml") -> subprocess.CompletedProcess[str]:
        """Call Snakemake; stdout and stderr come back together in `stdout`."""
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
        return subprocess.run(
            self.command(*arguments, configfile=configfile),
            cwd=self.path,
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )

    def run(self, *arguments: str, **settings: str | None) -> str:
        """Call Snakemake, which has to succeed."""
        done = self.snakemake(*arguments, **settings)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def planned(self, *arguments: str, configfile: str | None = "my.yaml") -> Counter[str]:
        """Rule to number of jobs of a dry run, without `all` and the total."""
        text = self.run(*arguments, "-n", "--quiet", "rules", configfile=configfile)
        table = re.findall(r"^(\w+)\s+(\d+)$", text, flags=re.MULTILINE)
        return Counter({rule: int(count) for rule, count in table if rule not in ("total", "all", "count")})
