"""What the page says of the protocols of others: values and ranks under each, what each hides, how alike they order."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from promptseg.analysis.paper import number
from promptseg.core.tables import read_csv
from promptseg.core.titles import Titles, plain, titled
from promptseg.protocols.comparison.names import names_in, title_of
from promptseg.protocols.comparison.tables import AGREEMENT, EFFECTS, PROTOCOLS
from promptseg.report.grid import Cell, Table, as_table, interval, ordered

_SENTENCES = 3


def protocol_parts(files: Mapping[str, Path], methods: Titles, protocols: Titles) -> dict[str, Any] | None:
    """Sentences and tables; None for a run without presets.

    Args:
        files: tables under protocols, protocol_effects and protocol_agreement if the run has them.
        methods, protocols: name -> {title}.

    Returns:
        sentences: which protocols order the methods least alike. values: for each method a column for each protocol.
        effects: what each protocol hides; unchanged: how many rows more in which nothing changes. All means over
        datasets.
    """
    if "protocols" not in files:
        return None
    values, effects, alike = (
        _over_all(read_csv(files[name], table))
        for name, table in (("protocols", PROTOCOLS), ("protocol_effects", EFFECTS), ("protocol_agreement", AGREEMENT))
    )
    values = ordered(values[values["decides"] == "yes"], methods)
    changed = (effects["n_changed"] > 0) | (effects["difference"] != 0)
    return {
        "sentences": list(_sentences(alike, protocols)),
        "values": [
            (kind, _values(own, methods, protocols)) for kind, own in values.groupby("on", sort=True) if len(own)
        ],
        "effects": _effects(effects[changed], methods, protocols),
        "unchanged": int((~changed).sum()),
    }


def _over_all(rows: pd.DataFrame) -> pd.DataFrame:
    texts = {name: "" for name in ("variant", "b_variant") if name in rows}
    return rows[rows["level"] == "all"].fillna(texts)


def _sentences(alike: pd.DataFrame, protocols: Titles) -> Iterator[str]:
    changed = alike[alike["n_changed"] > 0].sort_values(["tau", "changed"], ascending=[True, False], kind="stable")
    for row in changed.head(_SENTENCES).to_dict("records"):
        names = [title_of((row[f"{side}preset"], row[f"{side}variant"]), protocols) for side in ("", "b_")]
        ends = f" ({row['tau_ci_low']:.2f} to {row['tau_ci_high']:.2f})" if pd.notna(row["tau_ci_low"]) else ""
        best = "the same method is first" if row["same_best"] == "yes" else "another method is first"
        yield (
            f"{names[0]} and {names[1]} order {row['n_changed']} of {row['n_pairs']} pairs of methods the other way "
            f"round, asked about {row['on']}: Kendall's tau {row['tau']:.2f}{ends}, {best}."
        )
    if len(alike) and changed.empty:
        yield f"All {len(alike)} pairs of protocols order the methods alike."


def _values(rows: pd.DataFrame, methods: Titles, protocols: Titles) -> Table:
    """A row for each method; the best rank under each protocol is marked."""
    names = names_in(rows)
    ranked = rows.groupby(["preset", "variant"])["rank"].count()
    by_name = {name: own.set_index("method") for name, own in rows.groupby(["preset", "variant"])}
    cells = []
    for method in dict.fromkeys(rows["method"]):
        line = [Cell(titled(methods, method))]
        for name in names:
            row = by_name[name].loc[method] if method in by_name[name].index else None
            if row is None or pd.isna(row["value"]):
                line.append(Cell("", below="" if row is None or not row["n_failed"] else "no answer"))
                continue
            rank = f"rank {row['rank']:g}" if pd.notna(row["rank"]) else ""
            below = ", ".join(filter(None, [rank, interval(row)]))
            line.append(Cell(number(row["value"]), below=below, best=row["rank"] == 1 and ranked[name] > 1))
        cells.append(line)
    return as_table(cells, ["method", *(_head(by_name[name].iloc[0], name, protocols) for name in names)], 1)


def _head(row: pd.Series, name: tuple[str, str], protocols: Titles) -> str:
    """The protocol, its summary and what the best value is: "CVPR 2025, dsc auc (best 4)"."""
    return f"{title_of(name, protocols)}: {plain(row['summary'])} (best {row['best']:g})"


def _effects(rows: pd.DataFrame, methods: Titles, protocols: Titles) -> Table:
    """Protocols and variants in the order of the table, methods in that of the registry."""
    cells = []
    place = rows.groupby(["preset", "on", "variant"], sort=False).ngroup()
    for row in ordered(rows.assign(place=place), methods).sort_values("place", kind="stable").to_dict("records"):
        ranks = [number(row[f"rank_{side}"], 0) for side in ("released", "variant")]
        ends = (row["difference_ci_low"], row["difference_ci_high"])
        cells.append(
            [
                *(titled(protocols, row["preset"]), row["on"], row["effect"], titled(methods, row["method"])),
                plain(row["summary"]),
                *(number(row["as_released"]), number(row["as_variant"])),
                Cell(
                    number(row["difference"], sign="+"),
                    below=f"{ends[0]:.3f} to {ends[1]:.3f}" if pd.notna(ends[0]) else "",
                ),
                "" if pd.isna(row["n_changed"]) else f"{row['n_changed']} of {row['n']}",
                " to ".join(ranks) if len(set(ranks)) > 1 else ranks[0],
            ]
        )
    heads = ["protocol", "asked about", "what the variant does", "method", "summary", "as released", "variant"]
    return as_table(cells, [*heads, "difference", "changed", "rank"], 5)
