"""The comparison with recorded outputs: it accepts what is right, and says what is wrong with everything else."""

import json
import shutil

import numpy as np
import pytest

from promptseg.parity.command import main
from support.reduced import COMMAND, FIXTURES, record

pytestmark = pytest.mark.usefixtures("reduced")


def test_our_methods_answer_as_when_they_were_recorded(own, run):
    result = run(own)
    assert [line for line in result.lines.values() if not line.startswith("pass  ")] == [], f"or record anew: {COMMAND}"
    assert result.status == 0
    assert result.last.startswith("34 fixtures: 34 passed, 0 failed, in ")
    seq = result.lines["focalclick_segformerB0_S2__seq.npz"]
    assert "2 images, 4 clicks; probabilities at once max " in seq
    assert "exactly: zoom-in ROI (4), network passes (4)" in seq
    assert "1 inputs; " not in seq


def changed(source, target, remove=(), **arrays):
    """A copy of a fixture with other arrays; a function changes what is there."""
    content = dict(np.load(source))
    for name, value in arrays.items():
        if callable(value):
            content[name] = content[name].copy()
            content[name] = value(content[name])
        else:
            content[name] = value
    np.savez_compressed(target, **{name: value for name, value in content.items() if name not in remove})


def flipped(pixels):
    """Changes a mask of many."""

    def flip(value):
        value.reshape(-1)[:pixels] ^= True
        return value

    return flip


def moved(by):
    """Changes the last number."""

    def move(value):
        value.reshape(-1)[-1] += by
        return value

    return move


