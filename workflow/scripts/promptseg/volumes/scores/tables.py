"""The tables of scores of volumes."""

import pyarrow as pa

from promptseg.core.columns import CASE, DATASET, IOU, STATUS, TASK
from promptseg.core.tables import FLOAT, STRING, Column, Table
from promptseg.volumes.columns import VOLUME_KEYS, VOLUME_SETTING_COLUMNS, K
from promptseg.volumes.data.tables import VOLUME, Z
from promptseg.volumes.scores.metrics import VOLUME_METRICS

_STATUS = STATUS.but(meaning="`ok`, `not_applicable`, or the reason why there is no score")
_UNKNOWN = "; null where a spacing is unknown"
_ENDS = "; null where the object reaches the end of the volume"
_COUNT = pa.int32()

DICE = Column("dice", FLOAT, "Dice coefficient, 0 to 1")
UNIT = Column(
    "distance_unit",
    STRING,
    "unit of hd95, hd95_area and the tolerance of nsd and nsd_area: `mm`, or `voxels` where a spacing is unknown",
)

VOLUME_SCORES = Table(
    "volume_scores.parquet",
    "Every score of a volume, its empty slices counted: one row for each object and setting.",
    [
        *VOLUME_KEYS,
        *VOLUME_SETTING_COLUMNS,
        K,
        Column("n_prompted", pa.int16(), "slices that were prompted at first or clicked"),
        Column("n_interactions", pa.int16(), "points count 1, boxes 2, ends that are given 2"),
        Column("n_contours", pa.int16(), "contours that the user drew"),
        Column("dropped", pa.int16(), "clicks so far that the method took no notice of"),
        *(metric.single for metric in VOLUME_METRICS),
        UNIT,
        Column(
            "coarse", pa.bool_(), "whether slices are farther apart than the tolerance, so that NSD is blind to one"
        ),
        Column(
            "uneven", pa.bool_(), "whether slices are not equally far apart, so that distances take their positions"
        ),
        Column("slice_dice", FLOAT, "mean Dice of the slices with the object; what lies beyond its ends costs nothing"),
        Column("end_slice_dice", FLOAT, "mean Dice of the first and the last slice with the object"),
        Column(
            "overrun_low_mm", FLOAT, f"from the object's first slice to the first predicted one before it{_ENDS}", "mm"
        ),
        Column(
            "overrun_high_mm", FLOAT, f"from the object's last slice to the last predicted one after it{_ENDS}", "mm"
        ),
        Column("overrun_mm", FLOAT, "both together; null where the object reaches both ends of the volume", "mm"),
        Column("overrun_slices", _COUNT, "the same in slices, known without a spacing"),
        Column("overrun_ml", FLOAT, f"volume predicted in slices beyond the object's ends{_UNKNOWN}", "ml"),
        Column("short_mm", FLOAT, "length of the object at its ends that has no mask, both ends together", "mm"),
        Column("short_slices", _COUNT, "the same in slices"),
        Column("false_slices", _COUNT, "slices without the object that have a mask"),
        Column("n_empty", _COUNT, "slices without the object among those that were to be answered"),
        Column(
            "truncated",
            pa.bool_(),
            "whether the mask reaches an end of the slices that were to be answered, short of that of the volume: the "
            "overrun may have been longer; null where the ends were given",
        ),
        Column(
            "conflict_voxels",
            pa.int64(),
            "voxels that masks of other objects of the volume hold as well in this setting; objects that truly overlap "
            "do not count as others",
        ),
        Column("voxels", pa.int64(), "of the object"),
        Column("predicted_voxels", pa.int64(), "of the mask"),
        Column("ml", FLOAT, f"volume of the object{_UNKNOWN}", "ml"),
        Column("predicted_ml", FLOAT, f"volume of the mask{_UNKNOWN}", "ml"),
        Column("n_slices", _COUNT, "slices with the object"),
        Column("n_gaps", _COUNT, "slices without it between the first and the last"),
        Column("length_mm", FLOAT, "distance of the first and the last slice, plus one slice; null if unknown", "mm"),
        _STATUS,
    ],
)

