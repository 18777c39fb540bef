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
    keys = ["dataset", "task", *setting]
    by_patient = rows.groupby([*keys, "case_id"])[metrics]
    sums = by_patient.sum().add_suffix("_sum").join(by_patient.count().add_suffix("_n")).reset_index()
    found = bootstrap_means(sums, metrics, setting, resamples, seed)
    found = found[found["level"] != "all_unseen"].drop(columns="alone").astype(rows[setting].dtypes.to_dict())
    found.columns = found.columns.str.replace(r"_(low|high)$", r"_ci_\1", regex=True)
    by_task = rows.groupby(keys)
    tasks = by_task[metrics].mean().assign(n=by_task.size(), n_patients=by_task["case_id"].nunique()).reset_index()
    over = tasks.groupby(setting)
    patients = rows.drop_duplicates(["dataset", "case_id", *setting]).groupby(setting).size()
    counts = {"n": over["n"].sum(), "n_tasks": over.size(), "n_patients": patients}
    pooled = over[metrics].mean().assign(**counts).reset_index().assign(dataset="", task="")
    means = pd.concat([tasks.assign(level="task"), pooled.assign(level="all")], ignore_index=True)
    table = means.merge(found, on=["level", *keys], how="left").astype({"n_tasks": "Int64"})
    values = [f"{metric}{end}" for metric in metrics for end in ("", "_ci_low", "_ci_high")]
    table = table.sort_values(
        ["level", *keys], key=lambda c: c != "task" if c.name == "level" else c, ignore_index=True
    )
    return table[["level", *keys, "n_tasks", "n", "n_patients", *values]]
