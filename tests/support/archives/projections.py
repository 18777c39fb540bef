"""X-ray and ultrasound: single pictures."""

import numpy as np

from support.archives.files import JUNK, cut_off, nifti, picture, zipped
from support.archives.model import Miniature, Picture, affine_of, ramp


def _grey(height: int, width: int, peak: int = 255) -> np.ndarray:
    """(h, w) uint8 whose largest value is `peak`."""
    return ramp((width, height), 3, peak).round().T.astype(np.uint8)


def _mask(height: int, width: int, place: int = 0) -> np.ndarray:
    """(h, w) bool: a block without its upper left pixel, elsewhere for every place."""
    mask = np.zeros((height, width), bool)
    mask[2 + place : 5 + 2 * place, 1 + place : 6 + place] = True
    mask[2 + place, 1 + place] = False
    return mask


def _scaled(pixels: np.ndarray) -> np.ndarray:
    """The study's scaling: the picture's own maximum becomes 255."""
    return (pixels / pixels.max() * 255).astype(np.uint8)


def xray_chest() -> Miniature:
    """Montgomery County with a mask for each lung; Shenzhen, of which masks are elsewhere and not for every image."""
    montgomery: dict[str, bytes] = {
        "MontgomerySet/.DS_Store": JUNK,
        "MontgomerySet/NLM-MontgomeryCXRSet-ReadMe.pdf": b"%PDF",
    }
    found: dict[str, Picture] = {}
    for index, name in enumerate(("MCUCXR_0001_0", "MCUCXR_0104_1")):
        height, width = 24 + index, 31
        pixels = _grey(height, width, 200 - index)
        left, right = _mask(height, width), _mask(height, width, 6)
        montgomery[f"MontgomerySet/CXR_png/{name}.png"] = picture(pixels)
        montgomery[f"__MACOSX/MontgomerySet/CXR_png/._{name}.png"] = JUNK
        montgomery[f"MontgomerySet/ClinicalReadings/{name}.txt"] = b"Patient's Sex: F\n"
        montgomery[f"MontgomerySet/ManualMask/leftMask/{name}.png"] = picture(left)
        montgomery[f"MontgomerySet/ManualMask/rightMask/{name}.png"] = picture(right)
        found[name] = Picture((left | right).astype(np.uint8), name, None, _scaled(pixels))
    china: dict[str, bytes] = {"ChinaSet_AllFiles/CXR_png/Thumbs.db": b"\xd0\xcf"}
    masks: dict[str, bytes] = {}
    for index in range(4):
        name = f"CHNCXR_000{index + 1}_0"
        height, width = 28, 21 + index
        pixels = _grey(height, width)
        mask = _mask(height, width, index)
        # Some of them are stored in colour.
        content = picture(pixels, mode="RGB" if index == 1 else None)
        china[f"ChinaSet_AllFiles/CXR_png/{name}.png"] = cut_off(content) if index == 2 else content
        china[f"ChinaSet_AllFiles/ClinicalReadings/{name}.txt"] = b"male 45yrs\nnormal\n"
        if index < 3:
            masks[f"mask/mask/{name}_mask.png"] = picture((mask * 255).astype(np.uint8))
        if index < 2:
            found[name] = Picture(mask.astype(np.uint8), name, None, _scaled(pixels))
    return Miniature(
        {"NLM-MontgomeryCXRSet.zip": zipped(montgomery), "ChinaSet_AllFiles.zip": zipped(china)},
        {"shcxr-lung-mask.zip": zipped(masks)},
        found,
        {"CHNCXR_0003_0": "unreadable: CHNCXR_0003_0.png"},
    )


