"""claims.csv: the study's findings as computed statements, from the published numbers and from ours."""

from collections.abc import Mapping, Sequence

import pandas as pd

from promptseg.analysis.columns import NOTE, PROVENANCE, SOURCE, made
from promptseg.analysis.study.findings import LOSS, Finding, click_findings, mode_findings
from promptseg.analysis.study.published import TITLES, methods_of_study
from promptseg.core.columns import METHOD, PROTOCOL, SELECTION
from promptseg.core.tables import FLOAT, STRING, Column, Table
from promptseg.core.titles import Titles, plain, titled

CLAIMS = Table(
    "claims.csv",
    "Findings of the study as computed statements, on its published numbers and on ours, and what the confidences of "
    "methods are worth (`trust_...`). Controls are left out.",
    [
        Column("claim", STRING, "short name of the finding"),
        SOURCE.but(meaning="`published` or `ours`: whose numbers"),
        *(METHOD, PROTOCOL, SELECTION),
        Column("value", FLOAT, "the number"),
        Column("unit", STRING, "what it counts or measures"),
        Column("detail", STRING, "of what"),
        Column(
            "p",
            FLOAT,
            "p value of a Wilcoxon signed-rank test over tasks where one supports the statement; not corrected",
            p_value=True,
        ),
        Column("statement", STRING, "the finding in words"),
        NOTE.but(meaning="what the study says, or how to read the value"),
        PROVENANCE,
    ],
)

# What the study's abstract gives as the range of the IoU at a single point, and for which tasks.
ABSTRACT = {"lowest": (0.1135, "MRI-Spine: GM"), "highest": (0.8650, "Xray-Hip: Ilium")}

_NOTES = {
    "abstract_highest": "The study's text and its tables disagree; the tables are what other findings here use.",
    "abstract_lowest": "A matter of rounding.",
    "best_mode": "The study: best when a box is given for each component. p: against the next best mode.",
    "boxes_minus_points": "Mean of modes 3 to 5 minus mean of modes 1 and 2. The study: boxes clearly better.",
    "box_minus_point_largest_component": "Mode 3 minus mode 1.",
    "boxes_minus_points_each_component": "Mode 4 minus mode 2.",
    "first_at_1_click": "The study: SAM is better than the others in almost all single-point settings.",
    "overtaken": "First click at which the mean over tasks is above the reference's.",
    "gain": "Mean over tasks at the last click minus at the first. The study: SAM gains little from more points.",
    "loses_with_clicks": f"Tasks whose IoU at the last click is more than {LOSS} below that of their best click.",
    "oracle_below_first": "The clicks of the iterative oracle follow its own masks, so it is not an upper bound.",
}


def abstract_findings(published: pd.DataFrame) -> list[Finding]:
    """What the study's abstract says of the range at a single point, beside its own table (SAM, mode 1, first mask)."""
    rows = published[
        (published["method"] == "sam") & (published["mode"] == "mode1") & (published["selection"] == "first")
    ]
    found = []
    table = rows.set_index("task")["iou"]
    for word, (stated, task) in ABSTRACT.items():
        if task not in table:
            continue
        where, value = (table.idxmax(), table.max()) if word == "highest" else (table.idxmin(), table.min())
        found.append(
            {
                "claim": f"abstract_{word}",
                "method": "sam",
                "protocol": "",
                "selection": "first",
                "value": stated,
                "unit": "IoU",
                "detail": f"{task}; the table: {value:.4f}, {where}",
                "statement": f"The abstract gives {stated:.4f} ({task}) as the {word} IoU at a single point; the table "
                f"holds {table[task]:.4f} for that task"
                + (f", and {value:.4f} for {where}." if where != task else f", the {word} of all."),
            }
        )
    return found


def findings(
    rows: pd.DataFrame, source: str, references: Sequence[str], titles: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """The study's findings as computed statements.

    Args:
        rows: columns task, method, protocol, mode, step, selection, iou; the same for published rows and for ours.
        source: `published` or `ours`.
        references: the methods that stand for SAM.
        titles: how statements name the methods; by default their names.

    Returns:
        CLAIMS, one row per finding; `value` is a number in `unit`, `detail` says of what, `statement` is the
        finding in words, `p` that of a paired test over tasks where one supports it.
    """
    titles = titles or {}
    rows = rows[rows["iou"].notna() & rows["selection"].isin(["first", "oracle"])]
    found: list[Finding] = []
    modes = rows[rows["mode"].str.match(r"mode\d$")]
    for (method, selection), group in modes.groupby(["method", "selection"], sort=True):
        title = titles.get(method, method) + (" (oracle)" if selection == "oracle" else "")
        labels = {"method": method, "protocol": "", "selection": selection}
        found += [labels | finding for finding in mode_findings(group, title)]
    for protocol, group in rows[rows["mode"] == "iterative"].groupby("protocol", sort=True):
        found += [{"protocol": protocol, **finding} for finding in click_findings(group, references, titles)]
    if source == "published":
        found += abstract_findings(rows)
    frame = pd.DataFrame(found, columns=[name for name in made(CLAIMS) if name not in ("note", "source")])
    frame = frame.assign(source=source, note=[_NOTES.get(name, "") for name in frame["claim"]])[made(CLAIMS)]
    return frame.astype({"value": float, "p": float})


def claims(
    published: pd.DataFrame, measured: pd.DataFrame, methods: Titles, datasets: Titles | None = None
) -> pd.DataFrame:
    """`findings` of the published numbers, then of ours (task = "<dataset>: <task>" in words), controls left out."""
    controls = {name for name, entry in methods.items() if entry.get("control")}
    ours = measured[(measured["level"] == "task") & ~measured["method"].isin(controls)]
    pairs = zip(ours["dataset"], ours["task"], strict=True)
    ours = ours.assign(task=[f"{titled(datasets, dataset)}: {plain(task)}" for dataset, task in pairs])
    references = [name for name, study in methods_of_study(methods).items() if study == "sam"]
    titles = {name: titled(methods, name) for name in methods}
    return pd.concat(
        [
            findings(published.assign(protocol=""), "published", ["sam"], TITLES),
            findings(ours, "ours", references, titles),
        ],
        ignore_index=True,
    )
