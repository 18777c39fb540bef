"""What a job costs where nothing was measured yet: the table resources/costs.yaml.

tests/benchmarks/costs.py makes its part on methods; the part on other jobs is from a run of the quickstart.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from promptseg.config.schema import LOADER, SCRIPTS

TABLE = SCRIPTS.parents[1] / "resources" / "costs.yaml"


@dataclass(frozen=True)
class MethodCost:
    """What a method costs on the machine of the table.

    Attributes:
        takes: "points", "boxes" or "both".
        load, encode, prompt: seconds to load it, per image and per prompt, on one core.
        gpu_mb: memory that it needs on a GPU, computed from its tensors; 0 for a method that uses none.
    """

    takes: str = "both"
    load: float = 0.0
    encode: float = 0.0
    prompt: float = 0.0
    gpu_mb: float = 0.0


@cache
def _table() -> dict[str, Any]:
    table: dict[str, Any] = yaml.load(TABLE.read_text(encoding="utf-8"), LOADER)
    return table


def method_cost(name: str) -> MethodCost | None:
    """The row of a registered method; None for one that the table does not have."""
    row = _table()["methods"].get(name)
    return MethodCost(**row) if row else None


def rule_cost(rule: str) -> tuple[float, float]:
    """Seconds of a job of a rule, and what each object adds to them."""
    row = rule_row(rule)
    return row["seconds"], row.get("object", 0.0)


def rule_row(rule: str) -> dict[str, float]:
    """What a job of a rule takes: `seconds`, `mb` and what adds to them, see the table."""
    rules = _table()["rules"]
    return {**rules["other"], **rules.get(rule, {})}


def unknown_method(gpu: bool) -> MethodCost:
    """What is taken of a method that the table does not have, rather too much."""
    return MethodCost(**_table()["unknown"]["gpu_method" if gpu else "method"])


def unknown() -> dict[str, Any]:
    """What is taken of a dataset that the registry says little of."""
    return dict(_table()["unknown"])


def network() -> dict[str, float]:
    """What networks have in common, see the table."""
    return dict(_table()["network"])


def job_start() -> float:
    """Seconds that Snakemake takes to start a job, beyond the job's own."""
    return float(_table()["job_start"])


def cluster_start() -> float:
    """Seconds of a job of a cluster for Snakemake's own starts on the node."""
    return float(_table()["cluster_start"])


def machine() -> str:
    """The machine that the table was made on."""
    return str(_table()["machine"])


def around_prompt() -> float:
    """Seconds that a run takes around each prompt, beyond the method."""
    return float(_table()["prompt"])


def download_speed() -> float:
    """Bytes per second."""
    return float(_table()["download"])


def bytes_of() -> dict[str, float]:
    """Bytes written per image, prompt and figure, and of what an archive holds as a multiple of its own."""
    return dict(_table()["bytes"])
