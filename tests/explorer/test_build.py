"""The folder of an explorer: every file says what the tables of the run say."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from promptseg.core.errors import PromptsegError
from promptseg.core.masks import decode, encode
from promptseg.core.settings import COLUMNS, Setting
from promptseg.core.tables import read_table
from promptseg.explorer import build as building
from promptseg.explorer.build import build
from promptseg.explorer.predicted import write_masks
from promptseg.preprocess.images import decode_png
from promptseg.score.tables import CONFIDENCES, SCORES, TRUST
from support.explored import MODES, ODD, about, block, explored, read_shard, write_run


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return write_run(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def explorer(files, tmp_path_factory):
    output = tmp_path_factory.mktemp("explorer") / "explorer"
    build(output, **files)
    return output


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_run(explorer):
    run = read_shard(explorer, "run")
    assert run["counts"] == {"objects": 5, "kept": 5, "images": 3, "pictures": 3}
    assert run["sampling"] == ""
    assert run["configuration"] == {"device": "cpu", "prompts": '{"seed": 1}'}
    assert [(one["name"], one["title"], one["family"], one["control"]) for one in run["methods"]] == [
        ("boxes", "Boxes filled", "boxes", True),
        ("sam", "SAM <1>", "SAM", False),
    ]
    assert run["datasets"][1] == {
        "name": "heart",
        "title": "heart",
        "modality": "ct",
        "modality_title": "CT",
        "licence": "CC0-1.0",
        "units": ["mm"],
        "tasks": [{"name": "it's <b>", "title": "it's <b>"}, {"name": "cell", "title": "cell"}],
    }
    assert run["titles"] == {
        "modes": {
            "mode1": "1: one point, largest component",
            "mode3": "3: box, largest component",
            "iterative": "corrective clicks",
            "everything": "no prompt",
        },
        "selections": {"first": "first mask", "best_score": "highest predicted IoU", "oracle": "oracle"},
        "statuses": {"ok": "scored", "not_applicable": "prompts not taken", "not_recorded": "not recorded"},
    }
    assert run["protocols"] == {
        "corrected": "corrected",
        "as_released~repeat_clicks": "as released, repeat clicks as by default",
    }
    assert [(one["id"], one["title"]) for one in run["settings"]] == [
        ("mode1.first", "mode 1, first mask"),
        ("mode1.best_score", "mode 1, highest predicted IoU"),
        ("mode1.oracle", "mode 1, oracle"),
        ("mode3.first", "mode 3, first mask"),
        ("iterative.corrected.1.first", "1 click, corrected, first mask"),
        ("iterative.corrected.1.oracle", "1 click, corrected, oracle"),
        ("iterative.corrected.2.first", "2 clicks, corrected, first mask"),
        ("iterative.corrected.2.oracle", "2 clicks, corrected, oracle"),
        (
            "iterative.as_released~repeat_clicks.1.first",
            "1 click, as released, repeat clicks as by default, first mask",
        ),
        ("everything.first", "no prompt, first mask"),
        ("everything.oracle", "no prompt, oracle"),
    ]
    assert [(one["name"], one["unit"], one["range"]) for one in run["metrics"]][:5] == [
        ("iou", "", [0, 1]),
        ("dice", "", [0, 1]),
        ("nsd", "", [0, 1]),
        ("hd95", "mm or px", None),
        ("predicted_iou", "", [0, 1]),
    ]
    assert run["statuses"] == ["ok", "not_applicable", "", "method failed"]
    assert run["made"].endswith(" UTC")
    # Modes whose prompts it does not take have a status only, and it is not clicked at all.
    boxes = run["columns"]["boxes"]
    assert boxes["mode1.first"] == ["status"]
    assert boxes["mode3.first"] == ["iou", "dice", "nsd", "hd95", "status"]
    assert not [name for name in boxes if name.startswith("iterative")]


def test_the_objects(explorer):
    assert read_shard(explorer, "objects") == {
        "n": 5,
        "dataset": [0, 1, 1, 1, 1],
        "task": [0, 1, 0, 1, 0],
        "patient": {"values": ["c", "b", "p"], "codes": [0, 1, 1, 2, 2]},
        "image": {"values": ["c", "b", ODD], "codes": [0, 1, 1, 2, 2]},
        "area": [12, 4, 12, 4, 12],
        "relative_area": [0.2, 0.06667, 0.2, 0.06667, 0.2],
        "picture": [0, 1, 1, 2, 2],
    }


def test_a_picture_without_masks_has_a_file_as_well(files, tmp_path):
    code = encode(block(0, 0, 1, 1))
    write_masks(tmp_path / "data", "sam", files["predictions"]["sam", "chest"], {"another:cell": (7, 3, code)})
    assert read_shard(tmp_path, "masks/sam/7") == {}


def as_told(explorer, method, setting, column):
    return read_shard(explorer, f"scores/{method}/{setting.id}/{column}")


def test_columns_are_those_of_the_tables(explorer, files):
    """Of every method, setting, object and column, and nothing besides."""
    run, names = read_shard(explorer, "run"), read_shard(explorer, "objects")
    keys = ["c:nodule", "b:cell", "b:it's <b>", f"{ODD}:cell", f"{ODD}:it's <b>"]
    assert [f"{names['image']['values'][code]}" for code in names["image"]["codes"]] == [
        key.rpartition(":")[0] for key in keys
    ]
    compared = 0
    for method in ("sam", "boxes"):
        scores = pd.concat(read_table(files["scores"][method, name], SCORES) for name in ("chest", "heart"))
        scores = scores[scores["object_id"].notna() & scores["mode"].isin(MODES)]
        scores = scores[(scores["mode"] != "iterative") | scores["protocol"].notna()]
        trust = pd.concat(read_table(files["trust"][method, name], TRUST) for name in ("chest", "heart"))
        groups = scores.fillna({"protocol": "", "switch": ""}).astype({"step": int}).groupby(COLUMNS)
        assert {Setting(*key).id for key, _ in groups} == set(run["columns"][method])
        for key, rows in groups:
            setting = Setting(*key)
            own = rows.set_index("object_id").reindex(keys)
            told = run["columns"][method][setting.id]
            for column in ("iou", "dice", "nsd", "hd95"):
                expected = own[column].to_numpy(np.float32)
                assert (column in told) == bool(np.isfinite(expected).any())
                if column in told:
                    np.testing.assert_array_equal(as_told(explorer, method, setting, column), expected)
                    mean = np.nanmean(as_told(explorer, method, setting, column).astype(float))
                    assert mean == pytest.approx(rows[column].mean(), abs=1e-6)
                    compared += 1
            codes = [run["statuses"][code] for code in as_told(explorer, method, setting, "status")]
            assert codes == own["status"].fillna("").str.partition(": ")[0].tolist()
            mine = (trust["mode"] == setting.mode) & (trust["step"] == setting.step) & (setting.switch == "")
            mine &= (trust["selection"] == setting.selection) & (trust["protocol"].fillna("") == setting.protocol)
            sure = trust[mine].set_index("object_id").reindex(keys)
            for column in (column.name for column in CONFIDENCES):
                expected = sure[column].to_numpy(np.float32)
                assert (column in told) == bool(np.isfinite(expected).any())
                if column in told:
                    np.testing.assert_array_equal(as_told(explorer, method, setting, column), expected)
                    compared += 1
    assert compared > 40


def test_literal_scores(explorer):
    """The first mask is the truth, the one of the highest score is two columns off: 3 of 4 and 1 of 2 columns."""
    first, best = (read_shard(explorer, f"scores/sam/mode1.{name}/iou") for name in ("first", "best_score"))
    assert first.dtype == "<f4"
    np.testing.assert_array_equal(first, np.float32([1, 1, 1, np.nan, 1]))
    np.testing.assert_array_equal(best, np.float32([2 / 6, 0, 4 / 20, np.nan, 4 / 20]))
    assert read_shard(explorer, "scores/sam/mode1.first/status").tolist() == [0, 0, 0, 3, 0]
    assert read_shard(explorer, "scores/sam/mode1.oracle/status").tolist() == [0, 0, 0, 2, 0]  # failures have no oracle
    assert read_shard(explorer, "scores/boxes/mode1.first/status").tolist() == [1] * 5
    assert read_shard(explorer, "scores/sam/mode1.best_score/predicted_iou").tolist()[:3] == [0.875] * 3


def test_pictures_and_truths(explorer, files):
    assert decode_png((explorer / "data/images/0.png").read_bytes())[2, 2].tolist() == [200, 100, 50]
    assert decode_png((explorer / "data/images/2.png").read_bytes())[:2, :5].tolist() == [[200] * 4 + [50]] * 2
    chest = read_shard(explorer, "truths/0")
    assert (chest["size"], chest["spacing"]) == ([6, 10], None)
    nodule = chest["objects"]["0"]
    assert (decode({"size": [6, 10], "counts": nodule["rle"]}) == block(2, 2, 5, 4)).all()
    assert nodule["bbox"] == [2, 2, 5, 4]
    assert nodule["prompts"] == {
        "mode1": {"points": [[3, 3, 1]], "boxes": []},
        "mode3": {"points": [], "boxes": [[2, 2, 5, 4]]},
    }
    heart = read_shard(explorer, "truths/2")
    assert heart["spacing"] == [0.5, 0.25]
    assert sorted(heart["objects"]) == ["3", "4"]
    assert heart["objects"]["3"]["bbox"] == [6, 2, 7, 3]


def test_masks_and_clicks(explorer):
    masks = read_shard(explorer, "masks/sam/2")
    assert sorted(masks) == ["3", "4"]
    failed, whole = masks["3"], masks["4"]
    truth = read_shard(explorer, "truths/2")["objects"]["4"]["rle"]
    assert failed["single"]["mode1"] == [
        {"status": "method failed: SAM raised ValueError; see the log", "selections": ["first"]}
    ]
    told = [(one["score"], one["iou"], one["selections"], one["status"]) for one in whole["single"]["mode1"]]
    assert told == [
        (0.5, 1.0, ["first", "oracle"], "ok"),
        (0.25, 0.5, [], "ok"),
        (0.875, 0.2, ["best_score"], "ok"),
    ]
    assert whole["single"]["mode1"][0]["rle"] == truth
    assert [one["selections"] for one in whole["single"]["everything"]] == [["oracle"]]
    assert sorted(whole["clicks"]) == ["as_released~repeat_clicks.first", "corrected.first", "corrected.oracle"]
    assert [(one["step"], one["click"], one["score"], one["iou"]) for one in whole["clicks"]["corrected.first"]] == [
        (1, [1, 1, 1], 0.125, 0.2),
        (2, [2, 1, 0], 0.25, 0.5),
    ]
    assert read_shard(explorer, "masks/boxes/2")["4"]["clicks"] == {}
    assert read_shard(explorer, "masks/boxes/2")["4"]["single"]["mode3"][0]["score"] is None


def test_equal_inputs_give_equal_bytes(explorer, files, tmp_path):
    turned = {kind: dict(reversed(files[kind].items())) for kind in ("scores", "predictions", "trust")}
    build(tmp_path / "again", **{**files, **turned})
    assert contents(tmp_path / "again") == contents(explorer)


def test_above_a_size_a_sample_is_kept(files, tmp_path):
    build(tmp_path / "small", **{**files, "run": about(["chest", "heart"], most=(2, 1))})
    run, objects = read_shard(tmp_path / "small", "run"), read_shard(tmp_path / "small", "objects")
    assert run["counts"] == {"objects": 5, "kept": 2, "images": 2, "pictures": 1}
    assert run["sampling"] == (
        "The tables hold 2 of 5 objects (all 1 with a failure, 1 at random). Pixels and masks are of 1 of 2 images "
        "(all 1 with a failure). Counts and means here are of these objects; those of all are in the tables of the run."
    )
    assert ODD in objects["image"]["values"]
    number = [objects["image"]["values"][code] for code in objects["image"]["codes"]].index(ODD)
    assert objects["picture"][number] == 0
    assert sorted(objects["picture"]) == [-1, 0]
    assert len(read_shard(tmp_path / "small", "scores/sam/mode1.first/iou")) == 2
    assert list(read_shard(tmp_path / "small", "masks/sam/0")) == [str(number)]
    assert len(list((tmp_path / "small/data/images").iterdir())) == 1


def test_a_single_object(tmp_path):
    output = explored(tmp_path, only="chest")
    assert read_shard(output, "objects")["image"] == {"values": ["c"], "codes": [0]}
    assert read_shard(output, "scores/sam/mode1.first/iou").tolist() == [1.0]
    assert [one["unit"] for one in read_shard(output, "run")["metrics"] if one["name"] == "hd95"] == ["px"]


def test_controls_have_no_confidences(files, tmp_path):
    """Rule `trust` leaves controls out."""
    trust = {key: path for key, path in files["trust"].items() if key[0] != "boxes"}
    build(tmp_path / "e", **{**files, "trust": trust})
    columns = read_shard(tmp_path / "e", "run")["columns"]
    assert columns["boxes"]["mode3.first"] == ["iou", "dice", "nsd", "hd95", "status"]
    assert "prompts_agree" in columns["sam"]["iterative.corrected.1.first"]


def test_columns_in_parts_of_little_memory_are_the_same(explorer, files, tmp_path, monkeypatch):
    monkeypatch.setattr("promptseg.explorer.columns._VALUES", 200)
    monkeypatch.setattr("promptseg.explorer.objects._BATCH", 7)
    monkeypatch.setattr("promptseg.explorer.predicted._BATCH", 2)
    build(tmp_path / "again", **files)
    assert contents(tmp_path / "again") == contents(explorer)


def test_the_shell(explorer):
    page = (explorer / "index.html").read_text()
    places = [page.index(f'src="{name}"') for name in ("app.js", "data/run.js", "data/objects.js")]
    assert places == sorted(places)
    assert "http" not in page
    assert {path.name for path in explorer.iterdir()} == {"index.html", "app.js", "app.css", "licences.txt", "data"}


def test_without_its_page_it_is_not_written(files, tmp_path, monkeypatch):
    monkeypatch.setattr(building, "HERE", tmp_path)
    with pytest.raises(PromptsegError, match=r"lacks app\.js, app\.css, licences\.txt: call `make explorer`"):
        build(tmp_path / "explorer", **files)
    assert not (tmp_path / "explorer").exists()


def test_titles_are_no_markup(files, tmp_path):
    build(tmp_path / "e", **{**files, "run": replace(files["run"], title="a <b> & c")})
    assert "<title>a &lt;b&gt; &amp; c: every object</title>" in (tmp_path / "e" / "index.html").read_text()
    assert read_shard(tmp_path / "e", "run")["title"] == "a <b> & c"
