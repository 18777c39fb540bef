"""Lists of a dataset's images with their checksums, and how two of them differ.

Two groups that evaluate "the same dataset" may have cut, windowed or sampled it in different ways. Their scores compare
only where their images do, and the checksum of the pixels (`images.pixel_digest`) tells without exchanging an image.
"""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd
from tabulate import tabulate

from promptseg.core.columns import DATASET, IMAGE, STATUS
from promptseg.core.errors import PromptsegError
from promptseg.core.tables import STRING, Column, Table, read_csv, read_table, write_csv
from promptseg.preprocess.tables import IMAGES

_OF_IMAGES = {column.name: column for column in IMAGES.columns}
_NAMES = ["image_id", "case_id", "source", "slice", "height", "width", "sha256", "status"]
MANIFEST = Table(
    "manifest.csv",
    "The images of a dataset with their checksums, and the cases that could not be read.",
    # Height and width are missing in a row that failed, the slice for 2-D files too.
    [DATASET, *(_OF_IMAGES[name].but(optional=True) for name in _NAMES)],
)
MANIFEST_COMPARISON = Table(
    "manifest_comparison.csv",
    "Our images beside those of somebody else's manifest (rule verify_manifest).",
    [
        DATASET,
        STATUS.but(
            meaning="`same`, `other id`, `other pixels`, `only here`, `only there`, or that the dataset was not run"
        ),
        IMAGE.but(meaning="our image"),
        Column("their_image_id", STRING, "their image"),
        Column("sha256", STRING, "SHA-256 of our image's pixels"),
        Column("their_sha256", STRING, "SHA-256 of theirs"),
    ],
)
SAME, OTHER_ID, OTHER_PIXELS = "same", "other id", "other pixels"
ONLY_HERE, ONLY_THERE, NOT_RUN = "only here", "only there", "dataset not in this run"
_NEEDED = ["dataset", "image_id", "sha256"]


def write_manifest(images: str | Path, dataset: str, output: str | Path) -> None:
    """Write the manifest of a dataset: MANIFEST, sorted by image_id; cases that failed with their status."""
    table = read_table(images, IMAGES, _NAMES).assign(dataset=dataset)
    write_csv(output, table.sort_values("image_id"), MANIFEST)


def read_manifest(path: str | Path) -> pd.DataFrame:
    """A manifest, ours or somebody else's, as strings; empty cells are empty strings.

    Raises:
        PromptsegError: there is no such file, it is no manifest, or it names no image, or one twice.
    """
    path = Path(path)
    if not path.is_file():
        raise PromptsegError(
            f"The manifest {path} is not a file. Give the path of somebody's manifest.csv: --config manifest=PATH."
        )
    try:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise PromptsegError(
            f"{path} is not a manifest: it is empty, or no table of values separated by commas in UTF-8. Export it as "
            "CSV, or ask for the file anew."
        ) from error
    missing = [name for name in _NEEDED if name not in frame]
    if missing:
        raise PromptsegError(
            f"{path} is not a manifest: it lacks the columns {', '.join(missing)}. "
            "A manifest is what stands in results/datasets/<dataset>/manifest.csv."
        )
    if frame.empty:
        raise PromptsegError(f"The manifest {path} names no image.")
    frame["sha256"] = frame["sha256"].str.lower()
    bad = frame[~frame["sha256"].str.fullmatch("[0-9a-f]{64}|")]
    if len(bad):
        line = bad.iloc[0]
        raise PromptsegError(f"{path}: the sha256 of {line['dataset']}, {line['image_id']} is no SHA-256 checksum.")
    twice = frame[frame.duplicated(["dataset", "image_id"])]
    if len(twice):
        line = twice.iloc[0]
        raise PromptsegError(f"{path} names the image {line['image_id']} of {line['dataset']} twice.")
    return frame


def datasets_in(path: str | Path) -> list[str]:
    """Names of the datasets in a manifest, sorted; raises what `read_manifest` raises."""
    return sorted(set(read_manifest(path)["dataset"]))


