"""The pins of envs/*.yaml and pixi.toml, which are those of requirements-dev.txt.

`python envs/pins.py --write` writes them.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

ANALYSIS = [
    "beautifulsoup4",
    "docutils",
    "fonttools",
    "imagecodecs",
    "isal",
    "jinja2",
    "jsonschema",
    "matplotlib",
    "nibabel",
    "nilearn",
    "numpy",
    "opencv-python-headless",
    "pandas",
    "pillow",
    "pyarrow",
    "pycocotools",
    "pydicom",
    "pyjpegls",
    "pylibjpeg",
    "pylibjpeg-openjpeg",
    "pynrrd",
    "pypi-simple",
    "python-gdcm",
    "pyyaml",
    "requests",
    "scikit-image",
    "scipy",
    "simpleitk",
    "statsmodels",
    "tabulate",
    "tifffile",
    "tqdm",
]
INFERENCE = sorted([*ANALYSIS, "monai", "py7zr", "safetensors", "segment-anything-py", "torch", "torchvision"])
ENVIRONMENTS = {
    "analysis": ANALYSIS,
    "inference": INFERENCE,
    "nninteractive": sorted([*ANALYSIS, "nninteractive-client"]),
    "notebook": sorted([*INFERENCE, "ipykernel", "nbclient", "nbconvert", "nbformat", "seaborn", "snakemake"]),
}


def read_pins(path: Path) -> dict[str, str]:
    """Package to version of the lines `name==version` of a requirements or environment file."""
    return dict(re.findall(r"^[\s-]*([A-Za-z0-9_.-]+)==([^\s;#]+)", path.read_text(), flags=re.MULTILINE))


def environment(name: str) -> str:
    """Text of envs/<name>.yaml."""
    pins = read_pins(ROOT / "requirements-dev.txt")  # with those of the extras
    lines = [f"      - {package}=={pins[package]}" for package in ENVIRONMENTS[name]]
    head = ["channels:", "  - conda-forge", "  - nodefaults", "dependencies:", "  - python=3.11", "  - pip", "  - pip:"]
    return "\n".join([*head, *lines]) + "\n"


def _key(name: str) -> str:
    """A name as a key of TOML, in which an unquoted dot would begin a table within."""
    return f'"{name}"' if "." in name else name


def pixi() -> str:
    """Text of pixi.toml: requirements.txt, and what the notebooks need beside it as a feature."""
    required, every = read_pins(ROOT / "requirements.txt"), read_pins(ROOT / "requirements-dev.txt")
    notebook = [name for name in ENVIRONMENTS["notebook"] if name not in required]
    return "\n".join([
        "# Made by envs/pins.py (`make lock`). `pixi run snakemake --cores 8`",
        "[workspace]",
        'name = "promptseg"',
        'channels = ["conda-forge"]',
        'platforms = ["linux-64", "osx-arm64"]',
        "",
        "[dependencies]",
        'python = "3.11.*"',
        "",
        "[pypi-dependencies]",
        'promptseg = { path = ".", editable = true }',
        *(f'{_key(name)} = "=={version}"' for name, version in required.items()),
        "",
        "[feature.notebook.pypi-dependencies]",
        *(f'{name} = "=={every[name]}"' for name in notebook),
        "",
        "[environments]",
        'notebook = ["notebook"]',
        "",
    ])  # fmt: skip


if __name__ == "__main__" and "--write" in sys.argv:
    (ROOT / "pixi.toml").write_text(pixi())
    for environment_name in ENVIRONMENTS:
        (ROOT / "envs" / f"{environment_name}.yaml").write_text(environment(environment_name))
