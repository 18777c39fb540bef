"""results/tables/README.md: what every column of every table means, from the declarations."""

from collections.abc import Sequence

import pyarrow as pa

from promptseg.analysis.ablation import ABLATION
from promptseg.analysis.ambiguity import AMBIGUITY_MEANS, CALIBRATION
from promptseg.analysis.click_metrics import CLICK_METRICS
from promptseg.analysis.composed import COMPOSED
from promptseg.analysis.contamination import CONTAMINATION
from promptseg.analysis.datasets import DATASETS
from promptseg.analysis.equivalence import EQUIVALENCE
from promptseg.analysis.everything import EVERYTHING_MEANS
from promptseg.analysis.groups import GROUP_DIFFERENCES, GROUPS
from promptseg.analysis.metadata import METADATA
from promptseg.analysis.names import NAMES
from promptseg.analysis.noise import NOISE
from promptseg.analysis.pairs import PAIRS
from promptseg.analysis.provenance import SOURCES
from promptseg.analysis.ranks import RANKS
from promptseg.analysis.robustness import ROBUSTNESS_MEANS, ROBUSTNESS_RANKS
from promptseg.analysis.size import CORRELATION, SIZE
from promptseg.analysis.statistics import STATISTICS
from promptseg.analysis.study.claims import CLAIMS
from promptseg.analysis.study.comparison import COMPARISON, COMPARISON_SUMMARY
from promptseg.analysis.summary import SUMMARY
from promptseg.analysis.throughput import THROUGHPUT
from promptseg.analysis.trust.tables import TRUST_CURVES, TRUST_MEANS, TRUST_PAIRS, TRUST_THRESHOLDS
from promptseg.analysis.users import USERS
from promptseg.core.tables import STRING, Column, Table
from promptseg.preprocess.manifests import MANIFEST_COMPARISON
from promptseg.score.tables import SCORES

TABLES = [
    *(SCORES, SUMMARY, STATISTICS, PAIRS, RANKS, CLICK_METRICS, SIZE, CORRELATION, COMPARISON, COMPARISON_SUMMARY),
    *(CLAIMS, ABLATION, THROUGHPUT, DATASETS, CONTAMINATION, SOURCES, NAMES, EVERYTHING_MEANS, AMBIGUITY_MEANS),
    *(TRUST_MEANS, TRUST_CURVES, TRUST_PAIRS, TRUST_THRESHOLDS),
    *(
        CALIBRATION,
        ROBUSTNESS_MEANS,
        ROBUSTNESS_RANKS,
        GROUPS,
        GROUP_DIFFERENCES,
        METADATA,
        COMPOSED,
        MANIFEST_COMPARISON,
    ),
    *(EQUIVALENCE, USERS, NOISE),
]
_HEAD = """# Tables of this run

Text keys are empty where they do not apply; numbers have six decimals, p values six significant digits; shares and
IoU go from 0 to 1. A setting is named by method, protocol, mode, step and selection everywhere. The column
`provenance` leads to provenance.csv: weights, manifest, seed, protocols, versions and commit of every number; tables
without it are joined by method and dataset. Columns of the metadata of a dataset, such as age, stand at the end of
scores.parquet. Some tables are there only if their part of the run was asked for. The
folder `paper` holds some tables as Markdown, and as LaTeX for the package booktabs.

Masks are in `predictions/<method>/<dataset>.parquet` beside this folder. The column `rle` holds each as COCO's
compressed run-length code, {"size": [h, w], "counts": text}, which pycocotools decodes (what the text says, and more
formats: docs/exports.md of the project):

```python
import pyarrow.parquet as pq
from pycocotools import mask

path = "predictions/METHOD/DATASET.parquet"
row = pq.read_table(path, filters=[("status", "=", "ok")]).slice(0, 1).to_pylist()[0]
pixels = mask.decode(row["rle"]).astype(bool)  # (h, w)
```
"""


def _line(column: Column) -> str:
    kind = "text" if column.type == STRING else "integer" if pa.types.is_integer(column.type) else "number"
    return f"| `{column.name}` | {kind} | {column.unit} | {column.meaning} |"


def readme(tables: Sequence[Table] = TABLES, head: str = _HEAD) -> str:
    """Markdown: below a head, a section per table, a line per column."""
    parts = [head]
    for table in tables:
        top = [f"## {table.name}", "", table.about, "", "| column | type | unit | meaning |", "|---|---|---|---|"]
        parts.append("\n".join([*top, *map(_line, table.columns), ""]))
    return "\n".join(parts)