DAMAGE = {
    # name of a fixture: {what is changed: (how, the reason that is given)}
    "focalclick_segformerB0_S2__net": {
        "logits_0": (moved(3e-4), "first difference: input 0: logits differ by 3.0e-04 (limit "),
        "logits_stats_0": (moved(3e-4), "input 0: statistics of logits differ by"),
        "feature_0": (moved(3e-4), "input 0: feature differ by"),
        "refine0_trimap": (moved(3e-4), "box 0 trimap: refinement differ by"),
        "points_0": (lambda points: points[:, :3], "points_0 holds 3 clicks, which is no even number"),
        "prev_u8_0": (lambda mask: mask[1:], "the array prev_u8_0 has the shape (255, 256) instead of (256, 256)"),
        "logits_stride_0": (np.array("two"), "the array logits_stride_0 holds no numbers (<U3)"),
        "salt": (np.array("dev"), "first difference: input 0: logits differ by"),
        "overrides_file": (np.array("gone.json"), "the file of overrides gone.json is missing"),
    },
    "focalclick_segformerB0_S2__seq": {
        "prob_0": (moved(1e-4), "first difference: image 0 click 3: probabilities differ by 1.0e-04 (limit "),
        "prob_stats_1": (moved(1e-4), "image 1 click 1: statistics of probabilities differ by"),
        "mask_0": (flipped(3), "image 0 click 1: masks differ in 3 of 7700 pixels (limit "),
        "zoom_roi_0": (moved(1), "image 0 click 3: zoom-in ROI ["),
        "net_calls_1": (moved(1), "image 1 click 1: network passes 1 instead of 2"),
        "last_prob_f16_0": (moved(np.float16(0.01)), "image 0 click 3: last map differ by"),
        "stride": (np.array(5), "the array prob_"),
        "n_images": (np.array(3), "2 images instead of 3"),
        "mode": (np.array("paper"), "the file says that its mode is paper"),
        "image_1": (lambda image: image[..., 0], "the array image_1 has the shape (64, 48) instead of (any, any, 3)"),
        "clicks_0": (lambda clicks: clicks[::-1], "first difference: image 0 click 1: probabilities differ by"),
    },
    "focalclick_segformerB0_S2__focal": {
        "focus_roi_0": (moved(1), "image 0 click 3: focus ROI ["),
    },
    "ritm_small__net": {"aux_0": (moved(3e-4), "input 0: auxiliary logits differ by")},
    "sam_tiny": {
        "embedding_0": (moved(2e-4), "image 0: embedding differ by"),
        "p2_low_0": (moved(3e-4), "image 0 p2: low-res logits differ by"),
        "box_logits_0": (moved(3e-4), "image 0 box: logits differ by"),
        "box_p4_iou_0": (moved(2e-4), "image 0 box_p4: predicted IoU differ by"),
        "p1_maskin_mask_0": (
            flipped(1),
            "image 0 p1_maskin: masks differ in 1 pixels whose logits are not that close to the threshold",
        ),
        "point_coords_0": (lambda points: points[:3], "a prompt of image 0 has 4 points, the file 3"),
        "p4_twice_low_0": (np.zeros((1, 4, 4)), "the prompt p4_twice is not understood"),
    },
    "sam2.1_hiera_reduced": {
        "embedding_0": (moved(2e-3), "image 0: embedding differ by"),
        "high_res1_0": (moved(2e-3), "image 0 level 1: high-res features differ by"),
        "p1_low_0": (moved(3e-3), "image 0 p1: low-res logits differ by"),
        "boxes2_single_logits_0": (moved(3e-3), "image 0 boxes2_single: logits differ by"),
        "boxes2_single_logits_stats_0": (moved(3e-3), "image 0 boxes2_single: statistics of logits differ by"),
        "box_mask_0": (lambda mask: mask ^ np.uint8(1), "areas of the recorded masks ["),
        "box_area_0": (moved(1), "image 0 box: areas of the recorded masks ["),
        "box_p2_iou_0": (moved(2e-3), "image 0 box_p2: predicted IoU differ by"),
        "p3_single_stability_0": (moved(2e-3), "image 0 p3_single: stability differ by"),
        "mask_only_token_0": (lambda token: 3 - token, "image 0 mask_only: mask tokens "),
        "mask_only_source_0": (lambda source: 2 - source, "image 0 mask_only: mask sources "),
        "box2_0": (lambda box: box + 9, "first difference: image 0 box_2: low-res logits differ by"),
        "gains": (np.array('{"no_mem_embed": 2}'), "first difference: image 0: embedding differ by"),
        "overrides": (np.array('{"no_mem_embed": {}}'), "gains or overrides are not understood (KeyError: 'values')"),
        "calls": (np.array("p1"), "the array calls is no JSON ("),
        "salt": (np.array(3), "the array salt is no string"),
    },
    "sam3_tracker": {"gains": (np.array('{"tracker.gone": 2}'), "The gains name tracker.gone, which Sam3Net does not")},
    "medsam_reduced": {
        "resized_0": (lambda pixels: pixels ^ np.uint8(1), "image 0: resized image differ by 1.0e+00 (limit 0e+00)"),
        "resized_sum_0": (moved(1), "image 0 sums: resized image differ by 1.0e+00 (limit 0e+00)"),
    },
    "scribbleprompt_unet_reduced": {
        "box_scribble_planes_0": (moved(1), "image 0 box_scribble: input planes differ by 1.0e+00 (limit "),
        "scribbles_0": (lambda lines: lines[::-1], "first difference: image 0 box_scribble: low-res logits differ by"),
    },
    "protocol_sam_small": {
        "points_xy_0_0": (moved(3), "object 0_0 click 4: the click ("),
        "n_ties_1_0": (moved(1), "first difference: object 1_0 click 4: "),
        "point_labels_1_1": (lambda labels: 1 - labels, "first difference: object 1_1 click 1: labels 1 instead of 0"),
        "should_be_0_0": (moved(1), "object 0_0 click 4: sides "),
        "masks_0_0": (flipped(3), "first difference: object 0_0 click 1: masks differ in 3 pixels whose "),
        "iou_1_1": (moved(1e-3), "object 1_1 click 4: IoU of the recorded masks differ by 1.0e-03 (limit 1e-06)"),
        "labels_0": (lambda labels: 0 * labels, "labels_0 holds no pixel of object 0_0"),
    },
}


