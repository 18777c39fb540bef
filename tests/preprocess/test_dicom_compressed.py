"""DICOM in its transfer syntaxes: stored integers come out as they went in."""

import numpy as np
import pydicom
import pytest
from pydicom.uid import (
    JPEG2000,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    HTJ2KLossless,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGExtended12Bit,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from promptseg.core.errors import PromptsegError
from promptseg.preprocess.volumes import read_volume
from support.compressed import (
    EXTENDED,
    HTJ2K,
    LOSSLESS,
    SIGNED,
    UNSIGNED,
    save_compressed,
    save_lossless,
)
from support.dicoms import save_slice

PLAIN = {"RescaleSlope": 1, "RescaleIntercept": 0}


def smooth(bits: int, signed: bool) -> np.ndarray:
    """(64, 48) values over the whole range, the smallest and largest among them."""
    rows, columns = np.mgrid[:64, :48]
    wave = 0.5 + 0.4 * np.sin(columns / 5) * np.cos(rows / 7)
    values = np.round(wave * (2**bits - 1)).astype(int)
    values[0, :2] = 0, 2**bits - 1
    return values - (2 ** (bits - 1) if signed else 0)


def save(path, values: np.ndarray, bits: int, signed: bool):
    tags = {"BitsStored": bits, "HighBit": bits - 1, "PixelRepresentation": int(signed)}
    return save_slice(path, values.astype(np.int32).astype(np.uint16), 0, "1.2.3", **PLAIN, **tags)


@pytest.mark.parametrize("name", LOSSLESS)
def test_jpeg_lossless_of_every_predictor(tmp_path, name):
    path = save_lossless(tmp_path / "a.dcm", name)
    expected = SIGNED if name.startswith("signed") else UNSIGNED
    assert np.array_equal(read_volume([path]).picture(0), expected)


@pytest.mark.parametrize("signed", [False, True], ids=["unsigned", "signed"])
@pytest.mark.parametrize("bits", [9, 12, 16])
@pytest.mark.parametrize("syntax", [RLELossless, JPEGLSLossless, JPEG2000Lossless])
def test_lossless(tmp_path, syntax, bits, signed):
    values = smooth(bits, signed)
    path = save(tmp_path / "a.dcm", values, bits, signed)
    dataset = pydicom.dcmread(path)
    dataset.compress(syntax, generate_instance_uid=False, encoding_plugin="pydicom" if syntax == RLELossless else "")
    dataset.save_as(path)
    assert np.array_equal(read_volume([path]).picture(0), values)


@pytest.mark.parametrize(
    ("syntax", "options", "most"), [(JPEGLSNearLossless, {"jls_error": 2}, 2), (JPEG2000, {"j2k_cr": [4]}, 4)]
)
def test_lossy(tmp_path, syntax, options, most):
    values = smooth(12, signed=False)
    path = save(tmp_path / "a.dcm", values, 12, signed=False)
    dataset = pydicom.dcmread(path)
    dataset.compress(syntax, generate_instance_uid=False, **options)
    dataset.save_as(path)
    assert 0 < np.abs(read_volume([path]).picture(0).astype(int) - values).max() <= most


def test_lossy_jpeg_of_12_bits(tmp_path):
    path = save_compressed(tmp_path / "a.dcm", EXTENDED, JPEGExtended12Bit)
    # By dcmdjpeg of DCMTK; dcmcjpeg had mapped 0 to 1096 on 1024 to 4095.
    assert read_volume([path]).picture(0)[0].tolist() == [1024, 1097, 1170, 1243, 1321, 1394, 1467, 1541, 1615]


def test_high_throughput_jpeg_2000(tmp_path):
    path = save_compressed(tmp_path / "a.dcm", HTJ2K, HTJ2KLossless)
    assert np.array_equal(read_volume([path]).picture(0), UNSIGNED)


@pytest.mark.parametrize("syntax", [DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian])
@pytest.mark.parametrize("signed", [False, True], ids=["unsigned", "signed"])
def test_other_encodings(tmp_path, syntax, signed):
    values = smooth(16, signed)
    path = save(tmp_path / "a.dcm", values, 16, signed)
    dataset = pydicom.dcmread(path)
    if syntax == ExplicitVRBigEndian:
        dataset.PixelData = np.frombuffer(dataset.PixelData, "<u2").astype(">u2").tobytes()
    plain = pydicom.Dataset()
    plain.update({element.tag: element for element in dataset})
    plain.file_meta = dataset.file_meta
    plain.file_meta.TransferSyntaxUID = syntax
    plain.save_as(
        path, enforce_file_format=True, implicit_vr=syntax.is_implicit_VR, little_endian=syntax.is_little_endian
    )
    assert np.array_equal(read_volume([path]).picture(0), values)


def test_unused_bits_are_no_values(tmp_path):
    """Overlays of old scanners, and signs that are not extended."""
    values = np.array([[-2048, -1], [0, 2047]])
    path = save(tmp_path / "a.dcm", values & 0x0FFF, 12, signed=True)
    assert np.array_equal(read_volume([path]).picture(0), values)
    path = save(tmp_path / "b.dcm", np.array([[0x1001, 0xF002]]), 12, signed=False)
    assert read_volume([path]).picture(0).tolist() == [[1, 2]]


@pytest.mark.parametrize(("syntax", "name"), [("1.2.840.10008.1.2.4.102", "MPEG-4 AVC"), ("1.2.3.4", "1.2.3.4")])
def test_what_nothing_decodes(tmp_path, syntax, name):
    path = save_lossless(tmp_path / "a.dcm", "unsigned 1")
    dataset = pydicom.dcmread(path)
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.save_as(path, implicit_vr=False, little_endian=True)
    with pytest.raises(PromptsegError, match=rf"^unknown compression: a\.dcm is compressed as {name}.*; decompress it"):
        read_volume([path])


def test_a_damaged_stream_is_one_reason(tmp_path):
    path = save_compressed(tmp_path / "a.dcm", LOSSLESS["unsigned 6"][:120], "1.2.840.10008.1.2.4.57")
    with pytest.raises(PromptsegError, match=r"^unreadable: a\.dcm is damaged"):
        read_volume([path])
