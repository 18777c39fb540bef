"""Make the tables of groups of patients, and say which cases and rows of the metadata lack a partner."""

import logging
from typing import TYPE_CHECKING

import pandas as pd

from promptseg.analysis.groups import GROUP_DIFFERENCES, GROUPS, group_tables, read_groups
from promptseg.analysis.metadata import METADATA, Metadata, partner_warnings
from promptseg.analysis.provenance import stamp_from
from promptseg.core.jobs import job
from promptseg.core.tables import write_csv
from promptseg.preprocess.manifests import read_manifest

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

logger = logging.getLogger("promptseg")

if __name__ == "__main__":
    with job(snakemake):
        metadata = Metadata({name: path for name, (path, _) in snakemake.params.metadata.items()})
        rows = []
        for manifest in map(read_manifest, snakemake.input.manifests):
            rows.append(metadata.partners(manifest["dataset"].iloc[0], manifest["case_id"], manifest["image_id"]))
        for sentence in (sentence for row in rows for sentence in partner_warnings(row)):
            logger.warning("%s", sentence)
        scored, left = read_groups(snakemake.input.scores, snakemake.params.edges)
        for sentence in left:
            logger.warning("%s", sentence)
        means, differences = group_tables(scored, snakemake.params.resamples, snakemake.params.seed)
        write_csv(snakemake.output.metadata, pd.DataFrame(rows), METADATA)
        write_csv(snakemake.output.groups, stamp_from(means, snakemake.input.provenance), GROUPS)
        write_csv(snakemake.output.differences, stamp_from(differences, snakemake.input.provenance), GROUP_DIFFERENCES)
