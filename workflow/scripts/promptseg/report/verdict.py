"""What a comparison of two runs says in sentences, the warnings first."""

from collections.abc import Mapping, Sequence

import pandas as pd

from promptseg.analysis.compare.pairing import (
    GAINED,
    LOST,
    ONLY_A,
    ONLY_B,
    OTHER_PIXELS,
    OTHER_TRUTH,
    PAIR,
    UNKNOWN,
    Images,
)
from promptseg.analysis.compare.runs import NAMES_OF_METRICS
from promptseg.core.columns import SETTING
from promptseg.core.titles import Titles, titled


def _list(names: Sequence[str]) -> str:
    return ", ".join(names)


def _objects(rows: pd.DataFrame) -> str:
    count = len(rows[["dataset", "object_id"]].drop_duplicates())
    return f"{count} object{'s' if count != 1 else ''}"


def warnings(matched: pd.DataFrame, images: Mapping[str, Images], datasets: Titles) -> list[str]:
    """Where the runs did not look at the same images or truth, and where scores came or went."""
    found = []
    for name, of in images.items():
        title = titled(datasets, name)
        if not of.known:
            found.append(
                f"{title}: whether both runs saw the same images is not known, because a run does not say which it "
                "scored (tables/provenance.csv). The comparison trusts the names of the images."
            )
        elif not of.same and of.differing is None:
            found.append(
                f"{title}: the runs did not score the same images, and which ones differ is not known, because a "
                f"manifest is gone. None is compared. Put the run's manifest.csv into datasets/{name}/ of its folder."
            )
        elif any(of.differing.values() if of.differing else ()):
            count = sum(of.differing.values()) if of.differing else 0
            found.append(
                f"{title}: the pixels of {count} image{'s' if count != 1 else ''} differ between the runs. "
                "Their objects are not compared: scores of different images are no pairs."
            )
    shared = matched[matched["shared"] & (matched["task"] != "")]
    texts = {
        OTHER_TRUTH: "have another truth in B (its area differs) and are not compared",
        LOST: "were scored in A and not in B",
        GAINED: "were scored in B and not in A",
        ONLY_A: "are in A only",
        ONLY_B: "are in B only",
    }
    for state, text in texts.items():
        rows = shared[shared["state"] == state]
        if len(rows):
            objects = _objects(rows)
            if objects.startswith("1 "):
                text = text.replace("have ", "has ").replace("were ", "was ").replace("are in", "is in")
                text = text.replace("and are not", "and is not")
            found.append(f"{objects} ({len(rows)} rows) {text}.")
    return found


def equality(matched: pd.DataFrame) -> str:
    """A sentence if all scores that both runs have are the same, else nothing."""
    pairs = matched[matched["state"] == PAIR]
    for name in NAMES_OF_METRICS:
        left, right = pairs[f"{name}_a"].astype(float), pairs[f"{name}_b"].astype(float)
        if not ((left == right) | (left.isna() & right.isna())).all():
            return ""
    left_out = matched["shared"] & matched["state"].isin([LOST, GAINED, OTHER_PIXELS, OTHER_TRUTH, UNKNOWN])
    more = "" if left_out.any() else " Nothing was scored in one of them only, in the settings that both have."
    return f"The runs are equal: all {len(pairs)} scores that both have are the same, in every metric.{more}"


def remarks(
    matched: pd.DataFrame, renamed: Mapping[str, Mapping[str, str]], said: Mapping[str, str], methods: Titles
) -> list[str]:
    """What was paired under two names, and what one run alone has.

    Args:
        matched: see `pairing.paired`, of all datasets.
        renamed: column (`method`, `protocol`) -> name in B -> name in A.
        said: name in A -> name in B of methods that the user wants to be compared.
        methods: name -> {title}.
    """
    why = {"method": "adapter, options and weights are the same", "protocol": "all switches are the same"}
    found = [
        f"The {column} {theirs!r} of B is compared with {ours!r} of A, "
        + (f"as you said (--pair {ours}={theirs})." if theirs in said.values() else f"since {why[column]}.")
        for column, names in renamed.items()
        for theirs, ours in names.items()
    ]
    for label, state in (("A", ONLY_A), ("B", ONLY_B)):
        rows = matched[~matched["shared"] & (matched["state"] == state) & (matched["mode"] != "")]
        whole = set(matched.loc[matched["shared"], "method"])
        others = sorted(set(rows["method"]) - whole)
        if others:
            found.append(f"In {label} only: {_list([titled(methods, name) for name in others])}.")
        partly = rows[rows["method"].isin(whole)]
        if len(partly):
            names = [titled(methods, name) for name in sorted(set(partly["method"]))]
            count = len(partly[SETTING].drop_duplicates())
            found.append(f"In {label} only: {count} settings (prompts, clicks or protocols) of {_list(names)}.")
    return found
