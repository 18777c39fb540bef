"""The page of a run in a real browser: from a file, with the network off."""

import pytest

from promptseg.report.grid import as_table, page_environment

URI = "data:image/webp;base64,UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA"  # one pixel
TEMPLATE = """{% extends "layout.html.jinja" %}
{% from "parts.html.jinja" import gallery, grid, section -%}
{% block title %}Run{% endblock %}
{% block body %}
{% call section(sections, "findings", "Findings") %}
<ol class="say"><li>A is better than B.<small>p &lt; 0.001</small></li></ol>{% endcall %}
{% call section(sections, "figures", "Figures", shelves) %}{{ gallery(shelves) }}{% endcall %}
{% call section(sections, "speed", "Speed") %}
<details><summary>All</summary>{{ grid(table, "Speed") }}</details>{% endcall %}
{% endblock %}"""


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """A page with two figures and a table of seven rows in a closed section."""
    figures = [
        {"name": name, "title": title, "caption": f"How to read {title}.", "links": [("PDF", f"../figures/{name}.pdf")]}
        | {"full": URI, "thumb": URI, "width": 800, "height": 4000}
        for name, title in (("modes", "Five modes"), ("ranks", "Ranks"))
    ]
    rows = [
        ["M", "0.9"],
        ["a", "n/a"],
        ["b", "10.5"],
        ["c", "< 0.001"],
        ["d", "-2"],
        ["e10", "3 mm"],
        ["e9", "7"],
    ]
    environment = page_environment()
    text = environment.from_string(TEMPLATE).render(
        shelves=[{"category": "Prompt modes", "figures": figures}], table=as_table(rows, ["method", "seconds"], 1)
    )
    path = tmp_path_factory.mktemp("page") / "index.html"
    path.write_text(text, encoding="utf-8")
    return path


def column(browser, place, hidden=False):
    cells = browser.locator(f"tbody tr{'' if hidden else ':not([hidden])'} td:nth-child({place})")
    return cells.all_inner_texts()


def test_columns_sort_numbers_as_numbers_and_what_is_none_last(visit, page):
    browser = visit.open(page)
    browser.locator("summary", has_text="All").click()
    head = browser.locator("th", has_text="seconds")
    orders = []
    for _ in range(3):
        head.get_by_role("button").click()
        orders.append((head.get_attribute("aria-sort"), column(browser, 2)))
    assert orders == [
        ("descending", ["10.5", "7", "3 mm", "0.9", "< 0.001", "-2", "n/a"]),
        ("ascending", ["-2", "< 0.001", "0.9", "3 mm", "7", "10.5", "n/a"]),
        ("none", ["0.9", "n/a", "10.5", "< 0.001", "-2", "3 mm", "7"]),
    ]
    browser.get_by_role("button", name="method").click()
    assert column(browser, 1) == ["a", "b", "c", "d", "e9", "e10", "M"]


def test_a_filter_keeps_the_rows_with_all_words(visit, page):
    browser = visit.open(page)
    browser.locator("summary", has_text="All").click()
    browser.get_by_label("Filter rows: Speed").fill("e 3")
    assert column(browser, 1) == ["e10"]
    assert browser.locator(".filter output").inner_text() == "1 of 7 rows"


def test_figures_open_in_full_size_and_the_keyboard_leads_through_them(visit, page):
    browser = visit.open(page)
    assert browser.locator("dialog img").count() == 0  # nothing is loaded before
    browser.locator("#figure-modes").click()
    dialog = browser.locator("dialog")
    assert dialog.get_by_role("heading").inner_text() == "Five modes"
    assert dialog.get_by_role("link", name="PDF").get_attribute("href") == "../figures/modes.pdf"
    assert "How to read Five modes." in dialog.inner_text()
    browser.keyboard.press("ArrowRight")
    assert dialog.get_by_role("heading").inner_text() == "Ranks"
    assert browser.url.endswith("#figure-ranks")
    browser.keyboard.press("z")
    assert dialog.locator("img").bounding_box()["width"] == 800
    assert visit.inaccessible() == []
    browser.keyboard.press("Escape")
    assert not dialog.is_visible()
    assert browser.evaluate("document.activeElement.id") == "figure-ranks"


def test_an_address_opens_its_figure(visit, page):
    assert visit.open(page, "figure-ranks").locator("dialog h2").inner_text() == "Ranks"


def test_search_finds_figures_rows_of_tables_and_findings(visit, page):
    browser = visit.open(page)
    found = browser.locator(".found")
    browser.keyboard.press("/")
    browser.keyboard.type("how ranks")
    assert found.get_by_role("link").all_inner_texts() == ["Ranks"]
    field = browser.get_by_label("Search figures, tables and findings")
    field.fill("better")
    assert found.inner_text().splitlines()[0] == "Findings: 1"
    field.fill("e10")
    assert found.get_by_role("link").all_inner_texts() == ["Speed\n1 row"]
    browser.keyboard.press("Enter")
    assert browser.locator("main details").get_attribute("open") is not None
    assert column(browser, 1) == ["e10"]
    field.fill("nowhere")
    assert found.inner_text() == "Nothing found."


@pytest.mark.parametrize("width", [1400, 400])
def test_nothing_is_wider_than_the_window_and_everybody_can_read_it(visit, page, width):
    browser = visit.open(page, width=width)
    assert browser.evaluate("document.documentElement.scrollWidth") == width
    assert browser.locator(".menu > ul").is_visible() == (width == 1400)  # folded where there is no room beside
    browser.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    assert visit.inaccessible() == []
