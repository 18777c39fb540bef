"""What make would do, without doing it."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def planned(tmp_path, *arguments):
    done = subprocess.run(
        ["make", "-n", f"VENV={tmp_path / 'venv'}", *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.mark.parametrize(
    ("target", "requirements"), [("quickstart", "requirements.txt"), ("test", "requirements-dev.txt")]
)
def test_the_default_build_of_torch_names_no_index(tmp_path, target, requirements):
    text = planned(tmp_path, target)
    assert f"install --no-compile -r {requirements}" in text
    assert "index" not in text


@pytest.mark.parametrize("target", ["quickstart", "test"])
def test_the_cpu_build_is_installed_before_everything_else(tmp_path, target):
    text = planned(tmp_path, target, "TORCH=cpu", "TORCH_CPU_INDEX=https://example.org/cpu")
    first, second = (
        text.index("install --index-url https://example.org/cpu"),
        text.index("install --no-compile -r requirements"),
    )
    assert first < second
    assert "grep -E '^torch(vision)?==' requirements.txt" in text


def test_another_build_is_refused(tmp_path):
    done = subprocess.run(
        ["make", "quickstart", f"VENV={tmp_path / 'venv'}", "TORCH=gpu"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "TORCH is 'gpu', but must be 'default' or 'cpu'" in done.stderr
    assert not (tmp_path / "venv").exists()
