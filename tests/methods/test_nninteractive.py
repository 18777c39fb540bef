"""The real client against a server of ours; the first part also against the real one, see support/nninteractive.py."""

import os
from dataclasses import dataclass
from pathlib import Path

import nibabel
import numpy as np
import pytest

from promptseg.core.errors import PromptsegError
from promptseg.methods import Prompt, Scribble, Settings
from promptseg.methods.nninteractive import NnInteractive
from promptseg.methods.volume import SlicePrompt, VolumeQuery
from support.nninteractive import serve

SHAPE = (22, 40, 50)  # (z, y, x), all different
NOTHING = np.zeros((0, 2), np.int32), np.zeros(0, np.int8)


@dataclass
class Volume:
    volume_id: str
    shape: tuple[int, int, int]
    path: Path
    spacing: tuple[float, float, float] | None = (5.0, 1.0, 0.5)

    def raw(self):
        return self.path


def volume(folder, name="a", shape=SHAPE, dtype=np.int16):
    values = np.random.default_rng(0).integers(-1000, 1000, shape[::-1]).astype(dtype)
    nibabel.save(nibabel.Nifti1Image(values, np.diag([0.5, 1, 5, 1])), folder / f"{name}.nii.gz")
    return Volume(name, shape, folder / f"{name}.nii.gz")


def points(z, *clicked):
    found = np.array(clicked, np.int32).reshape(-1, 3)
    return SlicePrompt(z, Prompt(found[:, :2], found[:, 2].astype(np.int8)))


def box(z, *sides):
    return SlicePrompt(z, Prompt(np.zeros((0, 2), np.int32), np.zeros(0, np.int8), np.array(sides, np.int32)))


def query(*prompts, slices=(0, SHAPE[0] - 1), clicks=(), previous=None, given=False):
    return VolumeQuery(prompts, slices, given, clicks, previous)


def method(url, **options):
    return NnInteractive(Settings(options={"url": url, **options}))


@pytest.fixture
def server():
    with serve() as running:
        yield running


@pytest.fixture
def url(server):
    return os.environ.get("NNINTERACTIVE_URL", server.url)


def ball(z, y, x, shape=SHAPE):
    grid = np.ogrid[: shape[0], : shape[1], : shape[2]]
    return sum((axis - at) ** 2 for axis, at in zip(grid, (z, y, x), strict=True)) <= 16


# --- what arrives where -----------------------------------------------------------------------------------------------


def test_a_click_arrives_at_its_voxel(url, tmp_path):
    (answer,) = method(url).answer(volume(tmp_path), [query(points(7, (31, 12, 1)))])
    np.testing.assert_array_equal(answer.masks.dense(), ball(7, 12, 31))
    assert answer.masks.shape == SHAPE
    assert answer.dropped == 0


def test_a_box_holds_its_last_pixels_and_lies_in_one_slice(url, tmp_path):
    (answer,) = method(url).answer(volume(tmp_path), [query(box(3, 10, 5, 20, 8))])
    assert answer.masks.box() == (3, 5, 10, 3, 8, 20)
    assert answer.masks.voxels == 11 * 4


@pytest.mark.parametrize("contour", ["lasso", "initial_mask"])
def test_contours_on_several_slices_come_back_as_they_were_drawn(url, tmp_path, contour):
    first, second = np.zeros((2, *SHAPE[1:]), bool)
    first[5:9, 10:21], second[30:38, 2:4] = True, True
    first[5, 10] = False
    prompts = SlicePrompt(3, mask=first), SlicePrompt(17, mask=second)
    (answer,) = method(url, contour=contour).answer(volume(tmp_path), [query(*prompts)])
    assert answer.masks.slices == [3, 17]
    np.testing.assert_array_equal(answer.masks.slice(3), first)
    np.testing.assert_array_equal(answer.masks.slice(17), second)


def test_scribbles_and_lassos_come_back_as_they_were_drawn(url, tmp_path):
    on = Scribble(np.array([[10, 5], [20, 5]], np.int32), 1, 3)
    off = Scribble(np.array([[15, 0], [15, 9]], np.int32), 0, 1)
    curve = np.array([[30, 20], [36, 20], [36, 24], [30, 24]], np.int32)
    shown = Prompt(*NOTHING, scribbles=(off, on)), Prompt(*NOTHING, lasso=curve)
    (answer,) = method(url).answer(volume(tmp_path), [query(SlicePrompt(4, shown[0]), SlicePrompt(9, shown[1]))])
    expected = np.zeros(SHAPE, bool)
    expected[4, 4:7, 9:22] = True
    expected[4, :, 15] = False
    expected[9, 20:25, 30:37] = True
    np.testing.assert_array_equal(answer.masks.dense(), expected)


