"""The tables of the report page that set one thing against another: findings, pairs of methods, published values."""

from collections.abc import Collection, Mapping
from typing import Any

import pandas as pd

from promptseg.analysis.paper import number, p_text
from promptseg.core.settings import setting_id
from promptseg.core.titles import SELECTIONS, Titles, plain, setting, titled
from promptseg.report.grid import Cell, Table, as_table, explored, interval


def _prompt(row: Mapping[str, Any], protocols: Titles) -> list[str]:
    """What a row of a table says of its prompts in columns prompt, protocol and mask."""
    protocol = titled(protocols, row["protocol"]) if row["protocol"] else ""
    mode = setting(row["mode"], int(row["step"]) if pd.notna(row["step"]) else 0) if row["mode"] else ""
    return [mode, protocol, SELECTIONS.get(row["selection"], row["selection"])]


# Stands beside a p value over tasks of which some share patients.
SHARED = "\u2020"


def claims_table(claims: pd.DataFrame, protocols: Titles, shared: bool) -> Table:
    """The findings as sentences, published and ours below one another.

    Args:
        claims: see `study.claims.CLAIMS`.
        protocols: name -> {title}.
        shared: whether tasks of this run share patients, which is marked beside each p value of the run.
    """
    cells = []
    for row in claims.itertuples():
        protocol = titled(protocols, row.protocol) if row.protocol else ""
        ours = row.source == "ours"
        source, p = "this run" if ours else "published", _p(row.p, shared and ours)
        cells.append([source, plain(row.claim), protocol, row.statement, p])
    return as_table(cells, ["source", "about", "protocol", "finding", "p"], 4)


def claim_notes(claims: pd.DataFrame) -> list[tuple[str, str]]:
    """What is said of findings, once each: what they are about, and the note."""
    noted = claims.loc[claims["note"] != "", ["claim", "note"]].drop_duplicates()
    return [
        (", ".join(map(plain, dict.fromkeys(own["claim"]))), str(note))
        for note, own in noted.groupby("note", sort=False)
    ]


def _p(p: float, shared: bool) -> str:
    """A p value, marked if its units are not independent."""
    text = p_text(p)
    return f"{text}{SHARED}" if text and shared else text


def pairs_table(
    pairs: pd.DataFrame, methods: Titles, protocols: Titles, shared: bool, single: Collection[str] = ()
) -> Table:
    """Differences between methods over the tasks, with test, correction and effect size.

    Each leads to the objects of its setting in the explorer, by their difference.

    Args:
        pairs: see `pairs.PAIRS`.
        methods, protocols: name -> {title}.
        shared: whether tasks share patients, which is marked beside each p value.
        single: methods that give a single mask, which stands in for the best of several.
    """
    rows = pairs[(pairs["kind"] == "methods") & (pairs["unit"] == "tasks")]
    cells = [
        [
            Cell(titled(methods, row.a), versus(row._asdict(), single)),
            *(titled(methods, row.b), *_prompt(row._asdict(), protocols)),
            *(row.n, number(row.mean_difference, 3, "+"), interval(row)),
            *(_p(row.p_holm, shared), number(row.effect, 2, "+"), row.note),
        ]
        for row in rows.itertuples()
    ]
    heads = ["method", "minus", "prompt", "protocol", "mask", "tasks", "difference", "95 % interval"]
    return as_table(cells, [*heads, "p (Holm)", "effect", "note"], 5)


def versus(row: Mapping[str, Any], single: Collection[str] = ()) -> str:
    """The link to the objects of a pair of methods, a row of PAIRS: those first in which b is best against a.

    Methods of `single` have their first mask alone.
    """
    step = int(row["step"]) if pd.notna(row["step"]) else 0
    own, other = (
        setting_id(row["mode"], "first" if row[end] in single else row["selection"], step, row["protocol"])
        for end in ("a", "b")
    )
    state = {"methods": [row["a"]], "settings": [own], "versus": f"{row['b']}@{other}"}
    return explored(**state, sort="diff", direction="asc")


def published_table(published: pd.DataFrame, methods: Titles, protocols: Titles) -> Table:
    """The published values that this run repeats."""
    rows = published[published["our_method"] != ""]
    cells = [
        [
            *(row.task, titled(methods, row.our_method), *_prompt(row._asdict(), protocols)),
            *(int(row.n), number(row.published), number(row.ours), interval(row)),
            *(number(row.difference, 3, "+"), row.inside),
        ]
        for row in rows.itertuples()
    ]
    heads = ["task", "method", "prompt", "protocol", "mask", "images", "published", "ours"]
    return as_table(cells, [*heads, "95 % interval", "difference", "inside"], 5)
