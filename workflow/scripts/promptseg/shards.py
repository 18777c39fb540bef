"""Put the shards of one dataset together again."""

import json
from collections.abc import Sequence
from pathlib import Path

import pyarrow.parquet as pq

from promptseg.files import atomic


def gather_tables(shards: Sequence[Path], output: Path) -> None:
    """Concatenate Parquet files of one schema in the order given, a row group at a time."""
    with (
        atomic(output) as temporary,
        pq.ParquetWriter(temporary, pq.read_schema(shards[0]), compression="zstd") as writer,
    ):
        for shard in shards:
            source = pq.ParquetFile(shard)
            for index in range(source.num_row_groups):
                writer.write_table(source.read_row_group(index))


def gather_throughput(shards: Sequence[Path], output: Path) -> None:
    """Add up counts and seconds; take the largest peak of memory."""
    costs = [json.loads(shard.read_text()) for shard in shards]
    total = {
        key: value if isinstance(value, str) else (max if key == "peak_memory_mb" else sum)(cost[key] for cost in costs)
        for key, value in costs[0].items()
    }
    with atomic(output) as temporary:
        temporary.write_text(json.dumps(total, indent=1))