def test_prompts_on_several_slices_and_points_beside_the_object(url, tmp_path):
    prompts = box(2, 0, 0, 9, 9), points(9, (40, 30, 1), (43, 30, 0))
    (answer,) = method(url).answer(volume(tmp_path), [query(*prompts)])
    expected = ball(9, 30, 40)
    expected[2, :10, :10] = True
    np.testing.assert_array_equal(answer.masks.dense(), expected & ~ball(9, 30, 43))


def test_outside_the_slices_that_are_asked_nothing_is_answered(url, tmp_path):
    (answer,) = method(url).answer(volume(tmp_path), [query(points(7, (31, 12, 1)), slices=(6, 9), given=True)])
    assert answer.masks.slices == [6, 7, 8, 9]
    np.testing.assert_array_equal(answer.masks.dense()[6:10], ball(7, 12, 31)[6:10])


def test_a_click_adds_to_what_the_object_was_shown_and_no_other_object(url, tmp_path):
    first, other = query(box(3, 10, 5, 20, 8)), query(points(15, (5, 5, 1)))
    client, one = method(url), volume(tmp_path)
    start, apart = client.answer(one, [first, other])
    assert apart.masks.voxels == ball(15, 5, 5).sum()
    clicked = query(*first.prompts, clicks=[points(3, (12, 6, 0))], previous=start.state)
    (now,) = client.answer(one, [clicked])
    expected = np.zeros(SHAPE, bool)
    expected[3, 5:9, 10:21] = True
    expected &= ~ball(3, 6, 12)
    np.testing.assert_array_equal(now.masks.dense(), expected)
    (alone,) = method(url).answer(one, [clicked])
    assert alone.masks.codes == now.masks.codes


def test_volumes_of_other_shapes_follow_one_another(url, tmp_path):
    client = method(url)
    small = volume(tmp_path, "b", (9, 33, 21), np.float64)
    for one, at in ((volume(tmp_path), (7, 12, 31)), (small, (4, 30, 2)), (volume(tmp_path), (20, 1, 1))):
        z, y, x = at
        (answer,) = client.answer(one, [query(points(z, (x, y, 1)), slices=(0, one.shape[0] - 1))])
        np.testing.assert_array_equal(answer.masks.dense(), ball(*at, one.shape))


# --- what the server hears --------------------------------------------------------------------------------------------


def test_a_further_click_is_all_that_the_server_has_to_hear(server, tmp_path):
    client, one = method(server.url), volume(tmp_path)
    (start,) = client.answer(one, [query(points(7, (31, 12, 1)))])
    server.paths.clear()
    click = points(7, (20, 12, 0))
    (now,) = client.answer(one, [query(points(7, (31, 12, 1)), clicks=[click], previous=start.state)])
    assert server.paths == ["/add_point_interaction"]
    client.answer(one, [query(points(7, (31, 12, 1)), clicks=[click, click], previous=now.state)])
    assert server.paths == ["/add_point_interaction"] * 2


def test_the_server_gets_stored_intensities(server, tmp_path):
    client, one = method(server.url), volume(tmp_path)
    client.answer(one, [query(points(7, (31, 12, 1)))])
    (place,) = server.places.values()
    assert place.image.dtype == np.int16
    np.testing.assert_array_equal(place.image[0].T, nibabel.load(one.path).dataobj)


def test_an_expired_session_is_told_everything_again(server, tmp_path):
    client, one = method(server.url), volume(tmp_path)
    prompts, click = (box(3, 10, 5, 20, 8),), points(3, (12, 6, 0))
    (start,) = client.answer(one, [query(*prompts)])
    server.places.clear()
    (now,) = client.answer(one, [query(*prompts, clicks=[click], previous=start.state)])
    (alone,) = method(server.url).answer(one, [query(*prompts, clicks=[click])])
    assert now.masks.codes == alone.masks.codes
    server.statuses["/reset_interactions"] = [410, 410]
    with pytest.raises(PromptsegError, match="forgot a session twice: as the test wants it"):
        client.answer(one, [query(*prompts)])
    (again,) = client.answer(one, [query(*prompts)])
    assert again.masks.codes == start.masks.codes


def test_clicks_of_which_the_server_takes_no_notice_are_counted(server, tmp_path):
    client, one = method(server.url), volume(tmp_path)
    prompts, clicks = (points(7, (31, 12, 1)),), [points(7, (20, 12, 1)), points(7, (20, 20, 1))]
    (start,) = client.answer(one, [query(*prompts)])
    server.deaf = True
    (one_click,) = client.answer(one, [query(*prompts, clicks=clicks[:1], previous=start.state)])
    (two_clicks,) = client.answer(one, [query(*prompts, clicks=clicks, previous=one_click.state)])
    assert (start.dropped, one_click.dropped, two_clicks.dropped) == (0, 1, 2)
    assert two_clicks.masks.codes == start.masks.codes


