"""route_pairs.csv: routes against the controls, against a prompt on every slice, and with and without known ends."""

import itertools
from collections.abc import Iterator

import numpy as np
import pandas as pd

from promptseg.analysis.columns import CI_HIGH, CI_LOW, N_OBJECTS, N_PATIENTS, N_TASKS, NOTE, PROVENANCE, made
from promptseg.analysis.objects import object_means
from promptseg.analysis.pairs import FEWEST, PAIRS, holm, rank_biserial, signed_rank
from promptseg.core.columns import DATASET, METHOD, TASK
from promptseg.core.routes import CONTOURS, EACH, EXTRUDE, GIVEN, INTERPOLATE, LARGEST, OPEN
from promptseg.core.tables import FLOAT, STRING, Column, Table
from promptseg.volumes.analysis.intervals import cautious
from promptseg.volumes.analysis.routes import LEVEL_OF_VOLUMES
from promptseg.volumes.analysis.rows import last_steps, scored
from promptseg.volumes.columns import EXTENTS, PROMPT, ROUTE, SLICES, VOLUME_SETTING, VOLUME_SETTING_COLUMNS

_OTHER = [
    Column(f"b_{column.name}", STRING, f"{column.name} of b") for column in (METHOD, ROUTE, SLICES, PROMPT, EXTENTS)
]
_B = [column.name for column in _OTHER]
_OBJECT = ["dataset", "task", "case_id", "volume_id", "object_id"]
_TEST = [
    next(column for column in PAIRS.columns if column.name == name) for name in ("wilcoxon", "p", "p_holm", "effect")
]

ROUTE_PAIRS = Table(
    "route_pairs.csv",
    "Paired comparisons of routes on the objects that both have a score of. `a` is the setting in the columns as "
    "elsewhere, `b` that in the columns `b_...`.",
    [
        Column(
            "kind",
            STRING,
            "`control`: against true contours on as many slices, interpolated, or copied from a single one; `each`: "
            "against a prompt on every slice; `extents`: given against open ends; `methods`: against another method",
        ),
        *(LEVEL_OF_VOLUMES, DATASET, TASK, *VOLUME_SETTING_COLUMNS, *_OTHER),
        *(N_TASKS, N_OBJECTS.but(meaning="objects that have both scores"), N_PATIENTS),
        Column("mean_difference", FLOAT, "mean of a - b, Dice over the whole volume"),
        *(CI_LOW, CI_HIGH, *_TEST),
        Column("family", STRING, "which comparisons were corrected together"),
        *(NOTE, PROVENANCE),
    ],
)  # fmt: skip


def partners(settings: pd.DataFrame) -> pd.DataFrame:
    """Which settings are set against which: columns kind, a and b, rows of `settings`.

    Args:
        settings: VOLUME_SETTING, one row each, without repeats.
    """
    place = {tuple(row): index for index, row in enumerate(settings[VOLUME_SETTING].itertuples(index=False))}
    found = [
        (kind, place[a], place[b])
        for a in place
        for kind, b in _opposites(dict(zip(VOLUME_SETTING, a, strict=True)))
        if b in place and b != a
    ]
    for _, same in settings[settings["method"] != CONTOURS].groupby(VOLUME_SETTING[1:]):
        found += [("methods", a, b) for a, b in itertools.combinations(same.sort_values("method").index, 2)]
    return pd.DataFrame(found, columns=["kind", "a", "b"])


def _opposites(a: dict[str, object]) -> Iterator[tuple[str, tuple[object, ...]]]:
    """What a setting is set against, but other methods: kind and setting."""

    def but(**changes: object) -> tuple[object, ...]:
        return tuple({**a, **changes}.values())

    if a["extents"] == GIVEN:
        yield "extents", but(extents=OPEN)
    if a["method"] == CONTOURS or a["step"]:
        return
    control = EXTRUDE if a["slices"] in (LARGEST, "1") else INTERPOLATE
    yield "control", but(method=CONTOURS, route=control, slices=a["slices"], prompt="mask")
    yield "each", but(route=EACH, slices="all", extents=GIVEN)


