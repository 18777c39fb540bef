"""The user who misses, in the place of the ideal one."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from promptseg.core.errors import PromptsegError
from promptseg.core.vocabulary import ALL_MODES
from promptseg.prompts.clicks import ClickTarget, Protocol, next_click
from promptseg.prompts.modes import PromptSettings, make_prompts
from promptseg.prompts.noise import Noise
from promptseg.prompts.noisy import NoisyUser, clickability_map

SETTINGS = PromptSettings(seed=1)
TRUTH = np.zeros((60, 80), bool)
TRUTH[10:41, 10:41] = True  # depths up to 16
TRUTH[5:20, 55:70] = True  # depths up to 8
TARGET = ClickTarget("a:lesion", TRUTH, TRUTH.astype(np.uint8))


def _rows(user: NoisyUser, annotator: str = "1") -> dict[str, dict]:
    return {row["mode"]: row for row in user.rows("a:lesion", TRUTH, ALL_MODES, SETTINGS, annotator)}


def _click(user: NoisyUser, prediction: np.ndarray, annotator: str = "1", protocol: Protocol = Protocol()):  # noqa: B008
    return user.next_click(TARGET, prediction, [], protocol, tie_break="random", seed=1, annotator=annotator)


def test_without_noise_everything_is_ideal_and_drawn_once() -> None:
    user = NoisyUser()
    assert user.annotators("a:lesion") == ["1"]
    assert list(_rows(user).values()) == make_prompts("a:lesion", TRUTH, ALL_MODES, SETTINGS)
    for prediction in (np.zeros_like(TRUTH), np.ones_like(TRUTH), TRUTH):
        assert _click(user, prediction) == next_click(TARGET, prediction, [], Protocol(), tie_break="random", seed=1)


def test_each_draw_differs_and_comes_again() -> None:
    user = NoisyUser(Noise(0.5, 0.2, enlarge_spread=(0.1,) * 4), draws=3)
    assert user.annotators("a:lesion") == ["1", "2", "3"]
    found = [_rows(user, annotator) for annotator in ("1", "2", "3")]
    assert len({str(rows["mode1"]["points"]) for rows in found}) == 3
    assert len({str(rows["mode5"]["boxes"]) for rows in found}) == 3
    assert _rows(user, "2") == found[1]
    assert _rows(NoisyUser(user.noise, 3, seed=2), "2") != found[1]


def test_points_are_those_of_their_components() -> None:
    rows = _rows(NoisyUser(Noise(bias=1.0)))
    (x, y), (x2, y2) = rows["mode2"]["points"]
    assert rows["mode1"]["points"] == [(x, y)]
    assert min(x - 9, y - 9, 41 - x, 41 - y) == 1, "at the border of the first"
    assert min(x2 - 54, y2 - 4, 70 - x2, 20 - y2) == 1
    assert rows["mode1"]["boxes"] == [], "no box where there was none"
    assert rows["everything"]["points"] == []
    assert rows["mode1"]["exact_points"] is None
    assert rows["mode3"]["boxes"] == rows["mode4"]["boxes"][:1]
    assert len(rows["iterative"]["exact_points"]) == 1


def test_a_corrective_click_keeps_its_sign_and_region() -> None:
    prediction = TRUTH.copy()
    prediction[10:41, 20:41] = False
    prediction[45:58, 2:15] = True
    missed = TRUTH & ~prediction
    clicks = [_click(NoisyUser(Noise(0.5, 0.2)), prediction, str(k)) for k in range(20)]
    assert all(click.positive and missed[click.y, click.x] for click in clicks)
    assert len({(click.x, click.y) for click in clicks}) > 10
    wrong = _click(NoisyUser(Noise(wrong_side=1.0)), prediction)
    assert wrong.positive
    assert not TRUTH[wrong.y, wrong.x], "meant for the object, given beside it"


def test_clicks_in_a_joint_region_stay_on_their_side() -> None:
    prediction = np.roll(TRUTH, 12, axis=1)
    for k in range(20):
        click = _click(NoisyUser(Noise(0.8, 0.1)), prediction, str(k), Protocol(error_region="joint"))
        assert click.positive == TRUTH[click.y, click.x]
        assert prediction[click.y, click.x] != TRUTH[click.y, click.x]


def test_clicks_by_a_map_are_where_it_is_not_zero(tmp_path: Path) -> None:
    chances = np.zeros(TRUTH.shape, np.uint16)
    chances[30, 12], chances[50, 50], chances[7, 60] = 40000, 60000, 1000
    (tmp_path / "a").mkdir()
    Image.fromarray(chances).save(tmp_path / "a" / "lesion.png")
    user = NoisyUser(draws=2, clickability=str(tmp_path / "{image}" / "{task}.png"))
    assert user.annotators("a:lesion") == ["1", "2"], "drawn, though there is no noise"
    rows = _rows(user)
    assert rows["mode1"]["points"] == [(12, 30)], "the map's other chances lie outside the object or component"
    assert rows["mode2"]["points"] == [(12, 30), (60, 7)]
    assert rows["mode5"]["boxes"] == [(10, 5, 69, 40)]
    click = _click(user, np.zeros_like(TRUTH))
    assert (click.x, click.y) in {(12, 30), (60, 7)}
    only = TRUTH.copy()
    only[35:, :] = False
    meant = next_click(TARGET, only, [], Protocol(), tie_break="random", seed=1)
    assert _click(user, only) == meant, "where the map is zero all over, the ideal click"


def test_bad_maps(tmp_path: Path) -> None:
    with pytest.raises(PromptsegError, match="does not exist: give one for each image"):
        clickability_map(tmp_path / "none.png", (2, 3))
    np.save(tmp_path / "a.npy", np.ones((3, 2)))
    with pytest.raises(PromptsegError, match=r"shape \(3, 2\), its image \(2, 3\)"):
        clickability_map(tmp_path / "a.npy", (2, 3))
    for values in (np.zeros((2, 3)), np.full((2, 3), np.nan), np.array([[1, -1, 0], [0, 0, 0]])):
        np.save(tmp_path / "a.npy", values)
        with pytest.raises(PromptsegError, match="finite numbers from 0 up"):
            clickability_map(tmp_path / "a.npy", (2, 3))
    Image.fromarray(np.ones((2, 3, 3), np.uint8)).save(tmp_path / "rgb.png")
    with pytest.raises(PromptsegError, match="in one channel"):
        clickability_map(tmp_path / "rgb.png", (2, 3))


@pytest.mark.parametrize("array", [np.array([[None]]), np.ones((2, 3), complex)])
def test_maps_of_other_than_numbers(tmp_path: Path, array: np.ndarray) -> None:
    np.save(tmp_path / "a.npy", array, allow_pickle=True)
    with pytest.raises(PromptsegError, match=r"cannot be read|needs finite numbers"):
        clickability_map(tmp_path / "a.npy", (2, 3))


@pytest.mark.parametrize("name", ["a.npy", "a.png"])
@pytest.mark.parametrize("content", [b"", b"abc"])
def test_damaged_maps(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(PromptsegError, match="cannot be read"):
        clickability_map(tmp_path / name, (2, 3))


def test_chances_whose_sum_is_too_large_for_a_number(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.full((2, 3), 1e308))
    assert np.array_equal(clickability_map(tmp_path / "a.npy", (2, 3)), np.ones((2, 3)))