def test_places_are_given_back(server, tmp_path):
    client = method(server.url)
    client.answer(volume(tmp_path), [query(points(7, (31, 12, 1)))])
    client.answer(volume(tmp_path, "b"), [query(points(7, (31, 12, 1)))])
    assert len(server.places) == 1
    del client
    assert not server.places


# --- what goes wrong --------------------------------------------------------------------------------------------------


def test_a_server_that_is_full_is_waited_for(server, monkeypatch):
    monkeypatch.setattr("promptseg.methods.nninteractive_session._POLL", 0.01)
    server.full = 2
    method(server.url, wait=5)
    server.full = 1000
    with pytest.raises(PromptsegError, match=r"stayed full for 0.05 s .* larger --max-sessions"):
        method(server.url, wait=0.05)


def test_licence_and_version_are_noted(server, caplog):
    caplog.set_level("INFO")
    client = method(server.url)
    assert f"nnInteractive 2.6.0 at {server.url}; licence of its weights: CC BY-NC-SA 4.0" in caplog.messages
    assert client.provenance() == {"server_version": "2.6.0", "server_licence": "CC BY-NC-SA 4.0"}
    server.version = "2.5.0"
    with pytest.raises(
        PromptsegError, match=r"is nnInteractive 2\.5\.0, nninteractive-client here is 2\.6\.0: they have to be equal"
    ):
        method(server.url)
    assert len(server.places) == 1


def test_the_key_comes_from_the_environment_and_is_shown_nowhere(server, monkeypatch, caplog):
    caplog.set_level("DEBUG")
    server.key = "s3cret"
    monkeypatch.setenv("SERVER_KEY", "s3cret")
    client = method(server.url, api_key="SERVER_KEY")
    assert "s3cret" not in f"{caplog.text} {vars(client)} {client.provenance()}"
    monkeypatch.setenv("SERVER_KEY", "wr0ng")
    with pytest.raises(PromptsegError, match="does not take the key") as error:
        method(server.url, api_key="SERVER_KEY")
    assert "wr0ng" not in str(error.value)
    with pytest.raises(PromptsegError, match="is not the name of an environment variable that is set") as error:
        method(server.url, api_key="s3cret")
    assert "s3cret" not in str(error.value)


def test_the_address_may_come_from_the_environment(server, monkeypatch):
    monkeypatch.setenv("GPU_HOST", server.url.removeprefix("http://"))
    method("http://$GPU_HOST")
    with pytest.raises(PromptsegError, match=r"names the environment variable NO_HOST, which is not set"):
        method("http://${NO_HOST}:1527")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("127.0.0.1:1527", "give the address of the server, as http://127.0.0.1:1527"),
        ("http://127.0.0.1:port", "give the address of the server, as http://127.0.0.1:1527"),
        ("http://me:pass@127.0.0.1:1527", "holds a user name or a password"),
        ("http://127.0.0.1:9", r"No server answers at http://127.0.0.1:9 .* Start nnInteractive's"),
    ],
)
def test_addresses_of_no_server_are_explained(url, said):
    with pytest.raises(PromptsegError, match=said) as error:
        method(url)
    assert "pass@" not in str(error.value)


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/claim", 404, "is no server of nnInteractive 2.6: it has no /claim"),
        ("/set_image", 400, "refuses /set_image with status 400: as the test wants it"),
        ("/add_point_interaction", 500, "refuses /add_point_interaction with status 500: as the test wants it"),
    ],
)
def test_what_the_server_refuses_is_said(server, tmp_path, path, status, said):
    server.statuses[path] = [status]
    with pytest.raises(PromptsegError, match=said):
        method(server.url).answer(volume(tmp_path), [query(points(7, (31, 12, 1)))])


def test_files_that_do_not_fit_are_refused(server, tmp_path):
    client, one = method(server.url), volume(tmp_path)
    one.shape = SHAPE[::-1]
    with pytest.raises(
        PromptsegError, match=r"has the shape \(50, 40, 22\), its slices need \(x, y, z\) = \(22, 40, 50\)"
    ):
        client.answer(one, [query(points(7, (31, 12, 1)))])
    nibabel.save(nibabel.Nifti1Image(np.full(SHAPE[::-1], np.nan, np.float32), np.eye(4)), one.path)
    one.shape = SHAPE
    with pytest.raises(PromptsegError, match="holds values that are NaN or infinite"):
        client.answer(one, [query(points(7, (31, 12, 1)))])


def test_a_contour_is_one_of_two_things():
    with pytest.raises(PromptsegError, match=r"options\.contour is 'scribble': give lasso or initial_mask"):
        NnInteractive(Settings(options={"contour": "scribble"}))
