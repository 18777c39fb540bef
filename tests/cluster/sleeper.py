"""A method of the cluster tests, copied into their projects: notes where it runs, holds memory, sleeps."""

import contextlib
import json
import os
import time
from pathlib import Path

import numpy as np

from promptseg.methods.controls import BoxFill


class Sleeper(BoxFill):
    """Options: `seconds` to sleep and `mb` to hold, once for each job.

    Where the project has a file `fail`, the first job takes it away and fails.
    """

    known_options = frozenset({"seconds", "mb"})

    def __init__(self, settings):
        super().__init__(settings)
        with contextlib.suppress(FileNotFoundError):
            Path("fail").unlink()
            raise RuntimeError("It was told to fail.")
        held = np.ones(int(1e6 * settings.options.get("mb", 0)), np.uint8)
        names = ("SLURM_JOB_ID", "SLURMD_NODENAME", "SLURM_JOB_PARTITION", "CUDA_VISIBLE_DEVICES")
        facts = {name: os.environ.get(name) for name in names} | {"began": time.time(), "held": len(held)}
        time.sleep(settings.options.get("seconds", 0))
        with Path("notes.jsonl").open("a") as stream:
            stream.write(json.dumps(facts | {"ended": time.time()}) + "\n")
