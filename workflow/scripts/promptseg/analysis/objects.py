"""Means of what is known of single objects, with intervals."""

import pandas as pd

from promptseg.analysis.bootstrap import bootstrap_means


def object_means(rows: pd.DataFrame, metrics: list[str], setting: list[str], resamples: int, seed: int) -> pd.DataFrame:
    """Means of each task over its objects, and means over tasks, with 95 % intervals by bootstrap over patients.

    Args:
        rows: columns dataset, task, case_id, those of `setting` and of `metrics`; one row for each answer of an object.
        metrics: names of float columns; NaN is left out.
        setting: names of columns that tell apart what must not be pooled, `method` among them.
        resamples, seed: see `bootstrap.bootstrap_means`, which also says when there is no interval.

    Returns:
        One row for each task and setting (level `task`: mean over objects), and for each setting (level `all`: mean of
        the tasks' means, dataset and task empty): level, dataset, task, *setting, n_tasks (level `all`), n (rows),
        n_patients, and for each metric {metric}, {metric}_ci_low and {metric}_ci_high.
    """
    return patient_means(sums_of_objects(rows, metrics, setting), metrics, setting, resamples, seed)


def sums_of_objects(rows: pd.DataFrame, metrics: list[str], setting: list[str]) -> pd.DataFrame:
    """What `patient_means` is made of, from rows as for `object_means`.

    Returns:
        One row for each dataset, task, *setting and case_id: these, n (rows), and for each metric {metric}_sum and
        {metric}_n, over the rows where it is known.
    """
    by_patient = rows.groupby(["dataset", "task", *setting, "case_id"])
    parts = (by_patient[metrics].sum().add_suffix("_sum"), by_patient[metrics].count().add_suffix("_n"))
    return parts[0].join(parts[1]).assign(n=by_patient.size()).reset_index()


def patient_means(
    sums: pd.DataFrame, metrics: list[str], setting: list[str], resamples: int, seed: int
) -> pd.DataFrame:
    """As `object_means`, from the sums of each patient (see `sums_of_objects`)."""
    keys = ["dataset", "task", *setting]
    found = bootstrap_means(sums, metrics, setting, resamples, seed)
    found = found[found["level"] != "all_unseen"].drop(columns="alone").astype(sums[setting].dtypes.to_dict())
    found.columns = found.columns.str.replace(r"_(low|high)$", r"_ci_\1", regex=True)
    by_task = sums.groupby(keys)
    totals = by_task[[f"{metric}_{part}" for metric in metrics for part in ("sum", "n")]].sum()
    tasks = pd.DataFrame({metric: totals[f"{metric}_sum"] / totals[f"{metric}_n"] for metric in metrics})
    tasks = tasks.assign(n=by_task["n"].sum(), n_patients=by_task["case_id"].nunique()).reset_index()
    over = tasks.groupby(setting)
    patients = sums.drop_duplicates(["dataset", "case_id", *setting]).groupby(setting).size()
    counts = {"n": over["n"].sum(), "n_tasks": over.size(), "n_patients": patients}
    pooled = over[metrics].mean().assign(**counts).reset_index().assign(dataset="", task="")
    means = pd.concat([tasks.assign(level="task"), pooled.assign(level="all")], ignore_index=True)
    table = means.merge(found, on=["level", *keys], how="left").astype({"n_tasks": "Int64"})
    values = [f"{metric}{end}" for metric in metrics for end in ("", "_ci_low", "_ci_high")]
    table = table.sort_values(
        ["level", *keys], key=lambda c: c != "task" if c.name == "level" else c, ignore_index=True
    )
    return table[["level", *keys, "n_tasks", "n", "n_patients", *values]]
