"""Back to where a volume came from: masks in the grid of the files that were read, as NIfTI and as DICOM SEG."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pydicom

from promptseg.core.errors import PromptsegError
from promptseg.core.provenance import versions
from promptseg.core.stacks import MaskStack
from promptseg.preprocess.grids import Volume, reorient
from promptseg.preprocess.places import Originals


class Sources(Originals):
    """The files of the cases of a dataset, and masks laid on them."""

    def laid(self, mask: MaskStack, stored: Volume) -> np.ndarray:
        """(columns, rows, slices) bool: a mask in the grid of the volume as stored."""
        found = np.zeros(stored.shape, bool)
        turned = reorient(replace(stored, array=found), self._entry["axis"]).array  # a view: turning copies nothing
        for z, pixels in mask:
            turned[:, :, z] = pixels.T
        return found


def save_nifti(path: Path, laid: np.ndarray, stored: Volume, files: Sequence[Path]) -> None:
    """Write a mask as NIfTI, 0 and 1, with the affine of its image; what a NIfTI header says of it is kept.

    Args:
        laid: (columns, rows, slices) bool, see `Sources.laid`.
    """
    spacing = np.nan_to_num(stored.spacing or (1.0, 1.0, 1.0), nan=1.0)
    affine = np.diag([*spacing, 1.0]) if stored.affine is None else stored.affine
    image = nib.Nifti1Image(laid.astype(np.uint8), affine)
    if len(files) == 1 and files[0].name.lower().endswith((".nii", ".nii.gz")):
        header: Any = nib.load(files[0]).header
        image.set_qform(*header.get_qform(coded=True)) if header["qform_code"] else None
        image.set_sform(affine, int(header["sform_code"]) or 2)
    image.header.set_xyzt_units("mm")
    nib.save(image, path)


def save_segmentation(
    path: Path, masks: Mapping[str, np.ndarray], stored: Volume, files: Sequence[Path], algorithm: str
) -> None:
    """Write masks as one DICOM SEG (PS3.3 A.51) of binary segments, each with a label, that refers to its images.

    Args:
        masks: label -> (columns, rows, slices) bool, see `Sources.laid`; one of them is not empty.
        stored: a DICOM series, as read.
        files: of the series.
        algorithm: its name and, after a comma, its setting, in the description of each segment.

    Raises:
        PromptsegError: the image is no DICOM series.
    """
    import highdicom as hd
    from pydicom.sr.codedict import codes

    if not stored.planes:
        raise PromptsegError(f"{stored.name} is no DICOM series, which a DICOM SEG would refer to: export it as nifti.")
    instances = {dataset.SOPInstanceUID: dataset for dataset in map(pydicom.dcmread, files)}
    pixels = np.stack([mask.T for mask in masks.values()], axis=-1).astype(
        np.uint8
    )  # (slices, rows, columns, segments)
    several = len({plane.instance for plane in stored.planes}) == 1 and len(stored.planes) > 1
    order = np.argsort([plane.frame for plane in stored.planes]) if several else range(len(stored.planes))
    planes = [stored.planes[number] for number in order]
    sources = [instances[plane.instance] for plane in planes[: 1 if several else None]]
    made_by = versions([])["promptseg"]
    # The same masks get the same names, however often they are exported.
    series, instance = (pydicom.uid.generate_uid(entropy_srcs=[*instances, algorithm, *masks, kind]) for kind in "ab")
    segments = [
        hd.seg.SegmentDescription(
            segment_number=number,
            segment_label=label[:64],
            # Of what kind an object is nobody has said.
            segmented_property_category=codes.SCT.Tissue,
            segmented_property_type=codes.SCT.Tissue,
            algorithm_type=hd.seg.SegmentAlgorithmTypeValues.SEMIAUTOMATIC,
            algorithm_identification=hd.AlgorithmIdentificationSequence(
                name=algorithm.partition(",")[0][:64],  # a value of kind LO has 64 characters at most
                version=made_by,
                family=codes.DCM.ArtificialIntelligence,
                parameters={"setting": algorithm},
            ),
        )
        for number, label in enumerate(masks, 1)
    ]
    segmentation = hd.seg.Segmentation(
        source_images=sources,
        pixel_array=pixels[list(order)],
        segmentation_type=hd.seg.SegmentationTypeValues.BINARY,
        segment_descriptions=segments,
        series_instance_uid=series,
        series_number=300,
        sop_instance_uid=instance,
        instance_number=1,
        manufacturer="promptseg",
        manufacturer_model_name="promptseg",
        software_versions=made_by,
        device_serial_number="0",
        series_description=algorithm[:64],
    )
    segmentation.save_as(path)