def compare(ours: pd.DataFrame, theirs: pd.DataFrame) -> pd.DataFrame:
    """Match the images of two manifests, dataset by dataset of `theirs`.

    Images that agree in name and pixels are matched first, then those of equal pixels, then those of equal names, so
    that slices that were merely numbered differently are seen to be the same. Cases that failed are no images.

    Args:
        ours, theirs: see `read_manifest`; `ours` may hold further datasets, which are left out.

    Returns:
        MANIFEST_COMPARISON, one row per pair of images and per image without a partner, sorted. `status` is one of
        same, other id (equal pixels), other pixels (equal name), only here, only there, dataset not in this run.
    """
    parts = [pd.DataFrame(columns=MANIFEST_COMPARISON.names)]
    for dataset, there in theirs.groupby("dataset", sort=True):
        here = ours[ours["dataset"] == dataset]
        if here.empty:
            parts.append(_rows(dataset, NOT_RUN, theirs=there))
            continue
        left, right = (part.loc[part["sha256"] != "", ["image_id", "sha256"]] for part in (here, there))
        for status, keys in ((SAME, ["image_id", "sha256"]), (OTHER_ID, ["sha256"]), (OTHER_PIXELS, ["image_id"])):
            # Equal pixels may occur several times: the first goes with the first, and so on.
            left, right = (part.assign(turn=part.groupby(keys).cumcount()) for part in (left, right))
            pairs = left.merge(right, on=[*keys, "turn"], suffixes=("", "_there"))
            for name in keys:
                pairs[f"{name}_there"] = pairs[name]
            parts.append(
                pairs.rename(columns={"image_id_there": "their_image_id", "sha256_there": "their_sha256"})
                .assign(dataset=dataset, status=status)
                .reindex(columns=MANIFEST_COMPARISON.names)
            )
            left = left[~left["image_id"].isin(pairs["image_id"])]
            right = right[~right["image_id"].isin(pairs["image_id_there"])]
        parts += [_rows(dataset, ONLY_HERE, ours=left), _rows(dataset, ONLY_THERE, theirs=right)]
    frame = pd.concat(parts, ignore_index=True).fillna("")
    return frame.sort_values(["dataset", "status", "image_id", "their_image_id"], ignore_index=True)


def _rows(
    dataset: str, status: str, ours: pd.DataFrame | None = None, theirs: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Images without a partner."""
    frame = pd.DataFrame(columns=MANIFEST_COMPARISON.names)
    for prefix, part in (("", ours), ("their_", theirs)):
        if part is not None:
            frame[f"{prefix}image_id"], frame[f"{prefix}sha256"] = part["image_id"], part["sha256"]
    return frame.assign(dataset=dataset, status=status)


def compare_files(ours: Iterable[str | Path], theirs: str | Path, output: str | Path) -> None:
    """Write `compare` of manifest files as CSV; raises what `read_manifest` raises."""
    here = [read_manifest(path) for path in ours]
    found = pd.concat(here) if here else pd.DataFrame(columns=MANIFEST.names, dtype=str)
    write_csv(output, compare(found, read_manifest(theirs)), MANIFEST_COMPARISON)


def verdict(comparison: str | Path, shown: int = 5) -> tuple[bool, str]:
    """Whether all images agree, and a message that says so: a table of counts, and the first differences.

    Args:
        comparison: a file written by `compare_files`.
        shown: differences named per dataset and kind.
    """
    frame = read_csv(comparison, MANIFEST_COMPARISON)
    counts = frame.groupby(["dataset", "status"]).size().unstack(fill_value=0)
    kinds = [name for name in (SAME, OTHER_ID, OTHER_PIXELS, ONLY_HERE, ONLY_THERE, NOT_RUN) if name in counts]
    lines = [tabulate(counts[kinds], ["dataset", *kinds], tablefmt="plain")]
    differences = frame[frame["status"] != SAME]
    for (dataset, status), rows in differences.groupby(["dataset", "status"], sort=True):
        names = [
            mine if not other or mine == other else other if not mine else f"{mine} (theirs {other})"
            for mine, other in rows[["image_id", "their_image_id"]].head(shown).itertuples(index=False)
        ]
        more = f" and {len(rows) - shown} more" if len(rows) > shown else ""
        lines.append(f"{dataset}, {status}: {', '.join(names)}{more}")
    if NOT_RUN in kinds:
        lines.append("Datasets that are not in this run are compared when run.datasets names them.")
    return differences.empty, "\n".join(lines)
