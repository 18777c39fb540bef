"""Which intervals of means over volumes say too much."""

import numpy as np
import pandas as pd


def cautious(table: pd.DataFrame, setting: list[str]) -> pd.DataFrame:
    """The same without intervals of means over tasks of which one has a single patient.

    A resample in which this patient is not drawn is a mean over other tasks, so that the mean of all may lie at the end
    of such an interval. Few volumes, and tasks of one patient beside others in a dataset, are usual here.

    Args:
        table: as of `objects.object_means`.
        setting: names of its columns that tell apart what is not pooled.
    """
    thin = table.loc[(table["level"] == "task") & (table["n_patients"] < 2), setting].drop_duplicates()
    lacking = table[setting].merge(thin.assign(thin=True), on=setting, how="left")["thin"].notna().to_numpy()
    ends = [name for name in table if name.endswith(("_ci_low", "_ci_high"))]
    found = table.copy()
    found.loc[lacking & (table["level"] == "all").to_numpy(), ends] = np.nan
    return found
