"""With which settings each output was made, so that a plan can say what changed since.

Beside Snakemake's own records, in `.snakemake`, because they live and die with them: `promptseg.made.jsonl` has a line
for each job that ended well, `promptseg.configs/` the configurations that these lines name. Losing them costs only the
explanation. A run that was interrupted has noted the jobs that it finished, and no others.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from promptseg.core.files import write_json
from promptseg.planning.changes import of_run
from promptseg.planning.jobs import Job

FOLDER = Path(".snakemake")


@dataclass(frozen=True)
class Made:
    """How an output was made.

    Attributes:
        config: digest of the configuration of its run, see `History.config`.
        params: see `Job.params`.
    """

    config: str
    params: Mapping[str, str]


class History:
    """The history of the project in whose folder Snakemake runs."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._made, self._configs = folder / "promptseg.made.jsonl", folder / "promptseg.configs"

    def keep(self, config: Mapping[str, Any]) -> str:
        """Keep the configuration of a run, and return its digest."""
        text = json.dumps(of_run(config), sort_keys=True)
        name = hashlib.sha256(text.encode()).hexdigest()[:12]
        file = self._configs / f"{name}.json"
        if not file.is_file():
            file.parent.mkdir(parents=True, exist_ok=True)
            write_json(file, json.loads(text))
        return name

    def note(self, job: Job, config: str) -> None:
        """Note a job that ended well. `job.params` are those that it was run with."""
        line = {"config": config, "output": job.output, "params": job.params}
        with self._made.open("a") as stream:
            stream.write(json.dumps(line) + "\n")

    def made(self) -> dict[str, Made]:
        """How each output was made last; in the order in which they were made."""
        found: dict[str, Made] = {}
        for line in self._made.read_text().splitlines() if self._made.is_file() else ():
            try:
                row = json.loads(line)
            except ValueError:  # cut off where a machine died
                continue
            for output in row["output"]:
                found.pop(output, None)
                found[output] = Made(row["config"], row["params"])
        return found

    def config(self, name: str) -> dict[str, Any] | None:
        """A configuration by its digest; None if it is no longer there."""
        file = self._configs / f"{name}.json"
        return json.loads(file.read_text()) if file.is_file() else None
