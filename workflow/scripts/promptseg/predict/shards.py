"""Put the shards of one dataset together again."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from promptseg.core.files import atomic, read_json, write_json
from promptseg.core.parquet import ParquetFile, read_schema, writer


def gather_tables(shards: Sequence[Path], output: Path) -> None:
    """Concatenate Parquet files of one schema in the order given, one row group at a time."""
    with (
        atomic(output) as temporary,
        writer(temporary, read_schema(shards[0])) as gathered,
    ):
        for shard in shards:
            source = ParquetFile(shard)
            for index in range(source.num_row_groups):
                gathered.write_table(source.read_row_group(index))


def gather_throughput(shards: Sequence[Path], output: Path) -> None:
    """Join what the shards say of their cost (JSON objects); a shard may lack keys that others have.

    Counts and seconds are added up. Of peaks and of the largest difference in IoU the largest is taken; the mean
    difference in IoU is weighted by the images that were checked. Strings stay as they are, distinct ones are listed.
    """
    costs = [read_json(shard) for shard in shards]
    keys = dict.fromkeys(key for cost in costs for key in cost)
    total = {key: _total(key, [cost for cost in costs if key in cost]) for key in keys}
    write_json(output, total)


def _total(key: str, costs: Sequence[Mapping[str, Any]]) -> Any:
    """The value of one key for all shards that have it."""
    values = [cost[key] for cost in costs]
    if isinstance(values[0], str):
        return ", ".join(dict.fromkeys(values))
    if key == "iou_difference":
        # NaN stands for a shard where no prompt could be compared.
        pairs = [(cost[key], cost.get("checked_images", 0)) for cost in costs if not math.isnan(cost[key])]
        images = sum(weight for _, weight in pairs)
        return sum(value * weight for value, weight in pairs) / images if images else math.nan
    if key.startswith(("peak_", "largest_")):
        return max((value for value in values if not math.isnan(value)), default=math.nan)
    return sum(values)