VOLUME_SLICES = Table(
    "volume_slices.parquet",
    "The slices of each mask: one row per slice that was to be answered or holds the object, and setting.",
    [
        *VOLUME_KEYS,
        *VOLUME_SETTING_COLUMNS,
        Z,
        Column("beyond", _COUNT, "slices beyond the object's first or last one; 0 between them"),
        Column("distance_mm", FLOAT, "to the nearest slice that was prompted or clicked; null if unknown", "mm"),
        Column("distance_slices", _COUNT, "the same in slices"),
        DICE.but(meaning="Dice coefficient of the slice; null where neither object nor mask is in it"),
        IOU.but(meaning="IoU of the slice; null where neither object nor mask is in it"),
        Column("area", _COUNT, "area of the object", "pixels"),
        Column("predicted_area", _COUNT, "area of the mask", "pixels"),
    ],
)

VOLUME_LESIONS = Table(
    "volume_lesions.parquet",
    "The lesions of each task in a volume, which are its components: one row per lesion and setting.",
    [
        DATASET,
        TASK,
        CASE,
        VOLUME,
        *VOLUME_SETTING_COLUMNS,
        Column("lesion", _COUNT, "its number, in the order of first voxels"),
        Column("voxels", pa.int64(), "of the lesion"),
        Column("ml", FLOAT, f"volume of the lesion{_UNKNOWN}", "ml"),
        Column("found", pa.bool_(), "whether the mask of the task holds any of its voxels"),
        Column("matched", pa.bool_(), "whether a component of the mask has an IoU of 0.5 or more with it, one to one"),
        IOU.but(meaning="IoU with the component that is matched; 0 if none is"),
        DICE.but(meaning="Dice coefficient with the component that is matched; 0 if none is"),
        Column("covered", FLOAT, "share of its voxels that the mask of the task holds"),
    ],
)

VOLUME_DETECTION = Table(
    "volume_detection.parquet",
    "Lesions found and missed: one row for each volume, task and setting. Lesions are components of the task.",
    [
        DATASET,
        TASK,
        CASE,
        VOLUME,
        *VOLUME_SETTING_COLUMNS,
        Column("connectivity", pa.int8(), "neighbours of a voxel by which lesions are one component: 6, 18 or 26"),
        Column("n_lesions", _COUNT, "components of the truth"),
        Column("n_predicted", _COUNT, "components of the mask"),
        Column("n_found", _COUNT, "lesions of which the mask holds any voxel"),
        Column("n_true", _COUNT, "components of the mask that hold any voxel of a lesion"),
        Column("recall_any", FLOAT, "n_found / n_lesions: any overlap counts"),
        Column("precision_any", FLOAT, "n_true / n_predicted: any overlap counts; null without a mask"),
        Column("tp", _COUNT, "lesions matched with a component of the mask, one to one, with an IoU of 0.5 or more"),
        Column("fp", _COUNT, "components of the mask that are not matched"),
        Column("fn", _COUNT, "lesions that are not matched"),
        Column("recall_iou50", FLOAT, "tp / n_lesions"),
        Column("precision_iou50", FLOAT, "tp / n_predicted; null without a mask"),
        Column("fp_voxels", pa.int64(), "voxels of the components of the mask that hold no voxel of a lesion"),
        Column("fn_voxels", pa.int64(), "voxels of the lesions of which the mask holds none"),
        Column("fp_ml", FLOAT, f"volume of fp_voxels, as of autoPET{_UNKNOWN}", "ml"),
        Column("fn_ml", FLOAT, f"volume of fn_voxels, as of autoPET{_UNKNOWN}", "ml"),
        Column("rq", FLOAT, "recognition quality, tp / (tp + fp / 2 + fn / 2)"),
        Column("sq", FLOAT, "segmentation quality, mean IoU of the matches; 0 if there is none"),
        Column("pq", FLOAT, "panoptic quality, rq sq"),
        Column("pq_dsc", FLOAT, "the same with the mean Dice coefficient of the matches"),
        _STATUS,
    ],
)
