"""Speed and size of the explorer for 100,000 objects and 12 methods, with generated scores, in Chromium on two cores.

PYTHONPATH=workflow/scripts:tests python tests/benchmarks/explorer.py [--objects 100000] [--methods 12]

The page measures itself (User Timing): `promptseg:ready` from the start of the navigation until the first rows stand,
`promptseg:filter` and `promptseg:sort` from the change until its rows stand. Wanted are filter and sort below 0.5 s and
ready below 3 s, with all methods at once; less than 3 MB asked for before the first rows stand.
"""

import argparse
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlparse

from playwright.sync_api import Page, sync_playwright

from support.generated import generate

# Of files no times are told (`performance.getEntriesByType("resource")` is empty), so it is noted when the page asks.
NOTE = """window.asked = [];
new MutationObserver((records) => {
  for (const { addedNodes } of records)
    for (const { src, href, rel } of addedNodes)
      if (src || rel === "stylesheet") asked.push([src || href, performance.now()]);
}).observe(document, { childList: true, subtree: true });"""
READY = "performance.getEntriesByName('promptseg:ready')[0].duration"


def measured(page: Page, change: Callable[[], object] | None = None) -> str:
    """What the page says of its next measurement: "sort 120 ms"."""
    script = "performance.getEntriesByType('measure').filter(({name}) => name.startsWith('promptseg:'))"
    before = page.evaluate(f"{script}.length") if change else 0
    if change:
        change()
    page.wait_for_function(f"{script}.length > {before}")
    name, duration = page.evaluate(f"(() => {{ const m = {script}.at(-1); return [m.name, m.duration]; }})()")
    page.wait_for_selector(".summary[aria-busy=false]")
    return f"{name.removeprefix('promptseg:'):6} {duration:6.0f} ms"


def visit(page: Page, index: Path, methods: list[str]) -> None:
    """Open, sort and filter, and print how long each took."""
    page.add_init_script(NOTE)
    page.goto(index.as_uri())
    print(f"{measured(page)}  open, one method")
    names = page.evaluate(f"asked.filter(([, time]) => time < {READY}).map(([name]) => name)")
    sizes = {
        path.name: path.stat().st_size for path in (index, *(Path(unquote(urlparse(name).path)) for name in names))
    }
    print(f"{sum(sizes.values()) / 1e6:.2f} MB before the first rows: {sizes}")
    page.goto("about:blank")
    page.goto(f"{index.as_uri()}#m={','.join(methods)}&s=mode1.first")
    print(f"{measured(page)}  open, {len(methods)} methods")
    head = page.locator(".rows thead button")
    least, most = page.get_by_label("IoU, at least", exact=True), page.get_by_label("IoU, at most", exact=True)
    search = page.get_by_role("searchbox")
    changes = {
        "sort by NSD": lambda: head.filter(has_text="NSD").click(),
        "turn the order": lambda: head.filter(has_text="NSD").click(),
        "sort by gap": lambda: head.filter(has_text="Gap").click(),
        "sort by object": lambda: head.filter(has_text="Object").click(),
        "modality": lambda: page.get_by_role("checkbox", name="CT").click(),
        "all modalities": lambda: page.get_by_role("checkbox", name="CT").click(),
        "search": lambda: search.fill("patient0012"),
        "no search": lambda: search.fill(""),
        "range": lambda: (most.fill("0.9"), most.press("Enter")),
        "range of both ends": lambda: (least.fill("0.1"), least.press("Enter")),
        "status": lambda: page.get_by_role("checkbox", name="scored").click(),
    }
    for what, change in changes.items():
        print(f"{measured(page, change)}  {what}: {page.locator('.count strong').inner_text()} rows")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--objects", type=int, default=100_000)
    parser.add_argument("--methods", type=int, default=12)
    parser.add_argument("--chromium", default=shutil.which("chromium"))
    options = parser.parse_args()
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])
    methods = [f"method{number:02d}" for number in range(options.methods)]
    with tempfile.TemporaryDirectory() as temporary, sync_playwright() as playwright:
        folder = Path(temporary).resolve()
        generate(folder, options.objects, methods)
        print(f"all {sum(path.stat().st_size for path in folder.rglob('*') if path.is_file()) / 1e6:.0f} MB")
        browser = playwright.chromium.launch(executable_path=options.chromium)
        visit(browser.new_context(offline=True).new_page(), folder / "index.html", methods)
        browser.close()


if __name__ == "__main__":
    main()
