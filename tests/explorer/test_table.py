"""The table of the explorer in a browser: what it shows is what pandas finds in the same data files."""

import io
import re

import numpy as np
import pandas as pd
import pytest

from support.browser import Visit
from support.explored import explored, read_shard
from support.generated import DATASETS, TASKS, generate

METHODS = ["sam", "ritm"]
BOTH = "m=sam,ritm&s=mode1.first"
COLUMNS = {"IoU": "iou", "Dice": "dice", "NSD": "nsd", "HD95 (mm)": "hd95", "predicted IoU": "predicted_iou"}


@pytest.fixture(scope="module")
def explorer(tmp_path_factory):
    folder = tmp_path_factory.mktemp("explorer")
    generate(folder, 400, METHODS)
    return folder


@pytest.fixture(scope="module")
def rows(explorer):
    """Every row of the explorer as float64 of what its files hold, in their order."""
    run, objects = read_shard(explorer, "run"), read_shard(explorer, "objects")
    image, patient = (np.array(objects[name]["values"])[objects[name]["codes"]] for name in ("image", "patient"))
    task = np.char.add("task", np.array(objects["task"]).astype(str))
    about = {
        "dataset": [run["datasets"][code]["name"] for code in objects["dataset"]],
        "modality": [run["datasets"][code]["modality"] for code in objects["dataset"]],
        "task": task,
        "case_id": patient,
        "object_id": np.char.add(np.char.add(image, ":"), task),
        "area": objects["area"],
    }
    frames = []
    for method in METHODS:
        for setting, names in run["columns"][method].items():
            values = {name: read_shard(explorer, f"scores/{method}/{setting}/{name}") for name in names}
            values["status"] = np.array(run["statuses"])[values["status"]]
            frames.append(pd.DataFrame({**about, **values, "method": method, "setting": setting}))
    return pd.concat(frames, ignore_index=True).astype(dict.fromkeys(COLUMNS.values(), float))


def first(rows):
    return rows[rows["setting"] == "mode1.first"]


def shown(page):
    """Key and method of the rows on the page, in their order."""
    page.wait_for_selector(".rows[aria-busy=false]")
    read = """links => links.map(link => {
        const state = new URLSearchParams(link.hash.slice(1));
        return [state.get("o"), state.get("at").split("@")[0]];
    })"""
    return [tuple(pair) for pair in page.locator("[data-row]").evaluate_all(read)]


def expected(rows):
    return list(zip(rows["dataset"] + "/" + rows["object_id"], rows["method"], strict=True))[:50]


def count(page):
    return int(page.locator(".count strong").inner_text().replace(",", ""))


def means(page):
    """The table of counts and means: title of the column -> texts."""
    page.wait_for_selector(".summary[aria-busy=false]")
    heads = [" ".join(head.split()) for head in page.locator(".summary thead th").all_inner_texts()]
    cells = page.locator(".summary tbody").locator("th, td").all_inner_texts()
    return pd.DataFrame(np.reshape(cells, (-1, len(heads))), columns=heads)


def test_it_opens_with_the_worst_first(explorer, rows, visit: Visit):
    page = visit.open(explorer / "index.html")
    sam = first(rows)[lambda all_: all_["method"] == "sam"]
    assert shown(page) == expected(sam.sort_values("iou", kind="stable"))
    assert page.locator("th[aria-sort=ascending]").inner_text().startswith("IoU")
    assert count(page) == 400


def test_filters_and_orders_give_the_rows_of_pandas(explorer, rows, visit: Visit):
    page = visit.open(explorer / "index.html", BOTH)
    both = first(rows).sort_values("method", key=lambda names: names.map(METHODS.index), kind="stable")
    page.locator(".rows thead button", has_text="NSD").click()
    assert shown(page) == expected(both.sort_values("nsd", kind="stable"))
    page.locator(".rows thead button", has_text="NSD").click()
    assert shown(page) == expected(both.sort_values("nsd", ascending=False, kind="stable"))
    page.get_by_label("IoU, at most", exact=True).fill("0.6")
    page.keyboard.press("Enter")
    page.get_by_role("checkbox", name="MRI").check()
    page.get_by_role("searchbox").fill("task 3")
    left = both[(both["iou"] <= 0.6) & (both["modality"] == "mri") & (both["task"] == "task3")]
    assert shown(page) == expected(left.sort_values("nsd", ascending=False, kind="stable"))
    assert count(page) == len(left) > 10
    page.get_by_role("button", name="Lift all filters").click()
    assert count(page) == 800
    page.get_by_role("checkbox", name="the method gave no mask").check()
    failed = both[both["status"] == "the method gave no mask"]
    assert count(page) == len(failed) > 0
    assert page.locator(".rows td.status").all_inner_texts() == ["the method gave no mask"] * len(failed)


