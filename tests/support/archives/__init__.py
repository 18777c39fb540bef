"""The study's datasets in miniature: the published layouts with a few small images, and what has to come of them."""

from collections.abc import Callable

from support.archives import breast, ct_pet, decathlon, mri, projections
from support.archives.model import Miniature, Picture

__all__ = ["MINIATURES", "Miniature", "Picture"]

MINIATURES: dict[str, Callable[[], Miniature]] = {
    make.__name__: make
    for make in (
        decathlon.mri_heart,
        decathlon.mri_brain_decathlon,
        decathlon.ct_liver,
        decathlon.ct_colon,
        decathlon.ct_pancreas,
        decathlon.ct_hepatic_vessel,
        decathlon.ct_spleen,
        mri.mri_spine,
        mri.mri_prostate,
        mri.mri_prostate_i2cvb,
        mri.mri_brain,
        breast.mri_breast,
        projections.xray_chest,
        projections.xray_hip,
        projections.us_breast,
        projections.us_kidney,
        projections.us_muscle,
        projections.us_nerve,
        projections.us_ovarian_tumor,
        ct_pet.ct_liver_lits,
        ct_pet.ct_organ,
        ct_pet.pet_whole_body,
        ct_pet.pet_whole_body_dicom,
    )
}
