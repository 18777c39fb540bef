"""The report page."""

import re

import pytest

from promptseg.analysis.ablation import ABLATION
from promptseg.analysis.everything import EVERYTHING_MEANS
from promptseg.analysis.throughput import THROUGHPUT
from promptseg.core.tables import write_csv
from promptseg.figures.catalogue import FIGURES
from promptseg.report.gallery import caption_html
from promptseg.report.page import Run, build_page, stand_ins
from support import synthetic
from support.reports import ABLATED, BF16, FP32, GRID, everything, speeds

PROTOCOLS = {"corrected": {"title": "corrected clicks"}, "as_released": {"title": "as released"}}
NOTES = {
    "GrabCut": "Both of them are old.",
    "Random walker": "Both of them are old.",
    "SAM ViT-B": "Not <the> largest.",
}


def build(results, output, title="Results of a run"):
    folder, tables = results
    figures = [folder / "figures" / f"{name}.png" for name in ("examples_chest_xray", "modes", "examples_breast_us")]
    prompts = {"modes": ["mode1", "mode4", "iterative"], "clicks": 9}
    configuration = {"device": "cpu", "run": {"datasets": ["chest_xray"]}, "prompts": prompts}
    titles = {"datasets": synthetic.DATASETS, "methods": synthetic.METHODS, "protocols": PROTOCOLS}
    run = Run(
        title,
        "first_run",
        "2026-11-29 16:52 UTC",
        configuration,
        **titles,
        notes=NOTES,
        endings=["png", "pdf"],
        protocol="corrected",
        grid=GRID,
    )
    write_csv(output.parent / "everything.csv", everything(), EVERYTHING_MEANS)
    build_page({**tables, "everything": output.parent / "everything.csv"}, figures, output, run)
    return output.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(results, tmp_path_factory):
    return build(results, tmp_path_factory.mktemp("page") / "index.html")


def test_differences_between_methods_are_on_the_page(page):
    section = part(page, "differences")
    assert "p (Holm)" in section
    link = "../explorer/index.html#m=grabcut&amp;s=mode3.first&amp;vs=sam_vit_b@mode3.first&amp;sort=diff&amp;dir=asc"
    assert f'<a href="{link}">GrabCut</a></td><td class="t">SAM ViT-B</td><td class="t">mode 3</td>' in section
    assert "\u2020 The 17 tasks of this run come from 70 patients." in section


def test_notes_on_methods_stand_above_the_results(page):
    section = page.split('id="results"')[1].split("<table")[0]
    assert section.count("Both of them are old.") == 1
    assert "<b>GrabCut, Random walker</b>: Both of them are old." in section
    assert "<b>SAM ViT-B</b>: Not &lt;the&gt; largest." in section


def test_images_without_masks_are_named_above_the_results(page):
    above, below = page.split('id="results"')[1].split("<table", 1)
    assert "<b>SAM ViT-B</b>: The mode everything found no mask in any of 112 images." in above
    assert above.count("found no mask") == 1
    assert ">3.0</td>" in below.split("<h3>Without a prompt</h3>")[1].split("</table>")[0]


def test_page_stands_alone(page):
    """Whatever it shows is in it; links lead to sections, and to the folders beside it."""
    assert page.startswith("<!DOCTYPE html>")
    assert not re.search(r'src="(?!data:)', page)
    assert set(re.findall(r'href="(?!#)(.*?)(?:[#/].*?)?"', page.replace("../", ""))) == {
        "figures",
        "tables",
        "explorer",
    }
    assert page.count('src="data:image/webp;base64,UklGR') == 2 * 3  # each figure and its thumbnail