@pytest.mark.parametrize("name", DAMAGE)
def test_each_change_of_a_fixture_is_found_and_explained(own, run, tmp_path, name):
    for path in own.glob("*.json"):
        shutil.copy(path, tmp_path)
    for array, (how, reason) in DAMAGE[name].items():
        changed(own / f"{name}.npz", tmp_path / f"{name}.npz", **{array: how})
        result = run(tmp_path)
        line = result.lines[f"{name}.npz"]
        assert line.startswith("FAIL  "), f"{array}: {line}"
        assert reason in line, array
        assert result.status == 1
        assert result.last.startswith("1 fixtures: 0 passed, 1 failed, in ")


CALLS = {
    '[{"name": "p1", "dots": 1}]': "the call p1 has the unknown key dots",
    '[{"name": "p1", "points": "all"}]': "a value of the call p1 is not understood: ",
    '[{"points": 1}]': "the call {'points': 1} has no name",
    '[{"name": "p1", "points": 1}, {"name": "p1", "box": 1}]': "the call p1 comes twice",
    '[{"name": "p1", "mask": "box"}]': "the call p1 takes its mask from box, which is no earlier call",
    '[{"name": "p9", "points": 9}]': "a prompt of image 0 has 9 points, the file 3",
    '[{"name": "p4", "points": 3}]': "the array p4_low_0 is missing",
    '[{"name": "p1", "points": 1, "hq_token_only": true}]': "sets hq_token_only, which ReducedSam2 does not have",
    '{"p1": 1}': "the array calls holds no list",
    "[]": "no prompt of image 0 is recorded",
}


@pytest.mark.parametrize("calls", CALLS)
def test_calls_that_are_not_understood_fail(own, run, tmp_path, calls):
    changed(own / "sam2.1_hiera_reduced.npz", tmp_path / "sam2.1_hiera_reduced.npz", calls=np.array(calls))
    assert CALLS[calls] in run(tmp_path).lines["sam2.1_hiera_reduced.npz"]


@pytest.mark.parametrize("array", ["calls", "gains", "overrides", "salt", "box_0", "p1_iou_0", "mask_only_source_0"])
def test_an_array_that_is_missing_fails(own, run, tmp_path, array):
    changed(own / "sam2.1_hiera_reduced.npz", tmp_path / "sam2.1_hiera_reduced.npz", [array])
    assert f"the array {array} is missing" in run(tmp_path).lines["sam2.1_hiera_reduced.npz"]


