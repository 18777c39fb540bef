"""How much depends on the exact prompt: the same modes with prompts that are a little off, and other seeds."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from promptseg.core import masks
from promptseg.core.progress import progress
from promptseg.core.tables import open_table
from promptseg.predict.abilities import Showing
from promptseg.predict.engine import Runner
from promptseg.predict.plan import Item, Target
from promptseg.predict.tables import ROBUSTNESS
from promptseg.preprocess.images import LabelledImage
from promptseg.preprocess.objects import ObjectStream
from promptseg.prompts.inexact import Change, Changes, variants
from promptseg.prompts.modes import PromptSettings


@dataclass
class InexactInputs:
    """Images with their objects, each asked about with exact and inexact prompts.

    Attributes:
        settings: of the exact prompts.
        showing: how the method is shown prompts that it does not take.
        asked: what stands behind the names of the targets under way.
    """

    objects: ObjectStream
    changes: Changes
    settings: PromptSettings
    showing: Showing = field(default_factory=Showing)
    asked: dict[str, tuple[dict[str, str], Change]] = field(default_factory=dict)

    def __iter__(self) -> Iterator[tuple[LabelledImage, list[Target]]]:
        for image, objects in self.objects:
            targets = []
            for item in objects:
                by_change: dict[Change, dict[str, Mapping[str, Any]]] = defaultdict(dict)
                for mode, change, prompt in variants(item.row.object_id, item.mask, self.changes, self.settings):
                    by_change[change][mode] = self.showing.shown(prompt)
                for change, by_mode in by_change.items():
                    name = " ".join(map(str, (item.row.object_id, *change)))
                    self.asked[name] = item.keys, change
                    targets.append(Target(name, item.mask, by_mode))
            yield image, targets

    def take(self, item: Item) -> Iterator[dict[str, Any]]:
        """Rows of predict.tables.ROBUSTNESS of one image, of the first candidate per prompt; its targets are done."""
        exact = {
            (self.asked[row["object_id"]][0]["object_id"], row["mode"]): row["rle"]
            for row in item.rows
            if row["status"] == "ok" and row["candidate"] == 0 and self.asked[row["object_id"]][1].exact
        }
        truths = {id(target.truth): masks.encode(target.truth) for target in item.targets}
        codes = {target.object_id: truths[id(target.truth)] for target in item.targets}
        for row in item.rows:
            if row["status"] == "ok" and row["candidate"] > 0:
                continue
            keys, change = self.asked[row["object_id"]]
            found = {**keys, "mode": row["mode"], **change._asdict(), "status": row["status"]}
            if row["status"] == "ok":
                found["iou"] = float(masks.overlaps([row["rle"]], [codes[row["object_id"]]])[0, 0])
                if other := exact.get((keys["object_id"], row["mode"])):
                    found["agreement"] = float(masks.overlaps([row["rle"]], [other])[0, 0])
            yield found
        for target in item.targets:
            del self.asked[target.object_id]


def write_robustness(
    inputs: InexactInputs,
    runner: Runner,
    output: Path,
    *,
    dataset: str,
    method: str,
    provenance: Mapping[str, Any] | None = None,
) -> None:
    """Prompt all objects of a dataset in all variants and write the IoU (predict.tables.ROBUSTNESS).

    Modes that the method does not take have no rows; a prompt that it could not answer has one with its status.

    Args:
        dataset, method: their names, for the rows.

    Raises:
        PromptsegError: the method answered no prompt at all; nothing is written.
    """
    total = len(inputs.objects)
    with open_table(output, ROBUSTNESS, provenance) as table:
        for item in progress(runner.run(inputs), total, f"robustness {method} {dataset}", "image"):
            table.write({"dataset": dataset, "method": method, **row} for row in inputs.take(item))
        runner.failures.conclude()