def test_orders_by_what_is_compared(explorer, rows, visit: Visit):
    sam, oracle, ritm = (
        rows[(rows["method"] == method) & (rows["setting"] == setting)].reset_index(drop=True)
        for method, setting in (("sam", "mode1.first"), ("sam", "mode1.oracle"), ("ritm", "mode1.first"))
    )
    difference, gap = sam["iou"] - ritm["iou"], oracle["iou"] - sam["iou"]
    page = visit.open(explorer / "index.html", "m=sam&s=mode1.first&sort=diff&vs=ritm@")
    order = difference.astype(np.float32).sort_values(kind="stable").index
    assert shown(page) == expected(sam.loc[order])
    number = page.locator(".rows tbody tr").first.locator("td.number").nth(3).inner_text()
    assert number == f"{difference[order[0]]:.3f}".replace("-", "\N{MINUS SIGN}")
    page.locator(".rows thead button", has_text="Gap").click()
    assert shown(page) == expected(sam.loc[gap.astype(np.float32).sort_values(kind="stable").index])


@pytest.mark.parametrize("filters", ["", "&d=d01,d02&r.area=500..5000", "&r.nsd=0.5..", "&p=patient000"])
def test_counts_and_means_are_those_of_the_tables(explorer, rows, visit: Visit, filters):
    left = first(rows)
    left = left[left["dataset"].isin(["d01", "d02"]) & left["area"].between(500, 5000)] if "d01" in filters else left
    left = left[left["nsd"] >= 0.5] if "nsd" in filters else left
    left = left[left["case_id"].str.contains("patient000")] if "patient" in filters else left
    scored = left[left["status"] == "ok"]
    page = visit.open(explorer / "index.html", f"{BOTH}{filters}")
    for over in ("objects", "tasks"):
        page.get_by_label("Mean over").select_option(over)
        table = means(page).set_index("Method")
        for method, own in left.groupby("method"):
            known = scored[scored["method"] == method]
            assert int(table.loc[method, "Scored"]) == len(known)
            assert int(table.loc[method, "Failed"]) == len(own) - len(known)
            assert int(table.loc[method, "Tasks"]) == known.groupby(["dataset", "task"]).ngroups
            for title, name in COLUMNS.items():
                mean = known[name].mean()
                if over == "tasks":
                    mean = known.groupby(["dataset", "task"])[name].mean().mean()
                assert table.loc[method, title] == f"{mean:.{1 if name == 'hd95' else 3}f}"
    assert len(left) == 800 or 0 < len(left) < 700


def test_a_link_leads_back(explorer, visit: Visit):
    page = visit.open(explorer / "index.html", BOTH)
    page.locator(".rows thead button", has_text="Dice").click()
    page.get_by_label("NSD, at least", exact=True).fill("0.25")
    page.keyboard.press("Enter")
    wanted, link = shown(page), page.url
    page.locator("[data-row]").nth(2).click()
    page.wait_for_selector(".viewer")
    opened = page.url
    page.go_back()
    assert shown(page) == wanted
    page.go_back()
    page.wait_for_function("!location.hash.includes('r.nsd')")
    again = visit.page.context.new_page()
    again.goto(link)
    assert shown(again) == wanted
    again.goto(opened)
    assert again.locator(".viewer").get_attribute("aria-label") == f"Object {wanted[2][0].split('/', 1)[1]}"


def test_the_keyboard_leads_through_the_table(explorer, visit: Visit):
    page = visit.open(explorer / "index.html")
    order = [key for key, _ in shown(page)]
    for key in ("j", "ArrowDown", "j", "k"):
        page.keyboard.press(key)
    page.keyboard.press("Enter")
    heading = page.locator(".opened h2")
    seen = lambda: page.evaluate("new URLSearchParams(location.hash.slice(1)).get('o')")  # noqa: E731
    heading.wait_for()
    assert seen() == order[1]
    page.keyboard.press("j")
    assert seen() == order[2]
    page.keyboard.press("ArrowUp")
    assert seen() == order[1]
    page.keyboard.press("Escape")
    assert shown(page)[1][0] == order[1]
    assert page.evaluate("document.activeElement.dataset.row") is not None
    page.get_by_role("button", name="Next page").click()
    page.locator("[data-row]").nth(49).click()
    heading.wait_for()
    page.keyboard.press("j")
    page.keyboard.press("Escape")
    page.get_by_role("spinbutton", name="Page").wait_for()
    assert page.get_by_role("spinbutton", name="Page").input_value() == "3"  # where the object is that was left
    assert page.evaluate("document.activeElement === document.querySelector('[data-row]')")
    page.keyboard.press("?")
    page.get_by_role("dialog").get_by_text("next object").wait_for()
    page.keyboard.press("Escape")
    assert page.get_by_role("dialog").count() == 0


