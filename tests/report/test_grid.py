"""Cells and tables of all pages."""

from promptseg.report.grid import Cell, as_table, explored, mark_best


def best(table):
    return [[cell.best for cell in row] for row in table["rows"]]


def test_a_cell_is_its_text_and_keeps_what_else_is_known():
    table = as_table([[Cell("0.5", href="#", below="0.4 to 0.6"), 7]], ["IoU", "n"], 0)
    assert table["rows"] == [["0.5", "7"]]
    assert (table["rows"][0][0].href, table["rows"][0][0].below) == ("#", "0.4 to 0.6")


def test_the_best_of_a_column_is_marked_ties_included():
    rows = [["a", "0.5", "3.0 mm"], ["b", "0.7", "2.0 mm"], ["c", "0.7", "n/a"], ["control", "1.0", "0.0 mm"]]
    table = mark_best(as_table(rows, ["method", "IoU", "HD95"], 1), ["IoU", "HD95"], [0, 0, 0, None], lower=["HD95"])
    assert best(table) == [[False, False, False], [False, True, True], [False, True, False], [False, False, False]]


def test_a_number_without_another_one_is_not_the_best():
    table = as_table([["a", "0.5"], ["b", "n/a"], ["c", "0.4"], ["d", "0.3"]], ["method", "IoU"], 1)
    assert best(mark_best(table, ["IoU"], [0, 0, 1, 1])) == [[False, False]] * 2 + [[False, True], [False, False]]


def test_links_lead_from_the_page_to_the_explorer():
    assert explored(methods=["sam"], settings=["mode4.first"]) == "../explorer/index.html#m=sam&s=mode4.first"
