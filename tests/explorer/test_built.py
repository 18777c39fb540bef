"""The built pages are those of the sources, hold what they may hold, and the sources pass their own tests."""

import hashlib
import re
import shutil
import subprocess
from pathlib import Path

import pytest

EXPLORER = Path(__file__).parents[2] / "workflow/scripts/promptseg/explorer"
WEB, BUILT = EXPLORER / "web", EXPLORER / "built"


def sources():
    named = [WEB / name for name in ("build.mjs", "package.json", "package-lock.json")]
    return sorted([*named, *(path for path in (WEB / "src").rglob("*") if path.is_file())])


def digest():
    hashed = hashlib.sha256()
    for path in sorted(path.relative_to(WEB).as_posix() for path in sources()):
        hashed.update(path.encode() + b"\0" + (WEB / path).read_bytes() + b"\0")
    return hashed.hexdigest()


@pytest.mark.parametrize("name", ["app.js", "app.css"])
def test_the_built_files_are_those_of_the_sources(name):
    first = (BUILT / name).read_text().splitlines()[0]
    told = re.search(r"[0-9a-f]{64}", first)
    assert told, f"{name} does not begin with the digest of its sources"
    assert told[0] == digest(), (
        "the sources of the explorer were changed: call `make explorer` and commit explorer/built/"
    )


def test_the_built_files_are_small_and_ask_no_network():
    script = (BUILT / "app.js").read_text()
    assert len(script.encode()) < 300_000
    addresses = set(re.findall(r"https?://[^\s\"'`)]+", script + (BUILT / "app.css").read_text()))
    assert all(address.startswith("http://www.w3.org/") for address in addresses), addresses


def test_the_lock_file_names_no_host():
    lock = (WEB / "package-lock.json").read_text()
    assert '"resolved"' not in lock
    assert '"integrity"' in lock


def test_each_bundled_library_has_its_licence():
    text = (BUILT / "licences.txt").read_text()
    assert re.findall(r"^(\S+) \d+\.\d+\.\d+ \((\S+)\)$", text, re.M) == [("preact", "MIT"), ("uplot", "MIT")]
    assert text.count("Permission is hereby granted, free of charge") == 2


def test_no_source_is_longer_than_a_reader_can_hold():
    own = [path for path in sources() if path.suffix in {".js", ".jsx", ".mjs", ".css"}]
    assert len(own) > 5
    assert not {path.name: count for path in own if (count := path.read_text().count("\n")) > 300}


def test_the_tests_of_the_sources_pass():
    node = shutil.which("node")
    if not node:
        pytest.skip("node is not installed")
    if (
        int(subprocess.run([node, "-p", "process.versions.node"], capture_output=True, text=True).stdout.split(".")[0])
        < 20
    ):
        pytest.skip("node is older than 20")
    tests = sorted(map(str, (WEB / "tests").glob("*.test.js")))
    assert tests
    done = subprocess.run([node, "--test", *tests], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
