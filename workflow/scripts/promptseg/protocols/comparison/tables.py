"""The tables that set presets side by side."""

from promptseg.analysis.columns import CI_HIGH, CI_LOW, N_PATIENTS, PROVENANCE, N, ends
from promptseg.core.columns import DATASET, METHOD
from promptseg.core.tables import FLOAT, INTEGER, STRING, Column, Table
from promptseg.protocols.tables import ON, PRESET, VARIANT

LEVEL = Column("level", STRING, "`dataset`: one dataset; `all`: mean over the datasets, each counting the same")
SUMMARY = Column("summary", STRING, "name of the summary, see docs/protocols.md")
RANK = Column(
    "rank", FLOAT, "among the methods that have a value in all datasets of the row, 1 the best; mean of equals"
)


def _ended(name: str, meaning: str) -> list[Column]:
    column = Column(name, FLOAT, meaning)
    return [column, *ends(column)]


_PLACE = (PRESET, VARIANT, ON, LEVEL, DATASET)

PROTOCOLS = Table(
    "protocols.csv",
    "Every method under every preset of the run, on the same images: each as the protocol of its authors says it. Of a "
    "preset with groups of people the variant `groups` says how much a summary depends on the group (NSR of rclicks).",
    [
        *_PLACE,
        METHOD,
        SUMMARY,
        Column("decides", STRING, "whether the preset ranks methods by this summary: `yes` or `no`"),
        Column("value", FLOAT, "the summary, in its own unit; of `groups`, standard deviation over mean of all groups"),
        CI_LOW,
        CI_HIGH,
        Column("best", FLOAT, "the best value possible"),
        Column("better", STRING, "its direction: `higher` or `lower`"),
        RANK.but(meaning=f"{RANK.meaning}; controls have none"),
        N.but(meaning="what the mean goes over, objects, cases or slices, as the preset averages"),
        N_PATIENTS,
        Column("n_left_out", INTEGER, "of these the ones without a value, which the preset leaves out"),
        Column(
            "n_failed",
            INTEGER,
            "objects at which the method failed at some step; those it is not asked about do not count",
        ),
        Column("n_cut", INTEGER, "steps at which the NSD was set to 0 because of the Dice"),
        PROVENANCE,
    ],
)

EFFECTS = Table(
    "protocol_effects.csv",
    "What each preset hides: the value as released beside that of a variant which differs in one respect.",
    [
        *_PLACE,
        Column("effect", STRING, "what the variant does, in words"),
        METHOD,
        SUMMARY,
        Column("as_released", FLOAT, "the value under the preset"),
        Column("as_variant", FLOAT, "the value under the variant"),
        *_ended("difference", "as_variant - as_released"),
        RANK.but(name="rank_released", meaning="rank under the preset"),
        RANK.but(name="rank_variant", meaning="rank under the variant"),
        N.but(meaning="what the mean under the preset goes over"),
        Column(
            "n_changed",
            INTEGER,
            "of these the ones whose own value differs under the variant; empty where it averages something else",
            optional=True,
        ),
        PROVENANCE,
    ],
)

_OTHER = "of the second preset"
AGREEMENT = Table(
    "protocol_agreement.csv",
    "Whether two presets order the methods alike, controls left out: Kendall's tau-b of the summaries that decide.",
    [
        *_PLACE,
        PRESET.but(name="b_preset", meaning=f"name {_OTHER}"),
        VARIANT.but(name="b_variant", meaning=f"variant {_OTHER}"),
        Column("n_methods", INTEGER, "methods that have a value under both, in all datasets of the row"),
        *_ended("tau", "Kendall's tau-b, 1 for equal orders, -1 for opposite ones"),
        Column("n_pairs", INTEGER, "pairs of methods"),
        Column("n_changed", INTEGER, "of these the ones that stand in the opposite order"),
        *_ended("changed", "their share of the pairs"),
        Column("same_best", STRING, "whether a method is first, perhaps with equals, under both: `yes` or `no`"),
        N_PATIENTS,
    ],
)
