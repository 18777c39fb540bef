"""Standardised uptake values of PET, by body weight, from the headers of a DICOM series.

The rules are those of the Quantitative Imaging Biomarkers Alliance (RSNA QIBA, "Standardized Uptake Value (SUV)
calculation, vendor-neutral pseudo-code").
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from pydicom.valuerep import DA, DT, TM

from promptseg.core.value_reasons import NO_PET, NO_SUV

logger = logging.getLogger(__name__)

# Private elements: Philips, SUV and activity for one count; GE, the time that decay is corrected to.
_PHILIPS = 0x7053, "Philips PET Private Group"
_GE = 0x0009, "GEMS_PETD_01"


def suv_factor(headers: Sequence[Any], name: str) -> float:
    """The number that turns the rescaled values of a PET series into SUVbw, in g/ml.

    Bq/ml are multiplied with the body weight and divided by the injected activity, which has decayed until the time
    that the images are corrected to: the start of the series (`DecayCorrection` START), or the injection itself
    (ADMIN). The start is the series' own date and time; if those are later than the first acquisition, as in series
    that were processed afterwards, GE's private time of the scan, or else the time of the first acquisition. Counts
    need the private factors of Philips. g/ml are SUV already.

    Args:
        headers: all headers of the series.
        name: the file, for messages.

    Raises:
        PromptsegError: not a PET series, an attribute that is needed is missing, a unit or a correction for which the
            factor is not defined.
    """
    first = headers[0]
    if first.get("Modality") != "PT":
        raise NO_PET.error(f"{name} has the modality {first.get('Modality')}")
    units = _needed(first, "Units", name)
    if units == "GML":
        kind = first.get("SUVType") or "BW"
        if kind != "BW":
            raise NO_SUV.error(f"{name} holds SUV of the type {kind}, not by body weight")
        return 1.0
    if units == "CNTS":
        factor = _private(first, _PHILIPS, 0x00)
        if factor:
            return float(factor)
        activity = _private(first, _PHILIPS, 0x09)
        if not activity:
            raise NO_SUV.error(
                f"{name} holds counts, without the factor of Philips (7053,xx00) or (7053,xx09) that would turn them "
                "into SUV or Bq/ml"
            )
        return float(activity) * _per_activity(headers, name)
    if units != "BQML":
        raise NO_SUV.error(f"the unit of {name} is {units}; BQML, CNTS and GML can be turned into SUV")
    return _per_activity(headers, name)


def _per_activity(headers: Sequence[Any], name: str) -> float:
    """SUVbw for one Bq/ml."""
    first = headers[0]
    corrected = _needed(first, "CorrectedImage", name)
    missing = [word for word in ("ATTN", "DECY") if word not in corrected]
    if missing:
        raise NO_SUV.error(f"{name} is not corrected for {' and '.join(missing)} (CorrectedImage)")
    tracer = _needed(first, "RadiopharmaceuticalInformationSequence", name)[0]
    dose = float(_needed(tracer, "RadionuclideTotalDose", name))
    weight = float(_needed(first, "PatientWeight", name))
    correction = _needed(first, "DecayCorrection", name)
    if correction == "ADMIN":
        return weight * 1000 / dose
    if correction != "START":
        raise NO_SUV.error(f"DecayCorrection of {name} is {correction}; START and ADMIN are understood")
    half_life = float(_needed(tracer, "RadionuclideHalfLife", name))
    scan = _scan_time(headers, name)
    waited = (scan - _injection_time(tracer, scan, name)).total_seconds()
    if not 0 <= waited <= 10 * half_life:
        raise NO_SUV.error(
            f"by the header of {name} the scan begins {waited / 3600:.1f} h after the injection, which is before it or "
            "more than ten half-lives later: the dates or times are wrong"
        )
    return weight * 1000 / (dose * 2 ** (-waited / half_life))


def _needed(header: Any, keyword: str, name: str) -> Any:
    value = header.get(keyword)
    if value is None or value == "" or value == 0 or (keyword.endswith("Sequence") and not len(value)):
        raise NO_SUV.error(f"{name} does not state {keyword}")
    return value


def _private(header: Any, block: tuple[int, str], element: int) -> Any:
    try:
        value = header.private_block(*block)[element].value
    except KeyError:
        return None
    return value.decode("ascii").strip("\0 ") if isinstance(value, bytes) else value


def _moment(date: Any, time: Any) -> datetime | None:
    if not date or not time:
        return None
    return datetime.combine(DA(str(date)), TM(str(time)))


def _scan_time(headers: Sequence[Any], name: str) -> datetime:
    series = _moment(headers[0].get("SeriesDate"), headers[0].get("SeriesTime"))
    moments = (_moment(header.get("AcquisitionDate"), header.get("AcquisitionTime")) for header in headers)
    acquired = min((moment for moment in moments if moment is not None), default=None)
    if series is not None and (acquired is None or series <= acquired):
        return series
    private = _private(headers[0], _GE, 0x0D)
    if private:
        return DT(str(private)).replace(tzinfo=None)
    if acquired is None:
        raise NO_SUV.error(f"{name} states neither SeriesDate and SeriesTime nor AcquisitionDate and AcquisitionTime")
    logger.info("%s: the series is dated after its first acquisition, whose time is used for the decay", name)
    return acquired


def _injection_time(tracer: Any, scan: datetime, name: str) -> datetime:
    stated = tracer.get("RadiopharmaceuticalStartDateTime")
    if stated:
        return DT(str(stated)).replace(tzinfo=None)
    # Without a date the injection is on the day of the scan, or on the day before if it would be later than the scan.
    time = TM(str(_needed(tracer, "RadiopharmaceuticalStartTime", name)))
    moment = datetime.combine(scan.date(), time)
    return moment if moment <= scan else moment - timedelta(days=1)
