"""Standardised uptake values against numbers worked out by hand."""

import pytest

from promptseg.core.errors import PromptsegError
from promptseg.preprocess.suv import suv_factor
from support.dicoms import HALF_LIFE, pet_header


def after(seconds: float) -> float:
    """70000 g divided by what is left of 350 MBq."""
    return 70000 / (350e6 * 0.5 ** (seconds / HALF_LIFE))


def test_decay_until_the_scan():
    # 2e-4 for 70 kg and 350 MBq, times 2^(3600/6586.2) = 1.46064
    assert suv_factor([pet_header()], "a") == pytest.approx(2.92128e-4, rel=1e-5)
    assert suv_factor([pet_header()], "a") == pytest.approx(after(3600))


def test_decay_corrected_to_the_injection():
    assert suv_factor([pet_header(DecayCorrection="ADMIN")], "a") == pytest.approx(2e-4)


def test_injection_with_a_date_and_over_midnight():
    late = {"RadiopharmaceuticalStartTime": "233000"}
    assert suv_factor([pet_header(late, SeriesTime="003000", AcquisitionTime="003100")], "a") == pytest.approx(
        after(3600)
    )
    dated = {"RadiopharmaceuticalStartDateTime": "20200302073000.00+0100"}
    assert suv_factor([pet_header(dated)], "a") == pytest.approx(after(5400))


def test_series_dated_after_its_acquisition(caplog):
    caplog.set_level("INFO")
    slices = [pet_header(SeriesTime="140000", AcquisitionTime=time) for time in ("091000", "090000", "092000")]
    assert suv_factor(slices, "a") == pytest.approx(after(3600))
    assert "a: the series is dated after its first acquisition" in caplog.text
    block = slices[0].private_block(0x0009, "GEMS_PETD_01", create=True)
    block.add_new(0x0D, "DT", "20200302083000.00")
    assert suv_factor(slices, "a") == pytest.approx(after(1800))


def test_counts_of_philips():
    counts = pet_header(Units="CNTS")
    with pytest.raises(PromptsegError, match=r"^no SUV: a holds counts, without the factor of Philips"):
        suv_factor([counts], "a")
    block = counts.private_block(0x7053, "Philips PET Private Group", create=True)
    block.add_new(0x09, "DS", "2.5")
    assert suv_factor([counts], "a") == pytest.approx(2.5 * after(3600))
    block.add_new(0x00, "DS", "0.000551")
    assert suv_factor([counts], "a") == 0.000551
    del counts[0x70531000]
    block.add_new(0x00, "UN", b"0.000551 ")
    assert suv_factor([counts], "a") == 0.000551


def test_values_that_are_suv_already():
    assert suv_factor([pet_header(Units="GML")], "a") == 1.0
    with pytest.raises(PromptsegError, match="SUV of the type LBM"):
        suv_factor([pet_header(Units="GML", SUVType="LBM")], "a")


@pytest.mark.parametrize(
    ("tracer", "changes", "message"),
    [
        ({}, {"PatientWeight": None}, "a does not state PatientWeight"),
        ({}, {"PatientWeight": 0}, "a does not state PatientWeight"),
        ({"RadionuclideTotalDose": None}, {}, "a does not state RadionuclideTotalDose"),
        ({"RadionuclideHalfLife": None}, {}, "a does not state RadionuclideHalfLife"),
        ({"RadiopharmaceuticalStartTime": None}, {}, "a does not state RadiopharmaceuticalStartTime"),
        ({}, {"RadiopharmaceuticalInformationSequence": []}, "a does not state Radiopharmaceutical"),
        ({}, {"Units": None}, "a does not state Units"),
        ({}, {"Units": "PROPCPS"}, "the unit of a is PROPCPS"),
        ({}, {"DecayCorrection": "NONE"}, "DecayCorrection of a is NONE"),
        ({}, {"CorrectedImage": ["ATTN", "SCAT"]}, "a is not corrected for DECY"),
        ({}, {"Modality": "CT"}, "no PET: a has the modality CT"),
        ({"RadiopharmaceuticalStartDateTime": "20100101080000"}, {}, "the scan begins 89113.0 h after the injection"),
        ({"RadiopharmaceuticalStartDateTime": "20200302093000"}, {}, "the scan begins -0.5 h after the injection"),
        ({}, {"SeriesTime": None, "AcquisitionTime": None}, "states neither SeriesDate and SeriesTime nor"),
    ],
)
def test_what_is_missing_or_wrong(tracer, changes, message):
    with pytest.raises(PromptsegError, match=message):
        suv_factor([pet_header(tracer, **changes)], "a")