def route_pairs(rows: pd.DataFrame, resamples: int = 2000, seed: int = 0) -> pd.DataFrame:
    """ROUTE_PAIRS, without provenance.

    Differences are those of single objects. Their means, and the intervals, which resample patients, are of the kinds
    of `objects.object_means`. The test takes one value per patient, the mean of its differences, because objects of one
    patient are alike: at level `task` over its objects, at level `all` over its tasks. p values are corrected after
    Holm within all comparisons of one kind and level, of one method, or of one setting where methods are compared.

    Args:
        rows: of VOLUME_SCORES; those before any click and after the last one are compared.
    """
    known = last_steps(scored(rows))
    settings = known[VOLUME_SETTING].drop_duplicates().sort_values(VOLUME_SETTING, ignore_index=True)
    pairs = partners(settings)
    columns = pd.Series(settings.index, index=pd.MultiIndex.from_frame(settings))
    column = columns.loc[pd.MultiIndex.from_frame(known[VOLUME_SETTING])].to_numpy()
    dice = known.assign(column=column).pivot(index=_OBJECT, columns="column", values="dice")
    method = settings["method"].to_numpy()
    parts = [
        _compared(dice, own, kind, method, resamples, seed)
        for (kind, _), own in pairs.groupby([pairs["kind"], method[pairs["a"]]])
    ]
    parts = [part for part in parts if len(part)]
    if not parts:
        return pd.DataFrame(columns=made(ROUTE_PAIRS))
    table = pd.concat(parts, ignore_index=True).join(settings, on="a").join(settings.add_prefix("b_")[_B], on="b")
    table["family"] = _families(table)
    table["p_holm"] = table.groupby("family")["p"].transform(lambda p: holm(p.to_numpy(float)))
    order = ["kind", "level", "dataset", "task", "a", "b"]
    table = table.sort_values(order, key=lambda c: c != "task" if c.name == "level" else c, ignore_index=True)
    return table[made(ROUTE_PAIRS)]


def _compared(
    dice: pd.DataFrame, pairs: pd.DataFrame, kind: str, method: np.ndarray, resamples: int, seed: int
) -> pd.DataFrame:
    """Means, intervals and tests of some pairs of columns."""
    differences = dice[pairs["a"]].to_numpy() - dice[pairs["b"]].to_numpy()
    objects = dice.index.to_frame(index=False)
    long = pd.concat(
        [
            objects.assign(a=a, b=b, difference=values)
            for (a, b), values in zip(pairs[["a", "b"]].itertuples(index=False, name=None), differences.T, strict=True)
        ],
        ignore_index=True,
    ).dropna(subset="difference")
    if long.empty:
        return long
    long = long.assign(method=method[long["a"]])
    setting = ["method", "a", "b"]
    means = cautious(object_means(long, ["difference"], setting, resamples, seed), setting).drop(columns="method")
    means = means.rename(columns={"n": "n_objects", "difference": "mean_difference"})
    means.columns = means.columns.str.replace("difference_ci", "ci")
    return means.merge(_tests(long), on=["level", "dataset", "task", "a", "b"]).assign(kind=kind)


def _tests(long: pd.DataFrame) -> pd.DataFrame:
    """The signed-rank test of each pair over patients: level, dataset, task, a, b, wilcoxon, p, effect, note."""
    patients = long.groupby(["dataset", "task", "case_id", "a", "b"])["difference"].mean().reset_index()
    found = [
        _test(own).assign(level="task", dataset=dataset, task=task)
        for (dataset, task), own in patients.groupby(["dataset", "task"])
    ]
    pooled = patients.groupby(["dataset", "case_id", "a", "b"])["difference"].mean().reset_index()
    found.append(_test(pooled).assign(level="all", dataset="", task=""))
    return pd.concat(found, ignore_index=True)


def _test(patients: pd.DataFrame) -> pd.DataFrame:
    table = patients.pivot(index=["dataset", "case_id"], columns=["a", "b"], values="difference")
    values = table.to_numpy()
    statistic, p = signed_rank(values)
    few = (~np.isnan(values)).sum(axis=0) < FEWEST
    equal = (np.nan_to_num(values) == 0).all(axis=0)
    texts = [f"no test: fewer than {FEWEST} patients", "no test: all pairs are equal"]
    found = {"wilcoxon": statistic, "p": p, "effect": rank_biserial(values)}
    found["note"] = np.select([few, equal], texts, default="")
    return table.columns.to_frame(index=False).assign(**found)


def _families(table: pd.DataFrame) -> pd.Series:
    setting = table[VOLUME_SETTING[1:]].astype(str).agg(" ".join, axis=1)
    of_kind = setting.where(table["kind"] == "methods", table["method"])
    where = (table["dataset"] + " " + table["task"]).str.strip()
    return table["kind"] + ": " + of_kind + (" on " + where).where(table["level"] == "task", " over all tasks")