def xray_hip() -> Miniature:
    """Pictures as NIfTI with a third axis of length one; femur is 1 and lies below ilium, 2."""
    files: dict[str, bytes] = {}
    found: dict[str, Picture] = {}
    for index, name in enumerate(("image_001", "image_044", "image_054")):
        width, height = 30 + index, 26
        labels = np.zeros((height, width), np.uint8)
        labels[2:9, 3 + index : 14] = 2
        labels[15:26, 8 : 12 + index] = 1
        labels[15, 8] = 0
        values = ramp((width, height), 10, 4000 + index).round()
        # The array is as it is shown, its first axis from left to right and its second from top to bottom.
        affine = affine_of((0.2, 0.15, 1.0))
        image = nifti(values.astype(np.int16)[:, :, None], affine, compressed=False)
        files[f"images/{name}.nii"] = image
        files[f"labels/{name}.nii"] = nifti(labels.T[:, :, None].copy(), affine, compressed=False)
        found[name] = Picture(labels, name, (0.15, 0.2), _scaled(values.T))
    files["images/image_099.nii"] = cut_off(files["images/image_001.nii"])
    files["labels/image_099.nii"] = files["labels/image_001.nii"]
    return Miniature(
        {"zm6bxzhmfz-1.zip": zipped(files)},
        pictures=found,
        failed={"image_099": "unreadable: image_099.nii"},
    )


def us_breast() -> Miniature:
    """BUSI: several masks per image, one with an alpha channel, empty masks of normal tissue; one member is damaged."""
    top = "Dataset_BUSI_with_GT"
    files: dict[str, bytes] = {}
    found: dict[str, Picture] = {}
    for index, name in enumerate(("benign (1)", "benign (4)", "benign (10)", "malignant (1)", "malignant (7)")):
        height, width = 22, 25 + index
        pixels = np.stack([_grey(height, width, 250 - index)] * 3, axis=2)
        masks = [_mask(height, width, place) for place in range({"benign (4)": 3, "malignant (1)": 2}.get(name, 1))]
        folder = f"{top}/{name.partition(' ')[0]}"
        files[f"{folder}/{name}.png"] = picture(pixels)
        files[f"__MACOSX/{folder}/._{name}.png"] = JUNK
        for place, mask in enumerate(masks):
            tail = f"_{place}" if place else ""
            content = picture(mask)
            if name == "malignant (7)":
                grey = (mask * 255).astype(np.uint8)
                content = picture(np.stack([grey, grey, grey, np.full_like(grey, 255)], axis=2))
            files[f"{folder}/{name}_mask{tail}.png"] = content
        found[name] = Picture(np.any(masks, axis=0).astype(np.uint8), name, None, _scaled(pixels[:, :, 0]))
    files[f"{top}/normal/normal (1).png"] = files[f"{top}/benign/benign (1).png"]
    files[f"{top}/normal/normal (1)_mask.png"] = picture(np.zeros((22, 25), bool))
    bad = f"{top}/malignant/malignant (9).png"
    files[bad] = files[f"{top}/malignant/malignant (7).png"]
    files[f"{top}/malignant/malignant (9)_mask.png"] = files[f"{top}/malignant/malignant (7)_mask.png"]
    return Miniature(
        {"Dataset_BUSI.zip": zipped(files, bad=[bad])},
        pictures=found,
        failed={"malignant (9)": "malignant (9)"},
    )


def us_kidney() -> Miniature:
    """Images and masks have names of their own and belong together by their order; masks have grey edges."""
    files: dict[str, bytes] = {}
    found: dict[str, Picture] = {}
    for index, number in enumerate((1, 2, 9, 10, 21)):
        height, width = 25, 18 + index
        pixels = _grey(height, width, 240 - index)
        mask = _mask(height, width, index)
        edges = np.where(mask, 255, 0).astype(np.uint8)
        edges[2 + index, 1 + index] = 127  # one grey level below the threshold
        edges[4 + 2 * index, 1 + index] = 128
        content = picture(pixels)
        files[f"slice/slice/{number}.png"] = cut_off(content) if number == 21 else content
        files[f"mask/mask/{number:04d}.png"] = picture(edges)
        if number != 21:
            found[str(number)] = Picture(mask.astype(np.uint8), str(number), None, _scaled(pixels))
    return Miniature(
        dropped={"ct2usforkidneyseg.zip": zipped(files)},
        pictures=found,
        failed={"21": "unreadable: 21.png"},
    )


