"""NRRD files, and segmentations of 3D Slicer in them."""

import nrrd
import numpy as np
import pytest
from pydicom.uid import generate_uid

from promptseg.core.errors import PromptsegError
from promptseg.preprocess.grids import reorient
from promptseg.preprocess.labels import MaskFiles, read_masks
from promptseg.preprocess.volumes import read_volume
from support.dicoms import LPS, LPS_AFFINE, save_slice
from support.volumes import save_nifti, turned


def test_nrrd_equals_nifti_of_the_same_grid(tmp_path):
    array, affine = turned(LPS, LPS_AFFINE, "RPI")
    lps = np.diag([-1, -1, 1, 1]) @ affine
    for space, place in (("left-posterior-superior", lps), ("right-anterior-superior", affine)):
        header = {"space": space, "space directions": place[:3, :3].T, "space origin": place[:3, 3]}
        nrrd.write(str(tmp_path / "a.nrrd"), array, header)
        volume = read_volume([tmp_path / "a.nrrd"])
        assert np.array_equal(volume.array, array)
        assert np.allclose(volume.affine, affine)
        assert np.array_equal(reorient(volume, "axial").array, LPS)


def test_nrrd_without_space_has_spacing_only(tmp_path, caplog):
    nrrd.write(str(tmp_path / "a.nrrd"), LPS, {"spacings": [0.5, 0.75, 2.5]})
    volume = reorient(read_volume([tmp_path / "a.nrrd"]), "axial")
    assert volume.affine is None
    assert volume.pixel_spacing == (0.75, 0.5)
    assert np.array_equal(volume.array, LPS)
    assert "a.nrrd says nothing of its orientation" in caplog.text


NAMES = {"Segment0_Name": "Vessels", "Segment1_Name": "Dense"}
VALUES = {"Segment0_LabelValue": "1", "Segment1_LabelValue": "2", "Segment0_Layer": "0", "Segment1_Layer": "0"}


