"""The browser of the tests itself: what a page does wrong is seen."""

import numpy as np

from support.browser import Visit, pixels

PAGE = """<!doctype html><html lang="en"><head><title>Small</title><style>body { margin: 0 }</style></head><body>
<main><h1 style="position: absolute; left: 50px">Word</h1>
<div id="red" style="width: 3px; height: 2px; background: rgb(255, 10, 0)"></div></main>%s</body></html>"""


def written(folder, more=""):
    path = folder / "a page #1.html"
    path.write_text(PAGE % more)
    return path


def test_a_page_without_faults(tmp_path, visit: Visit):
    page = visit.open(written(tmp_path), "key=value", width=400)
    assert page.evaluate("[location.protocol, location.hash, innerWidth]") == ["file:", "#key=value", 400]
    assert pixels(page.locator("#red")).tolist() == np.full((2, 3, 3), (255, 10, 0)).tolist()
    assert visit.inaccessible() == []


def test_faults_are_seen(tmp_path, visit: Visit):
    page = visit.open(
        written(
            tmp_path,
            '<img src="http://example.org/a.png" alt="a"><script src="missing.js"></script>'
            '<script>console.error("told"); console.log("no fault"); throw new Error("thrown")</script>'
            '<p style="color: #ddd">Pale</p>',
        )
    )
    page.wait_for_load_state()
    assert sorted(visit.faults) == [
        "Failed to load resource: net::ERR_FAILED",
        "Failed to load resource: net::ERR_FILE_NOT_FOUND",
        "asked for http://example.org/a.png",
        "thrown",
        "told",
    ]
    visit.faults.clear()
    assert [fault.split()[0] for fault in visit.inaccessible()] == ["color-contrast"]
