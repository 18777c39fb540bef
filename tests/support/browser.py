"""A real Chromium for pages that open from a file: without a network, and a fault on a page fails the test.

Playwright's module for tests of axe-core brings axe-core itself (MPL 2.0).
"""

import io
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
NOT_A_FILE = re.compile(r"^(?!file:|data:|blob:)")


@dataclass
class Visit:
    """A page and what went wrong on it: errors of the console, exceptions, requests of anything but files.

    A test that provokes an error looks at `faults` and empties it; what is left at the end of the test fails it.
    """

    page: Page
    faults: list[str] = field(default_factory=list)

    def open(self, path: Path, hash_: str = "", width: int = 1200, height: int = 900) -> Page:
        """Open a file, with what follows the `#` of its address, in a window of a size in CSS pixels."""
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.goto(path.resolve().as_uri() + (f"#{hash_}" if hash_ else ""))
        return self.page

    def inaccessible(self) -> list[str]:
        """Serious and critical faults that axe-core finds on the page as it is now, with the elements."""
        found = (
            Axe().run(self.page, options={"preload": False}).response["violations"]
        )  # a page from a file may fetch nothing
        return [
            f"{fault['id']} ({fault['impact']}): {', '.join(str(node['target']) for node in fault['nodes'][:5])}"
            for fault in found
            if fault["impact"] in {"serious", "critical"}
        ]


def pixels(of: Page | Locator) -> np.ndarray:
    """A screenshot as it would be seen, (h, w, 3) uint8; one pixel of the window is one of the array."""
    return np.asarray(Image.open(io.BytesIO(of.screenshot())).convert("RGB"))


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Chromium of the system. Of one module, as no other event loop can run in the process while it is there."""
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.skip(f"no browser: none of {', '.join(NAMES)} is installed (apt-get install chromium)")
    with sync_playwright() as playwright:
        # Colours as the page gives them, whatever the screen.
        browser = playwright.chromium.launch(
            executable_path=path, args=["--force-color-profile=srgb", "--disable-lcd-text"]
        )
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Browser) -> Iterator[Visit]:
    """A fresh window with the network off; its faults fail the test."""
    context = chromium.new_context(offline=True, reduced_motion="reduce")
    context.set_default_timeout(10_000)
    found = Visit(context.new_page())

    def refuse(route) -> None:
        found.faults.append(f"asked for {route.request.url}")
        route.abort()

    context.route(NOT_A_FILE, refuse)
    found.page.on("console", lambda message: message.type == "error" and found.faults.append(message.text))
    found.page.on("pageerror", lambda error: found.faults.append(str(error)))
    yield found
    context.close()
    assert found.faults == []
