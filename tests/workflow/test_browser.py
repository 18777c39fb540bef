"""The pages of a finished run in a real browser: numbers of its tables, links from one page to the other."""

import pytest

from promptseg.analysis.summary import SUMMARY
from promptseg.core.settings import setting_id
from promptseg.core.tables import read_csv
from promptseg.score.metrics import METRICS
from support.browser import Visit, chromium, visit

__all__ = ["chromium", "visit"]


@pytest.fixture(scope="module")
def results(finished):
    return finished.path / "results"


@pytest.fixture(scope="module")
def summary(results):
    """Means over several objects, of rows that have scores."""
    rows = read_csv(results / "tables" / "summary.csv", SUMMARY)
    return rows[rows["iou_mean_images"].notna()]


def means(page):
    """Title of a column -> text, of the one row of counts and means."""
    page.wait_for_selector(".summary[aria-busy=false]")
    heads = [" ".join(text.split()) for text in page.locator(".summary thead th").all_inner_texts()]
    cells = page.locator(".summary tbody").locator("th, td").all_inner_texts()
    return dict(zip(heads, cells, strict=True))


def test_means_of_the_explorer_are_those_of_the_tables(results, summary, visit: Visit):
    tasks = summary[(summary["level"] == "task") & summary["mode"].isin(["mode1", "mode5", "iterative"])]
    assert set(tasks["method"]) == {"perfect", "slow"}
    for row in tasks.itertuples():
        setting = setting_id(row.mode, row.selection, row.step, row.protocol if isinstance(row.protocol, str) else "")
        state = f"m={row.method}&s={setting}&t={row.dataset}:{row.task}"
        found = means(visit.open(results / "explorer" / "index.html", state))
        assert int(found["Scored"]) == row.n_images
        for metric in METRICS:
            value = getattr(row, f"{metric.name}_mean_images")
            title = next(text for text in found if text.startswith(metric.label))
            assert float(found[title]) == pytest.approx(value, abs=0.51 * 10**-metric.decimals)


def test_the_page_leads_into_the_explorer_and_back(results, visit: Visit):
    page = visit.open(results / "report" / "index.html")
    link = page.locator("main a[href*='explorer/index.html#']").first
    wanted = link.get_attribute("href").partition("#")[2]
    link.evaluate("one => one.closest('details')?.setAttribute('open', '')")
    link.click()
    page.wait_for_selector(".summary[aria-busy=false]")
    assert page.url.endswith(f"/explorer/index.html#{wanted}")
    assert page.get_by_role("alert").count() == 0
    page.locator("a[href='../report/index.html']").click()
    page.wait_for_url("**/report/index.html")


def test_masks_of_an_object_are_those_of_the_run(results, summary, visit: Visit):
    """The control draws the truth: the errors view has one colour."""
    page = visit.open(results / "explorer" / "index.html", "o=blobs/p0:first&at=perfect@mode5.first&look=errors")
    page.wait_for_selector(".stage")
    counts = page.locator(".counts li")
    counts.first.wait_for()
    assert [text.split()[-2:] for text in counts.all_inner_texts()][1:] == [["0", "px"], ["0", "px"]]
    assert visit.inaccessible() == []
