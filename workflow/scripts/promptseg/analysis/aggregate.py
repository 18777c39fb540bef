"""The stage that makes tables from scores: it calls the parts in `promptseg.analysis` and writes what they return."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from promptseg.analysis.ablation import ABLATION, ablation
from promptseg.analysis.click_metrics import CLICK_METRICS, click_metrics, read_click_sums
from promptseg.analysis.contamination import CONTAMINATION, Seen, contamination, seen_of
from promptseg.analysis.metadata import Metadata
from promptseg.analysis.names import NAMES, names
from promptseg.analysis.pairs import PAIRS, pairs
from promptseg.analysis.paper import paper_tables, write_paper
from promptseg.analysis.provenance import SOURCES, Provenance
from promptseg.analysis.ranks import RANKS, ranks
from promptseg.analysis.readme import readme
from promptseg.analysis.size import CORRELATION, SIZE, read_sizes, size_tables
from promptseg.analysis.statistics import STATISTICS, statistics
from promptseg.analysis.study.comparison import COMPARISON, COMPARISON_SUMMARY, compare, compare_summary
from promptseg.analysis.study.published import read_published
from promptseg.analysis.summary import SUMMARY, summary
from promptseg.analysis.sums import merge_scores
from promptseg.analysis.throughput import THROUGHPUT, throughput
from promptseg.core.files import atomic, digest
from promptseg.core.tables import Table, read_provenance, write_csv
from promptseg.core.vocabulary import SCORED_MODES

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Inputs:
    """The files that tables are made from.

    Attributes:
        scores: of each method and dataset.
        throughput: see `analysis.throughput.throughput`.
        manifests: manifest.csv of each dataset, in a folder of the dataset's name.
        published: see `published.read_published`.
        metadata: of each dataset that has some, see `metadata.read_metadata`.
    """

    scores: Sequence[Path]
    throughput: Sequence[Path]
    manifests: Sequence[Path]
    published: Path
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class About:
    """What the configuration says of datasets, methods and protocols.

    Attributes:
        datasets: name -> {title, tasks: task -> label values, published: {our task: the study's task}}.
        methods: name -> {title, published: the study's method or None, control: whether it is a control}.
        seen: the `seen` of each method of the run.
        protocols: name -> {title}.
        modes: of the run.
    """

    datasets: Mapping[str, Mapping[str, Any]]
    methods: Mapping[str, Mapping[str, Any]]
    seen: Seen
    protocols: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    modes: Sequence[str] = SCORED_MODES


def aggregate(inputs: Inputs, folder: Path, about: About, resamples: int, seed: int) -> None:
    """Write the tables of the stage. Variants of protocols are in `scores` and `ablation` only.

    Args:
        folder: where the files of `analysis.readme.TABLES` that this stage makes are written, with README.md and
            paper/ (see `analysis.paper`).
        resamples, seed: of the bootstrap.
    """
    datasets, methods, seen = about.datasets, about.methods, about.seen
    scores = folder / "scores.parquet"
    published = read_published(inputs.published)
    reference = next((name for name in seen if methods.get(name, {}).get("reference")), "")
    controls = [name for name, entry in methods.items() if entry.get("control") and name != reference]
    sums = merge_scores(inputs.scores, scores, Metadata(inputs.metadata), about.modes)
    logger.info("%d score files, %d patient rows", len(inputs.scores), len(sums))
    digests = {path.parent.name: digest(path) for path in inputs.manifests}
    origin = Provenance(read_provenance(scores), digests, digest(inputs.published))
    known = [(name, dataset) for name in seen for dataset in datasets if seen_of(seen, name, dataset)[0] == "yes"]

    def write(table: Table, frame: pd.DataFrame, *sources: str) -> None:
        """Write a table, with the provenance of its rows where columns `sources` name their methods."""
        write_csv(folder / table.name, origin.stamp(frame, list(sources), known) if sources else frame, table)
        logger.info("%s: %d rows", table.name, len(frame))

    write(ABLATION, ablation(sums), "method")
    plain = sums[sums["switch"] == ""].drop(columns="switch")
    measured = statistics(plain, resamples, seed, seen)
    compared = compare(published, measured, datasets, methods)
    write(SUMMARY, summary(plain, seen), "method")
    write(STATISTICS, measured, "method")
    write(PAIRS, pairs(plain, controls, resamples, seed, reference), "method", "a", "b")
    ranked = ranks(measured, controls)
    write(RANKS, ranked.assign(provenance=origin.key(ranked["method"])))
    write(CLICK_METRICS, click_metrics(read_click_sums(scores), resamples, seed, seen), "method")
    sizes, correlations = size_tables(read_sizes(scores), resamples, seed)
    write(SIZE, sizes, "method")
    write(CORRELATION, correlations, "method")
    beside = origin.stamp(compared, ["our_method"])
    theirs = beside["our_method"].isna()
    write(COMPARISON, beside.assign(provenance=beside["provenance"].mask(theirs, origin.published_key())))
    write(COMPARISON_SUMMARY, compare_summary(compared), "our_method")
    write(THROUGHPUT, throughput(inputs.throughput), "method")
    write(CONTAMINATION, contamination(seen, list(seen), list(datasets)))
    write(SOURCES, origin.table())
    write(NAMES, names(datasets, methods, about.protocols))
    write_paper(paper_tables(measured, compared, datasets, methods, about.protocols), folder / "paper")
    with atomic(folder / "README.md") as path:
        path.write_text(readme(), encoding="utf-8")
