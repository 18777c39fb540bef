"""How many clicks a method needs, how often it never gets there, and what it makes of its clicks."""

from dataclasses import replace
from pathlib import Path

from matplotlib.figure import Figure

from promptseg.analysis.click_metrics import CLICK_METRICS, TARGETS
from promptseg.core.tables import read_csv
from promptseg.core.titles import Titles, titled
from promptseg.figures import dots, numbers, style
from promptseg.figures.source import not_clicked

_TARGETS = {
    str(target): replace(look, title=f"IoU {target / 100:.2f}")
    for target, look in style.threshold_looks(TARGETS).items()
}
PANELS = [
    dots.Panel(
        "Clicks to an IoU", "mean number of clicks", {f"noc{n}": look for n, look in _TARGETS.items()}, "clicks"
    ),
    dots.Panel("Never reached", "share of objects", {f"failed{n}": look for n, look in _TARGETS.items()}),
    dots.Panel("Area under the clicks", "IoU, mean over the clicks", {"auc": None}),
    dots.Panel("Clicks that harm", "share of clicks", {"worse_share": None}),
]


def draw(metrics: str | Path, methods: Titles, protocol: str, protocols: Titles | None = None) -> Figure:
    """What clicks of one protocol achieve over all tasks: a row for each method, and for its oracle where it has one.

    Args:
        metrics: `click_metrics.csv`.
        methods: as for `style.method_looks`; rows are in this order.
        protocol: which.
        protocols: name -> {title}.
    """
    called = titled(protocols, protocol)
    title, looks = (
        style.words("What clicks achieve, this run, protocol {protocol}", protocol=called),
        style.method_looks(methods),
    )
    rows = read_csv(metrics, CLICK_METRICS)
    rows = rows[(rows["level"] == "all") & (rows["protocol"] == protocol) & rows["noc90"].notna()]
    rows = rows[rows["selection"].isin(style.selections()) & rows["method"].isin(looks)]
    if rows.empty:
        return not_clicked(title, called)
    order = {name: index for index, name in enumerate(looks)}
    rows = rows.sort_values(["method", "selection"], key=lambda names: names.map(lambda name: order.get(name, name)))
    several = set(rows.loc[rows["selection"] == "oracle", "method"])
    pairs = list(zip(rows["method"], rows["selection"], strict=True))
    labels = [
        (f"{looks[name].title}, {style.selections()[selection].title}" if name in several else looks[name].title)
        + f", {numbers.count(objects)}"
        for (name, selection), objects in zip(pairs, rows["n_images"], strict=True)
    ]
    if rows["noc90_ci_low"].isna().all():
        title += f" ({style.words(numbers.NO_INTERVALS)})"
    hollow = [selection == "oracle" for _, selection in pairs]
    return dots.draw(dots.Rows(rows, labels, [looks[name] for name, _ in pairs], hollow), PANELS, title)