def us_muscle() -> Miniature:
    """A zip in a zip; names occur again for another muscle; a mask is empty."""
    files: dict[str, bytes] = {}
    found: dict[str, Picture] = {}
    top = "Polito-Radboud-DeepLearningUS"
    for index, group in enumerate(("BB/Healthy", "BB/Pathological", "GM/Healthy", "TA/Pathological")):
        for name in ("0001", "0002"):
            height, width = 20 + index, 27
            pixels = _grey(height, width, 230 - index)
            mask = _mask(height, width, index)
            if (group, name) == ("GM/Healthy", "0002"):
                mask[:] = False
            else:
                case = f"{group.replace('/', '_')}_{name}"
                found[case] = Picture(mask.astype(np.uint8), case, None, _scaled(pixels))
            files[f"{top}/{group}/Images/{name}.png"] = picture(pixels)
            files[f"{top}/{group}/Masks/{name}.png"] = picture((mask * 255).astype(np.uint8))
    files[f"{top}/TA/Healthy/Images/0009.png"] = files[f"{top}/BB/Healthy/Images/0001.png"]
    files[f"{top}/TA/Healthy/Masks/0009.png"] = cut_off(files[f"{top}/BB/Healthy/Masks/0001.png"])
    folder = (
        "DATASET for Deep learning segmentation of transverse musculoskeletal ultrasound images for neuromuscular "
        "disease assessment"
    )
    outer = {f"{folder}/DATASET_10.1016j.compbiomed.2021.104623.zip": zipped(files), f"{folder}/README.txt": b"Marzola"}
    return Miniature(
        {"3jykz7wz8d-1.zip": zipped(outer)},
        pictures=found,
        failed={"TA_Healthy_0009": "unreadable: 0009.png"},
    )


def us_nerve() -> Miniature:
    """TIFF; several frames a person; masks without a nerve."""
    files: dict[str, bytes] = {}
    found: dict[str, Picture] = {}
    for index, name in enumerate(("1_1", "1_10", "2_1", "47_120")):
        height, width = 21, 29
        pixels = _grey(height, width, 220 - index)
        mask = _mask(height, width, index)
        files[f"train/{name}.tif"] = picture(pixels, "TIFF")
        files[f"train/{name}_mask.tif"] = picture((mask * 255).astype(np.uint8), "TIFF", compression="tiff_lzw")
        found[name] = Picture(mask.astype(np.uint8), name.partition("_")[0], None, _scaled(pixels))
    files["train/2_2.tif"] = files["train/2_1.tif"]
    files["train/2_2_mask.tif"] = picture(np.zeros((21, 29), np.uint8), "TIFF")
    files["train/2_3.tif"] = cut_off(files["train/2_1.tif"])
    files["train/2_3_mask.tif"] = files["train/2_1_mask.tif"]
    return Miniature(dropped={"train.zip": zipped(files)}, pictures=found, failed={"2_3": "unreadable: 2_3.tif"})


def us_ovarian_tumor() -> Miniature:
    """MMOTU: JPEG images; beside each binary mask a coloured one, and a left-over of somebody's script."""
    files: dict[str, bytes] = {}
    found: dict[str, Picture] = {}
    for index, name in enumerate(("1", "10", "100", "1469")):
        height, width = 32, 40 + index
        pixels = np.stack([_grey(height, width, peak) for peak in (250, 120 + index, 60)], axis=2)
        mask = _mask(height, width, index)
        colours = np.zeros((height, width, 3), np.uint8)
        colours[mask] = (0, 0, 128 + index)
        files[f"OTU_2d/images/{name}.JPG"] = picture(pixels, "JPEG", quality=98, subsampling=0)
        files[f"OTU_2d/annotations/{name}.PNG"] = picture(colours)
        files[f"OTU_2d/annotations/{name}_binary.PNG"] = picture(mask.astype(np.uint8))
        files[f"OTU_2d/annotations/{name}_binary_binary.PNG"] = picture(np.zeros((height, width), np.uint8))
        found[name] = Picture(mask.astype(np.uint8), name, None, _scaled(pixels), tolerance=12)
    files["OTU_2d/images/2.JPG"] = cut_off(files["OTU_2d/images/1.JPG"])
    files["OTU_2d/annotations/2_binary.PNG"] = files["OTU_2d/annotations/1_binary.PNG"]
    files["OTU_2d/annotations/2.PNG"] = files["OTU_2d/annotations/1.PNG"]
    files["OTU_2d/train.txt"] = b"1\n2\n10\n"
    files["OTU_2d/val.txt"] = b"100\n1469\n"
    return Miniature(dropped={"OTU_2d.zip": zipped(files)}, pictures=found, failed={"2": "unreadable: 2.JPG"})