def test_files_that_are_no_whole_fixtures_fail_and_the_others_pass(own, run, tmp_path):
    name = "focalclick_segformerB0_S2__paper.npz"
    shutil.copy(own / name, tmp_path)
    shutil.copy(own / "focalclick_segformerB0_S2.overrides.json", tmp_path)
    whole = (own / "focalclick_segformerB0_S2__seq.npz").read_bytes()
    (tmp_path / "focalclick_segformerB0_S2__seq.npz").write_bytes(whole[: len(whole) // 2])
    changed(own / "focalclick_segformerB0_S2__focal.npz", tmp_path / "focalclick_segformerB0_S2__focal.npz", ["mask_0"])
    shutil.copy(own / name, tmp_path / "segnet_small__paper.npz")
    shutil.copy(own / name, tmp_path / "focalclick_segformerB9_S2__paper.npz")
    shutil.copy(own / "focalclick_segformerB0_S2.overrides.json", tmp_path / "focalclick_segformerB9_S2.overrides.json")
    shutil.copy(own / "ritm_small__leak.npz", tmp_path)
    shutil.copy(own / "ritm_small.overrides.json", tmp_path)
    (tmp_path / "sam_tiny.npz").write_text("no archive")
    (tmp_path / "notes.txt").write_text("not a fixture")
    result = run(tmp_path)
    assert result.status == 1
    assert result.last.startswith("7 fixtures: 1 passed, 6 failed, in ")
    assert result.lines[name].startswith("pass  ")
    assert "the file is damaged or no .npz (BadZipFile" in result.lines["focalclick_segformerB0_S2__seq.npz"]
    assert "the array mask_0 is missing" in result.lines["focalclick_segformerB0_S2__focal.npz"]
    assert "the name is not understood; known are " in result.lines["segnet_small__paper.npz"]
    unknown = result.lines["focalclick_segformerB9_S2__paper.npz"]
    assert "There is no variant 'segformerB9_S2'; `variant:` is one of segformerB0_S1, " in unknown
    leak = result.lines["ritm_small__leak.npz"]
    assert "ritm_small__seq.npz, whose first clicks it starts from, is missing" in leak
    assert "the file is damaged or no .npz (" in result.lines["sam_tiny.npz"]
    assert run(tmp_path, "--only", "focal*B0*paper").status == 0


def test_overrides_of_another_network_fail(own, run, tmp_path):
    shutil.copy(own / "ritm_small__net.npz", tmp_path)
    target = tmp_path / "ritm_small.overrides.json"
    shutil.copy(own / "simpleclick_small.overrides.json", target)
    result = run(tmp_path)
    assert result.status == 1
    assert "name head.conv_seg.weight, which RitmNet does not have" in result.lines["ritm_small__net.npz"]
    content = json.loads((own / "ritm_small.overrides.json").read_text())
    content["overrides"]["feature_extractor.cls_head.bias"]["values"] = [0.2]
    target.write_text(json.dumps(content))
    assert "input 0: logits differ by 1.0e-01" in run(tmp_path).lines["ritm_small__net.npz"]


def test_a_folder_without_fixtures_fails(run, tmp_path):
    assert run(tmp_path).status == 1
    result = run(tmp_path / "gone")
    assert result.status == 1
    assert result.last == f"No fixture (*.npz) was found in {tmp_path / 'gone'}."
    np.savez(tmp_path / "sam_vit_b.npz", salt="dev")
    assert (
        run(tmp_path, "--only", "ritm*").last == f"No fixture (*.npz) with a name like ritm* was found in {tmp_path}."
    )


# --- recording


def test_the_same_arguments_record_the_same_bytes(tmp_path, own, run):
    for number, folder in enumerate((tmp_path / "one", tmp_path / "two")):
        assert [path.name for path in record(folder, "ultrasam", [(40, 60), (61, 33)])] == ["ultrasam_reduced.npz"]
        assert number or run(folder, "--json", tmp_path / "measured.json").status == 0
    first, second = (tmp_path / folder / "ultrasam_reduced.npz" for folder in ("one", "two"))
    assert first.read_bytes() == second.read_bytes()
    measured = json.loads((tmp_path / "measured.json").read_text())
    assert list(measured) == ["ultrasam_reduced"]
    assert measured["ultrasam_reduced"]["passed"]
    assert measured["ultrasam_reduced"]["differences"]["logits at once"] <= 1e-4
    assert measured["ultrasam_reduced"]["masks"] == {"differing": 0, "pixels": 5 * (2400 + 2013)}


def test_the_command_records(tmp_path, capsys):
    arguments = ["record", str(tmp_path), "--method", "medsam", "--variant", "reduced", "--sizes", "30x40"]
    assert main([*arguments, "--adapter", "support.reduced:ReducedMedSam"]) == 0
    assert capsys.readouterr().out.startswith(f"{tmp_path / 'medsam_reduced.npz'}  ")
    assert main(["record", str(tmp_path), "--method", "sam", "--variant", "vit_x"]) == 1
    assert "There is no variant" in capsys.readouterr().out
    file = tmp_path / "medsam_reduced.npz"
    assert main(["record", str(file), *arguments[2:], "--adapter", "support.reduced:ReducedMedSam"]) == 1
    assert capsys.readouterr().out == f"{file} cannot be made (File exists). Name a folder.\n"


@pytest.mark.parametrize("size", ["70", "ax9", "70x110x3", "1x500", "0x0"])
def test_images_without_room_for_their_prompts_are_refused(tmp_path, capsys, size):
    with pytest.raises(SystemExit):
        main(["record", str(tmp_path), "--method", "sam", "--variant", "small", "--sizes", size])
    assert f"'{size}' is no size: write e.g. 70x110" in capsys.readouterr().err


def test_fixtures_in_the_repository_are_small():
    assert [path.name for path in FIXTURES.iterdir() if path.stat().st_size > 160_000] == []
