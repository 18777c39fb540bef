"""The rows that a volume gives in the three tables of volumes."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from promptseg.config.cases import Case
from promptseg.core.stacks import MaskStack
from promptseg.preprocess.grids import Volume
from promptseg.preprocess.rows import image_row, slice_id, upright
from promptseg.volumes.data.components import Components
from promptseg.volumes.data.geometry import Geometry
from promptseg.volumes.data.tables import VOLUME_INDEX
from promptseg.volumes.data.truth import Tasks, stacks_of

Row = dict[str, Any]
GROUP = 16  # slices in a row group at most


def slice_groups(
    case: Case, volume: Volume, labels: np.ndarray, scale: Callable[[np.ndarray], np.ndarray]
) -> Iterator[list[Row]]:
    """Rows of `VOLUMES`: every slice in order, a row group at a time.

    Args:
        volume, labels: turned; labels (columns, rows, slices) uint8 or uint16.
        scale: makes 8 bits of a picture, see `preprocess.case.scaling`.
    """
    depth = volume.shape[2]
    for start in range(0, depth, GROUP):
        yield [
            {
                **image_row(case, volume, slice_id(case, z), z, scale(volume.picture(z)), upright(labels, z)),
                "volume_id": case.name,
                "z": z,
            }
            for z in range(start, min(start + GROUP, depth))
        ]


def index_row(case: Case, volume: Volume, geometry: Geometry) -> Row:
    """The row of `VOLUME_INDEX` of a volume."""
    width, height, depth = volume.shape
    z, y, x = geometry.spacing
    return {
        "volume_id": case.name,
        "case_id": case.patient,
        "n_slices": depth,
        "height": height,
        "width": width,
        "spacing_z": z,
        "spacing_y": y,
        "spacing_x": x,
        "positions": geometry.positions,
        "uniform": geometry.uniform,
        "affine": None if geometry.affine is None else geometry.affine.ravel().tolist(),
        "time": None,
        "source": case.image[0],
        "status": "ok",
    }


def failure_row(case: Case, status: str) -> Row:
    """The row of `VOLUME_INDEX` of a case that could not be read."""
    row: Row = dict.fromkeys(VOLUME_INDEX.names)
    return {**row, "volume_id": case.name, "case_id": case.patient, "source": case.names[0], "status": status}


def object_rows(
    case: Case, labels: np.ndarray, geometry: Geometry, tasks: Tasks, settings: Mapping[str, Any]
) -> list[Row]:
    """The rows of `VOLUME_OBJECTS` of a volume: one for each task, or for each of its components.

    Args:
        labels: (columns, rows, slices), turned.
        settings: `parts` and `min_voxels` of the dataset's `volumes`.
    """
    width, height, depth = labels.shape
    pictures = (upright(labels, z) for z in range(depth))
    rows: list[Row] = []
    for task, stack in stacks_of(pictures, (depth, height, width), tasks).items():
        found = Components(stack)
        if settings["parts"]:
            for part, component in enumerate(found.largest_first(settings["min_voxels"]), 1):
                rows.append(_object_row(case, component, geometry, task, part, 1))
        elif stack.voxels >= settings["min_voxels"]:
            rows.append(_object_row(case, stack, geometry, task, None, len(found)))
    return rows


def _object_row(
    case: Case, stack: MaskStack, geometry: Geometry, task: str, part: int | None, n_components: int
) -> Row:
    slices = stack.slices
    _, y0, x0, _, y1, x1 = stack.box()
    areas = {z: stack.area(z) for z in slices}
    return {
        "object_id": f"{case.name}:{task}" + ("" if part is None else f":{part}"),
        "volume_id": case.name,
        "case_id": case.patient,
        "task": task,
        "part": part,
        "z0": slices[0],
        "z1": slices[-1],
        "n_slices": len(slices),
        "n_gaps": slices[-1] - slices[0] + 1 - len(slices),
        "length_mm": geometry.length(slices[0], slices[-1]),
        "voxels": sum(areas.values()),
        "ml": geometry.millilitres(areas),
        "n_components": n_components,
        "bbox_x0": x0,
        "bbox_y0": y0,
        "bbox_x1": x1,
        "bbox_y1": y1,
    }