def test_page_holds_every_part_and_lists_it(page):
    parts = ["findings", "results", "figures", "clicks", "tasks", "means", "differences", "published", "datasets"]
    parts += ["contamination", "speed", "failures", "provenance"]
    assert re.findall(r'<h2 id="(\w+)">', page.split("<dialog")[0] + page.split("</dialog>")[1]) == parts
    contents = page.split('<nav aria-label="Contents">')[1].split("</nav>")[0]
    assert re.findall(r'<li><a href="#(?!figure-)(\w+)">', contents) == parts
    assert "0.6542" in page  # a published finding
    assert "CT-Spleen" in page
    assert "&#34;chest_xray&#34;" in page  # configuration


def test_head_says_what_run_it_is(page):
    head = page.split('<dl class="about">')[1].split("</dl>")[0]
    about = dict(re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", head))
    assert about["Run"] == "first_run"
    assert about["Scores made"] == "2026-11-29 16:52 UTC"
    assert about["Datasets"].startswith("Brain tumour (MRI), Chest X-ray, ")
    assert about["Methods"].endswith("Random walker, Region growing, SAM ViT-B")
    assert about["Prompts"] == "mode 1, mode 4, 9 clicks (corrected clicks, as released)"


def test_findings_come_first_and_the_others_are_folded_with_each_note_once(page):
    text = part(page, "findings")
    assert 1 <= text.split("<details>")[0].count("<li>") <= 5
    assert not re.search(r"p = 0\.000|p = 0[^.]", page)
    assert text.count("The study: best when a box is given for each component.") == 1
    assert text.count("Wilcoxon signed-rank test") == 1


def test_figures_stand_by_category_in_the_order_of_their_declarations(page):
    text = part(page, "figures")
    shown = re.findall(r"<h3>(.*?)</h3>|<span>(.*?)</span></a>", text)
    assert shown == [
        ("Prompt modes", ""), ("", "Five prompt modes, this run"),
        ("Examples", ""), ("", "Examples: Chest X-ray"), ("", "Examples: Breast ultrasound"),
    ]  # fmt: skip
    assert text.count(caption_html(FIGURES["modes"].caption_file)) == 1
    assert "<strong>Filled</strong> is the method&#x27;s first mask" in text.replace("'", "&#x27;")
    assert "{{" not in text


def cells(page, first):
    """The texts of the first row that begins so, without links and what stands below."""
    rows = [re.findall(r"<td[^>]*>(.*?)</td>", line) for line in page.splitlines() if line.startswith("<tr>")]
    rows = [[re.sub(r" <small>.*?</small>|</?a[^>]*>", "", cell) for cell in row] for row in rows]
    return next(row for row in rows if row[: len(first)] == first)


def test_page_says_where_a_method_does_not_apply(page):
    row = cells(page, ["Filled box", "first mask"])
    assert row[2:5] == ["17", "n/a", "n/a"]
    assert row[-3:] == ["n/a"] * 3
    assert cells(page, ["Perfect", "first mask"])[2:] == ["17", *["1.000"] * 8]


def test_methods_are_in_the_order_of_the_registry(page):
    head = part(page, "results").split("<table")[1]
    places = [head.index(f">{entry['title']}<") for entry in synthetic.METHODS.values()]
    assert places == sorted(places)


def test_failures_are_listed_and_escaped(page):
    assert "1 score rows failed" in page
    row = cells(page, ["unreadable", "zz broken"])
    assert row[2:] == ["GrabCut", "case&lt;1&gt;", "unreadable: truncated", "1", "1"]


def test_page_is_reproducible_and_escapes(results, page, tmp_path):
    assert build(results, tmp_path / "index.html") == page
    assert "<title>A &lt;b&gt; &amp; c</title>" in build(results, tmp_path / "index.html", "A <b> & c")


def test_ablation_on_the_page(results, page, tmp_path):
    assert 'id="ablation"' not in page
    folder, tables = results
    write_csv(tmp_path / "ablation.csv", ABLATED.assign(provenance=""), ABLATION)
    other = build((folder, tables | {"ablation": tmp_path / "ablation.csv"}), tmp_path / "index.html")
    assert cells(other, ["Perfect", "first mask", "without error region"])[4] == "0.500 (+0.125)"
    assert other.index('id="clicks"') < other.index('id="ablation"') < other.index('id="tasks"')


def test_precision_on_the_page(results, page, tmp_path):
    assert "against fp32" not in page
    folder, tables = results
    write_csv(tmp_path / "throughput.csv", speeds(FP32, BF16), THROUGHPUT)
    other = build((folder, tables | {"throughput": tmp_path / "throughput.csv"}), tmp_path / "index.html")
    assert "<p>SAM ViT-B, bf16 against fp32 on 8 images: mean IoU changes by -0.0020" in other
    assert cells(other, ["Chest X-ray", "SAM ViT-B", "cuda", "bf16"])[-1] == "3072"


def part(page, name):
    """The part of the page under a heading."""
    return re.split(r'<h2 id="(?!viewer)', page[page.index(f'<h2 id="{name}">') :], maxsplit=2)[1]


def test_datasets_on_the_page(page):
    text = part(page, "datasets")
    assert cells(text, ["Chest X-ray", "ok", "all", "lungs: 30", "CC0"])[5:] == [
        *("30", "29", "0", "704", "-674"),
        "0123456789ab",
    ]
    assert cells(text, ["US-Nerve"])[1:] == ["needs a token", "", "", "", "", "", "", "2323?", "", ""]


def test_contamination_on_the_page(results, page, tmp_path):
    text = part(page, "contamination")
    assert cells(text, ["GrabCut", "yes"]) == ["GrabCut", "yes", "Chest X-ray", "its authors"]
    assert cells(text, ["GrabCut", "no"])[2].count(",") == 3
    assert cells(text, ["Perfect", "no"])[2:] == ["all 5", "nothing is trained"]
    assert cells(text, ["SAM ViT-B", "unknown"])[2:] == ["all 5", "no entry in the configuration"]
    everything, unseen = (cells(text, ["GrabCut", "first mask", which]) for which in ("all", "not seen"))
    assert (everything[3], unseen[3]) == ("17", "16")
    assert (everything[4], unseen[4]) == ("n/a", "n/a")  # mode 1
    assert re.fullmatch(r"0\.\d{3}", unseen[7])  # mode 4
    assert unseen[7] != everything[7]
    folder, tables = results
    lines = tables["contamination"].read_text().replace(",yes,", ",no,")
    (tmp_path / "contamination.csv").write_text(lines)
    other = build((folder, tables | {"contamination": tmp_path / "contamination.csv"}), tmp_path / "index.html")
    assert "No method of this run is known to have seen" in part(other, "contamination")


def test_no_machine_name_is_on_the_page(page):
    """Words with underscores and names of modes stand in code, and in the listings of the last section, only."""
    shown = page.split('<h2 id="provenance">')[0]
    text = re.sub(r"<style>.*?</style>|<code>.*?</code>|<dd>first_run</dd>|<[^>]*>", " ", shown, flags=re.DOTALL)
    settings = {"pred_iou_thresh", "stability_score_thresh", "report_page"}  # which a sentence tells readers to lower
    assert set(re.findall(r"\b\w+_\w+\b|\bmode\d\b", text)) <= settings
    for name in synthetic.METHODS.keys() - {"perfect", "grabcut"}:  # these are words
        assert name not in text
    assert "corrected clicks, 5 clicks" in text


@pytest.mark.parametrize(
    ("modes", "as_points", "given_as", "words"),
    [
        (["mode1"], True, "box", []),
        (["scribble_walk", "lasso"], False, "lasso", []),
        (["scribble_walk", "lasso"], True, "box", [
            "scribbles as up to 5 points where a method takes none", "lassos as boxes where a method takes none",
        ]),
        (["lasso"], True, "points", ["lassos as points where a method takes none"]),
    ],
)  # fmt: skip
def test_the_head_says_what_stood_for_lines(modes, as_points, given_as, words):
    prompts = {"modes": modes, "scribbles": {"as_points": as_points, "points": 5}, "lasso": {"given_as": given_as}}
    assert stand_ins(prompts) == words