def test_a_plot_selects_rows(explorer, rows, visit: Visit):
    page = visit.open(explorer / "index.html", "m=sam&s=mode1.first&plot=predicted_iou,iou")
    page.wait_for_selector(".summary[aria-busy=false]")
    box = page.locator(".u-over").bounding_box()
    across, down = (lambda share: box["x"] + share * box["width"]), (lambda share: box["y"] + share * box["height"])
    page.mouse.move(across(0.25), down(0.25))
    page.mouse.down()
    page.mouse.move(across(0.5), down(0.75), steps=4)
    page.mouse.up()
    page.wait_for_function("location.hash.includes('r.predicted_iou')")
    ends = {name: list(map(float, text.split(".."))) for name, text in re.findall(r"r\.(\w+)=([\d.]+)", page.url)}
    assert np.allclose([*ends["predicted_iou"], *ends["iou"]], [0.25, 0.5, 0.25, 0.75], atol=0.03)
    sam = first(rows)[lambda all_: all_["method"] == "sam"]
    assert (
        count(page) == (sam["predicted_iou"].between(*ends["predicted_iou"]) & sam["iou"].between(*ends["iou"])).sum()
    )


def test_rows_as_csv(explorer, rows, visit: Visit):
    page = visit.open(explorer / "index.html", f"{BOTH}&sort=hd95&dir=desc&r.iou=0.5..")
    button = page.get_by_role("button", name="Rows as CSV")
    with page.expect_download() as download:
        button.click()
    table = pd.read_csv(io.BytesIO(download.value.path().read_bytes()))
    both = first(rows).sort_values("method", key=lambda names: names.map(METHODS.index), kind="stable")
    left = both[both["iou"] >= 0.5].sort_values("hd95", ascending=False, kind="stable")
    same = ["dataset", "task", "case_id", "object_id", "method", "area", "status"]
    assert table[same].values.tolist() == left[same].values.tolist()
    assert np.allclose(table[list(COLUMNS.values())], left[list(COLUMNS.values())], atol=1e-5)
    assert table["mode"].eq("mode1").all()
    assert table["selection"].eq("first").all()


def test_what_a_link_names_and_nobody_knows_is_told(explorer, visit: Visit):
    page = visit.open(explorer / "index.html", "m=sam,unet&d=d01&o=d01/nothing&sort=age&unknown=1")
    page.wait_for_selector(".rows[aria-busy=false]")
    told = page.get_by_role("alert").locator("p").all_inner_texts()
    assert told == [
        "The object “d01/nothing” is not kept here.",
        "This run has no method “unet”.",
        "This run has no order “age”.",
    ]
    assert count(page) > 0


def test_a_missing_file_is_told(tmp_path, visit: Visit):
    generate(tmp_path, 20, METHODS)
    (tmp_path / "data/scores/sam/mode1.first/nsd.js").unlink()
    page = visit.open(tmp_path / "index.html")
    page.get_by_role("alert").get_by_text("data/scores/sam/mode1.first/nsd.js is missing").wait_for()
    assert means(page)["NSD"].tolist() == ["\N{EN DASH}"]
    (tmp_path / "data/objects.js").unlink()
    page.reload()
    page.get_by_role("alert").get_by_text("data/objects.js is missing").wait_for()
    assert {fault.split(" ")[-1] for fault in visit.faults} == {"net::ERR_FILE_NOT_FOUND"}
    visit.faults.clear()


def test_names_are_no_markup_and_failures_show_their_reason(tmp_path, visit: Visit):
    page = visit.open(explored(tmp_path) / "index.html", "m=sam&s=mode1.first&sort=object")
    page.wait_for_selector(".rows[aria-busy=false]")
    texts = [" ".join(text.split()) for text in page.locator(".rows tbody th").all_inner_texts()]
    assert texts == ["nodule c", "cell b", "it's <b> b", 'cell p1 "z"/1#ä', 'it\'s <b> p1 "z"/1#ä']
    assert page.locator(".rows td.status").all_inner_texts() == ["method failed"]
    page.locator("[data-row]").nth(4).click()
    assert page.locator(".opened h2").inner_text().startswith("it's <b>")


@pytest.mark.parametrize(("width", "scheme"), [(1200, "light"), (400, "dark")])
def test_it_can_be_read_by_all(explorer, visit: Visit, width, scheme):
    visit.page.emulate_media(color_scheme=scheme)
    page = visit.open(explorer / "index.html", f"{BOTH}&vs=ritm@&plot=vs,iou&r.iou=0.4..0.43&m=sam,none", width)
    page.wait_for_selector(".summary[aria-busy=false]")
    if width == 400:
        page.get_by_text("Filters", exact=True).click()
    assert visit.inaccessible() == []
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_the_generated_run_has_all_its_parts(rows):
    assert rows["dataset"].nunique() == DATASETS
    assert rows["task"].nunique() == TASKS
