"""Files of a run's folder that an earlier configuration made and the current one does not."""

from collections.abc import Collection, Iterable
from pathlib import Path

from promptseg.core.records import Records
from promptseg.core.shared import RUN_PARTS


def leftovers(records: Records, run: str, products: Collection[str]) -> list[str]:
    """Paths of what Snakemake has a record of, so that no file of a user counts, and hidden files never do.

    Args:
        records: those of the run.
        run: its folder.
        products: what the current configuration makes.
    """
    made = (path for path in records.outputs() if _is_of(path, run) and path not in products)
    return sorted(path for path in made if Path(path).is_file())


def remove(files: Iterable[str], run: str) -> None:
    """Remove files of the run's folder, and the folders that are empty then."""
    for path in map(Path, files):
        path.unlink(missing_ok=True)
        for folder in path.parents:
            if folder == Path(run) or any(folder.iterdir()):
                break
            folder.rmdir()


def _is_of(path: str, run: str) -> bool:
    parts = Path(path).parts[len(Path(run).parts) :] if path.startswith(f"{run}/") else ()
    return bool(parts) and parts[0] in RUN_PARTS and not any(part.startswith(".") for part in parts)