class TestSegments:
    """Files of 3D Slicer."""

    vessels = np.isin(LPS, [5, 6, 7, 20]).astype(np.uint8)
    dense = np.isin(LPS, [7, 8, 30, 31]).astype(np.uint8)

    @staticmethod
    def save(path, array, affine, **header):
        lps = np.diag([-1, -1, 1, 1]) @ affine
        rows = [*([[np.nan] * 3] if array.ndim == 4 else []), *lps[:3, :3].T]
        place = {"space": "left-posterior-superior", "space directions": np.array(rows), "space origin": lps[:3, 3]}
        place["kinds"] = ["list"] * (array.ndim - 3) + ["domain"] * 3
        nrrd.write(str(path), array, {**place, **header})
        return path

    @pytest.fixture
    def image(self, tmp_path):
        return read_volume([save_nifti(tmp_path / "image.nii", *turned(LPS, LPS_AFFINE, "RAS"))])

    def axial(self, path, image, pattern):
        return reorient(read_masks([MaskFiles((path,), 3, None, pattern)], image), "axial").array

    def test_names_say_which_value_is_meant(self, tmp_path, image):
        array = np.where(self.dense, 2, self.vessels).astype(np.uint8)
        path = self.save(tmp_path / "a.seg.nrrd", array, LPS_AFFINE, **NAMES, **VALUES)
        assert np.array_equal(self.axial(path, image, "dense"), self.dense * 3)
        swapped = {**VALUES, "Segment0_LabelValue": "2", "Segment1_LabelValue": "1"}
        path = self.save(tmp_path / "b.seg.nrrd", array, LPS_AFFINE, **NAMES, **swapped)
        assert np.array_equal(self.axial(path, image, "dense"), (array == 1) * 3)
        assert np.array_equal(self.axial(path, image, "^(vessels|dense)$"), (array > 0) * 3)

    def test_layers_stand_on_the_first_axis(self, tmp_path, image):
        layers = np.stack([self.dense * 5, self.vessels])
        tags = {"Segment0_LabelValue": "1", "Segment1_LabelValue": "5", "Segment0_Layer": "1", "Segment1_Layer": "0"}
        path = self.save(tmp_path / "a.seg.nrrd", *self.turn(layers, "SAL"), **NAMES, **tags)
        assert np.array_equal(self.axial(path, image, "DENSE"), self.dense * 3)
        assert np.array_equal(self.axial(path, image, "vessels"), self.vessels * 3)
        both = [MaskFiles((path,), 1, None, "vessels"), MaskFiles((path,), 2, None, "dense")]
        expected = np.where(self.dense, 2, self.vessels)
        assert np.array_equal(reorient(read_masks(both, image), "axial").array, expected)

    @staticmethod
    def turn(layers, codes):
        both = [turned(layer, LPS_AFFINE, codes) for layer in layers]
        return np.stack([array for array, _ in both]), both[0][1]

    def test_files_without_values_and_layers(self, tmp_path, image):
        path = self.save(tmp_path / "a.seg.nrrd", np.stack([self.vessels, self.dense]), LPS_AFFINE, **NAMES)
        assert np.array_equal(self.axial(path, image, "dense"), self.dense * 3)

    def test_a_box_around_the_segments(self, tmp_path, image):
        box = LPS_AFFINE.copy()
        box[:3, 3] = (LPS_AFFINE @ [1, 0, 1, 1])[:3]
        tags = {"Segment0_Name": "Dense"}
        path = self.save(tmp_path / "a.seg.nrrd", self.dense[1:3, :, 1:], box, **tags)
        expected = np.zeros_like(self.dense)
        expected[1:3, :, 1:] = self.dense[1:3, :, 1:]
        assert np.array_equal(self.axial(path, image, "dense"), expected * 3)
        # What lies outside the image is cut off.
        box[:3, 3] = (LPS_AFFINE @ [-1, 0, 0, 1])[:3]
        path = self.save(tmp_path / "b.seg.nrrd", np.ones((2, 5, 3), np.uint8), box, **tags)
        assert self.axial(path, image, "dense")[:, 0, 0].tolist() == [3, 0, 0, 0]
        box[0, 3] += 0.2
        path = self.save(tmp_path / "c.seg.nrrd", np.ones((2, 5, 3), np.uint8), box, **tags)
        with pytest.raises(PromptsegError, match=r"^another grid: the voxels of c\.seg\.nrrd do not lie on those"):
            self.axial(path, image, "dense")

    def test_no_voxel_and_no_such_segment(self, tmp_path, image):
        path = self.save(tmp_path / "a.seg.nrrd", np.ones((1, 1, 1), np.uint8), LPS_AFFINE, Segment0_Name="Dense")
        assert not self.axial(path, image, "dense").any()
        with pytest.raises(
            PromptsegError, match=r"^no segment: `segment: vessel` matches .*: a\.seg\.nrrd has 'Dense'; "
        ):
            self.axial(path, image, "vessel")

    def test_names_that_look_like_patterns(self, tmp_path, image):
        tags = {"Segment0_Name": "Lung (left)", "Segment1_Name": "GTV+5mm"}
        array = np.where(self.dense, 2, self.vessels).astype(np.uint8)
        path = self.save(tmp_path / "a.seg.nrrd", array, LPS_AFFINE, **tags, **VALUES)
        assert np.array_equal(self.axial(path, image, "lung (LEFT)"), (array == 1) * 3)
        assert np.array_equal(self.axial(path, image, "gtv+5mm"), self.dense * 3)
        for broken in ("lung (", "*"):
            with pytest.raises(PromptsegError, match=r"^no segment: .*seg\.nrrd has 'Lung \(left\)', 'GTV\+5mm'; "):
                self.axial(path, image, broken)

    def test_headers_that_lack_names_or_values(self, tmp_path, image):
        array = np.where(self.dense, 2, self.vessels).astype(np.uint8)
        tags = {"Segment0_ID": "vessels", "Segment1_ID": "dense"}
        path = self.save(tmp_path / "a.seg.nrrd", array, LPS_AFFINE, **tags, **VALUES)
        assert np.array_equal(self.axial(path, image, "dense"), self.dense * 3)
        path = self.save(tmp_path / "b.seg.nrrd", array, LPS_AFFINE, **NAMES)
        with pytest.raises(
            PromptsegError, match=r"^unreadable: b\.seg\.nrrd names several segments and does not say which"
        ):
            self.axial(path, image, "dense")
        plain = self.save(tmp_path / "c.nrrd", array, LPS_AFFINE)
        with pytest.raises(PromptsegError, match=r"^no segment: .*nothing: c\.nrrd has none at all; "):
            self.axial(plain, image, "dense")

    def test_layers_on_the_last_axis(self, tmp_path, image):
        layers = np.stack([self.vessels, self.dense], axis=3)
        lps = np.diag([-1, -1, 1, 1]) @ LPS_AFFINE
        place = {"space": "left-posterior-superior", "space origin": lps[:3, 3], "kinds": ["domain"] * 3 + ["list"]}
        place["space directions"] = np.array([*lps[:3, :3].T, [np.nan] * 3])
        nrrd.write(str(tmp_path / "a.seg.nrrd"), layers, {**place, **NAMES})
        assert np.array_equal(self.axial(tmp_path / "a.seg.nrrd", image, "dense"), self.dense * 3)

    @pytest.mark.parametrize("falling", [False, True])
    @pytest.mark.parametrize("prone", [False, True])
    def test_masks_without_a_place_lie_as_their_authors_lay_them(self, tmp_path, falling, prone):
        """The turns that the authors of the breast masks give to images and masks, and what we do, are the same."""
        heights = (16.0, 13.5, 11.0) if falling else (11.0, 13.5, 16.0)
        tags = {"ImageOrientationPatient": [-1, 0, 0, 0, -1, 0]} if prone else {}
        series = generate_uid()
        paths = [save_slice(tmp_path / f"{k}", LPS[:, :, k].T, z, series, **tags) for k, z in enumerate(heights)]
        mask = (LPS % 7 == 0).astype(np.uint8)
        nrrd.write(str(tmp_path / "m.seg.nrrd"), mask, {"Segment0_Name": "Breast"})
        ours = read_volume(paths)
        marked = read_masks([MaskFiles((tmp_path / "m.seg.nrrd",), 1, None, "breast")], ours).array

        theirs = np.stack([LPS[:, :, k].T * 2 - 1024 for k in range(3)], axis=-1)
        turned_mask = np.flip(np.rot90(mask), axis=1)
        if falling:
            theirs, turned_mask = np.rot90(theirs, 2, (1, 2)), np.flip(turned_mask, axis=1)
        if prone:
            theirs = np.rot90(theirs, 2)
        else:
            turned_mask = np.rot90(turned_mask, 2)
        assert sorted(ours.array[marked > 0]) == sorted(theirs[turned_mask > 0])
