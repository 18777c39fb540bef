"""What every column of every table means: the one place, from which `results/tables/README.md` is made."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from promptseg.analysis import ablation
from promptseg.analysis import contamination as seen
from promptseg.analysis import datasets as counts
from promptseg.analysis.ambiguity import AMBIGUITY_COLUMNS, CALIBRATION_COLUMNS
from promptseg.analysis.click_metrics import CLICK_COLUMNS
from promptseg.analysis.everything import COLUMNS as EVERYTHING_COLUMNS
from promptseg.analysis.pairs import PAIRS_COLUMNS
from promptseg.analysis.provenance import PROVENANCE_COLUMNS
from promptseg.analysis.ranks import RANKS_COLUMNS
from promptseg.analysis.robustness import RANKS_COLUMNS as ROBUSTNESS_RANKS_COLUMNS
from promptseg.analysis.robustness import ROBUSTNESS_COLUMNS
from promptseg.analysis.size import CORRELATION_COLUMNS, SIZE_COLUMNS
from promptseg.analysis.statistics import STATISTICS_COLUMNS
from promptseg.analysis.study.claims import CLAIMS_COLUMNS
from promptseg.analysis.study.comparison import COMPARISON_COLUMNS
from promptseg.analysis.study.comparison import SUMMARY_COLUMNS as COMPARISON_SUMMARY_COLUMNS
from promptseg.analysis.summary import SUMMARY_COLUMNS
from promptseg.analysis.throughput import THROUGHPUT_COLUMNS
from promptseg.preprocess import manifests
from promptseg.score.tables import SCORES

# Meanings that hold wherever a column of this name occurs, unless its table says otherwise.
COMMON = {
    "level": "`task`: one task; `dataset`: one dataset; `all`: everything; `all_unseen`: everything but the datasets "
    "that the method has seen in training",
    "dataset": "name of the dataset; empty where a row pools several",
    "task": "name of the task; empty where a row pools several",
    "case_id": "the patient",
    "image_id": "the image",
    "object_id": "the object: one task in one image",
    "method": "name of the method",
    "protocol": "how corrective clicks are found; empty for all modes but `iterative`",
    "mode": "`mode1` one point, `mode2` a point in each component, `mode3` a box around the largest component, `mode4` "
    "a box around each component, `mode5` one box around the object, `iterative` corrective clicks, `everything` no "
    "prompt",
    "step": "number of clicks; 0 for all modes but `iterative`",
    "selection": "which of the method's masks counts: `first`, `best_score` (highest predicted IoU) or `oracle` "
    "(highest true IoU)",
    "n_tasks": "tasks with a score",
    "n_images": "object masks with a score (an image counts once for each of its tasks)",
    "n_objects": "objects with a score",
    "n_patients": "patients with a score",
    "n_failed": "rows that should have a score and have none",
    "n_not_applicable": "rows of prompts that the method does not take",
    "iou": "mean IoU, 0 to 1",
    "dice": "mean Dice coefficient, 0 to 1",
    "nsd": "mean normalised surface Dice, 0 to 1",
    "hd95": "mean 95th percentile of the Hausdorff distance, in `distance_unit`, over the masks where it is finite",
    "distance_unit": "unit of hd95: `mm`, or `px` where the spacing is unknown; `mixed` where a row pools both",
    "ci_low": "lower end of the 95 % interval: percentile bootstrap over patients; empty where there is none",
    "ci_high": "upper end of that interval",
    "seen": "whether the method has seen the dataset in training: `yes`, `no`, `unknown`; empty for pooled rows",
    "provenance": "key of provenance.csv",
    "note": "what to know about the row",
    "n": "number of values behind the row",
    "title": "name to show",
    "status": "`ok`, or what is wrong",
    "spearman": "Spearman's rank correlation",
    "clicks": "number of clicks",
    "source": "where it comes from",
    "licence": "licence of the data",
    "manifest_sha256": "SHA-256 of the dataset's manifest.csv",
    "bin_low": "lower end of the bin, included",
    "bin_high": "upper end of the bin",
    "precision": "number format of the network",
    "device": "cpu or cuda",
}


@dataclass(frozen=True)
class Table:
    """One file: what it holds, its columns in order, and meanings that differ from `COMMON`."""

    about: str
    columns: Sequence[str]
    meanings: Mapping[str, str] = field(default_factory=dict)

    def meaning(self, column: str) -> str:
        """What a column means.

        Raises:
            KeyError: nobody has said it.
        """
        if column in self.meanings:
            return self.meanings[column]
        if column in COMMON:
            return COMMON[column]
        if found := re.fullmatch(r"(.+)_ci_(low|high)", column):
            return f"{'lower' if found[2] == 'low' else 'upper'} end of the 95 % interval of {found[1]}"
        if found := re.fullmatch(r"(\w+)_mean_(images|patients|tasks)", column):
            ways = {
                "images": "over images: each mask counts once",
                "patients": "over patients of their means",
                "tasks": "over tasks of their means over images; empty at level `task`",
            }
            return f"mean {found[1]} {ways[found[2]]}"
        raise KeyError(column)


STAMP = ["provenance"]
TABLES: dict[str, Table] = {
    "scores.parquet": Table(
        "Every score: one row for each object, method, prompt and selection.",
        SCORES.names,
        {
            "iou": "IoU, 0 to 1",
            "dice": "Dice coefficient, 0 to 1",
            "nsd": "normalised surface Dice, 0 to 1",
            "hd95": "95th percentile of the Hausdorff distance, in `distance_unit`; infinite if a mask is empty",
            "distance_unit": "unit of hd95 and of the tolerance of nsd: `mm`, or `px` where the spacing is unknown",
            "area": "pixels of the object",
            "relative_area": "pixels of the object / pixels of the image",
            "status": "`ok`, `not_applicable`, or the reason why there is no score",
        },
    ),
    "summary.csv": Table(
        "Means of every metric in every setting, of three kinds that answer different questions.",
        [*SUMMARY_COLUMNS, *STAMP],
        {"n_hd95": "masks with a finite hd95"},
    ),
    "statistics.csv": Table(
        "Means with intervals. At level `task` over images, at the other levels over tasks.",
        [*STATISTICS_COLUMNS, *STAMP],
        {
            "statistic": "`mean_images` or `mean_tasks`: what the mean is over",
            "no_interval": "why the IoU has no interval",
        },
    ),
    "pairs.csv": Table(
        "Paired comparisons of methods in one setting, and of the modes of one method. Controls are left out.",
        [*PAIRS_COLUMNS, *STAMP],
        {
            "kind": "`methods` or `modes`: what a and b are",
            "unit": "`tasks` or `patients`: what is paired",
            "a": "first method or mode",
            "b": "second method or mode",
            "method": "the method whose modes are compared; empty for comparisons of methods",
            "step": "number of clicks; empty for comparisons of modes",
            "n": "units that have both values",
            "mean_difference": "mean of a - b, IoU",
            "ci_low": "lower end of its 95 % interval: percentile bootstrap over the units",
            "wilcoxon": "statistic of the Wilcoxon signed-rank test",
            "p": "its two-sided p value; empty where there is no test",
            "p_holm": "the same after Holm's correction within the family",
            "effect": "matched-pairs rank-biserial correlation, -1 to 1; positive where a is better",
            "family": "which comparisons were corrected together",
        },
    ),
    "ranks.csv": Table(
        "Methods ranked in each task (1 is best) in one setting. Controls are left out.",
        [*RANKS_COLUMNS, *STAMP],
        {
            "mean_rank": "mean rank over the tasks",
            "n_tasks": "tasks in which every method of the setting has a value",
            "friedman_statistic": "statistic of Friedman's test that all methods are equal; empty for two methods",
            "friedman_p": "its p value",
            "critical_difference": "Nemenyi's: mean ranks that differ by more differ at 0.05",
            "group": "letters; methods that share one are not told apart",
        },
    ),
    "click_metrics.csv": Table(
        "How many clicks an object needs, and what a click brings.",
        [*CLICK_COLUMNS, *STAMP],
        {
            "n_images": "objects with a score after every click",
            "n_incomplete": "objects that lack one, and count nowhere else",
            "clicks": "largest number of clicks",
            "auc": "mean area under IoU against clicks, divided by the range of clicks, 0 to 1",
            "gain_per_click": "mean of (last - first IoU) / range of clicks",
            "worse_share": "mean share of clicks after the first that make the IoU lower",
        }
        | {
            f"noc{t}": f"mean number of clicks to an IoU of {t / 100:.2f}; never counts as `clicks`"
            for t in (80, 85, 90)
        }
        | {f"failed{t}": f"share of objects that never reach an IoU of {t / 100:.2f}" for t in (80, 85, 90)},
    ),
    "size.csv": Table(
        "IoU in half-decade bins of relative area. Level `all` pools the objects of all datasets.",
        [*SIZE_COLUMNS, *STAMP],
        {"bin_low": "lower end of the bin of object pixels / image pixels", "n": "objects in the bin"},
    ),
    "size_correlation.csv": Table(
        "Rank correlation of IoU and relative area.",
        [*CORRELATION_COLUMNS, *STAMP],
        {
            "n": "objects",
            "spearman_p": "p value as if objects of one patient were independent; prefer the interval",
        },
    ),
    "published.csv": Table(
        "Every published value beside ours.",
        [*COMPARISON_COLUMNS, *STAMP],
        {
            "task": "the study's task",
            "method": "the study's method",
            "published": "published mean IoU over images",
            "our_method": "our method; empty where we have no value",
            "our_task": "our task",
            "n": "our images",
            "ours": "our mean IoU over images",
            "difference": "ours - published",
            "inside": "`yes` or `no`: whether the published value lies in our interval",
        },
    ),
    "published_summary.csv": Table(
        "How close our values are to the published ones, over the tasks that exist on both sides.",
        [*COMPARISON_SUMMARY_COLUMNS, *STAMP],
        {
            "method": "the study's method",
            "our_method": "our method",
            "n_tasks": "tasks on both sides",
            "ours": "mean of our values",
            "published": "mean of the published values",
            "mean_difference": "mean of ours - published",
            "mean_absolute_difference": "mean of its size",
            "largest_absolute_difference": "largest size",
            "spearman": "rank correlation over tasks of ours and published",
            "n_intervals": "tasks for which we have an interval",
            "inside_share": "share of these whose published value lies in our interval",
        },
    ),
    "claims.csv": Table(
        "Findings of the study as computed statements, on its published numbers and on ours. Controls are left out.",
        [*CLAIMS_COLUMNS, *STAMP],
        {
            "claim": "short name of the finding",
            "source": "`published` or `ours`: whose numbers",
            "value": "the number",
            "unit": "what it counts or measures",
            "detail": "of what",
            "p": "p value of a Wilcoxon signed-rank test over tasks where one supports the statement; not corrected",
            "statement": "the finding in words",
            "note": "what the study says, or how to read the value",
        },
    ),
    "ablation.csv": Table(
        "What each switch of a click protocol does, over the tasks that were run either way.",
        [*ablation.COLUMNS, *STAMP],
        {
            "protocol": "the protocol",
            "switch": "the switch that was set to what the methods' authors do",
            "n_tasks": "tasks that were run either way",
            "iou": "mean IoU over tasks under the protocol",
            "iou_without": "the same with that switch alone changed",
            "difference": "iou_without - iou",
        },
    ),
    "throughput.csv": Table(
        "Speed and memory.",
        [*THROUGHPUT_COLUMNS, *STAMP],
        {
            "images": "images predicted",
            "objects": "objects predicted",
            "predictions": "masks written",
            "prompts": "distinct prompts that the method answered",
            "encode_seconds": "time in the image encoder",
            "decode_seconds": "time for all prompts",
            "wall_seconds": "time of the whole loop",
            "images_per_second": "images / wall_seconds",
            "objects_per_second": "objects / wall_seconds",
            "peak_memory_mb": "largest memory of the process, MB",
            "peak_gpu_memory_mb": "largest memory on the GPU, MB",
            "checked_images": "images that were predicted in fp32 too",
            "iou_difference": "mean change of the IoU against fp32 on these",
            "largest_iou_difference": "largest change for a single mask",
        },
    ),
    "datasets.csv": Table(
        "How many images of each dataset were evaluated, beside what the study says.",
        counts.COLUMNS,
        {
            "n_images": "images with an object",
            "n_cases": "patients that they are of",
            "n_failed": "cases that could not be read",
            "n_objects": "objects of all tasks",
            "objects_of_tasks": "objects of each task",
            "study": "the study's name of the dataset",
            "study_images": "the study's number of images",
            "certain": "whether a public source states that number",
            "difference": "n_images - study_images",
            "sampling": "which slices are taken",
        },
    ),
    "contamination.csv": Table(
        "Which datasets were in the training set of which method.",
        seen.COLUMNS,
        {"answer": "`yes`, `no` or `unknown`", "source": "where the answer comes from"},
    ),
    "provenance.csv": Table(
        "What made the numbers: one row for each key and each method and dataset that it stands for.",
        PROVENANCE_COLUMNS,
        {
            "provenance": "key that the other tables give in their column of this name; several rows may share it",
            "method": "name of the method; empty for the published numbers",
            "weights_sha256": "SHA-256 of the method's weights; empty if it has none",
            "published_sha256": "SHA-256 of the table of published numbers",
            "seed": "seed of prompts and ties",
            "protocols": "the click protocols and their switches (JSON)",
            "entry": "the method's entry in the configuration, as far as predictions depend on it (JSON)",
            "commit": "git commit of the workflow that made the predictions, + if files were changed",
            "versions": "versions of packages that made the predictions (JSON)",
            "analysis_commit": "git commit of the workflow that made the tables",
            "analysis_versions": "versions of packages that made the tables (JSON)",
            "other": "further facts (JSON)",
        },
    ),
    "everything.csv": Table(
        "The mode `everything`: masks found without a prompt; of each object the mask that overlaps it best.",
        [*EVERYTHING_COLUMNS, *STAMP],
        {"iou": "mean IoU of the best-overlap mask", "masks_per_image": "mean number of masks of the object's image"}
        | {f"recall{t}": f"share of objects whose best mask has an IoU of at least {t / 100:.2f}" for t in (50, 75, 90)}
        | {f"gap_mode{k}": f"iou minus that of the first mask of mode {k}" for k in range(1, 6)}
        | {f"gap_mode{k}_oracle": f"iou minus that of the best mask of mode {k}" for k in range(1, 6)},
    ),
    "ambiguity.csv": Table(
        "Methods that give three masks for one prompt: how these differ, and what their predicted IoU is worth.",
        [*AMBIGUITY_COLUMNS, *STAMP],
        {
            "agreement": "mean IoU of the three pairs of masks",
            "iou_first": "mean IoU of the first mask",
            "iou_best_score": "mean IoU of the mask with the highest predicted IoU",
            "iou_oracle": "mean IoU of the best mask",
            "gap_best_score": "iou_best_score - iou_first",
            "gap_oracle": "iou_oracle - iou_first",
            "grown_best_score": "mean IoU of the most confident mask with the region grown from its point (mode 1)",
            "grown_others": "the same of the other two masks",
            "ece": "expected calibration error: mean distance of predicted and true IoU over bins, see calibration.csv",
            "spearman": "rank correlation of predicted and true IoU",
        }
        | {f"grown_{k}": f"mean IoU of mask {k} with the region grown from the same point (mode 1)" for k in range(3)},
    ),
    "calibration.csv": Table(
        "Reliability of the predicted IoU: true IoU of masks in bins of predicted IoU.",
        [*CALIBRATION_COLUMNS, *STAMP],
        {
            "n": "masks in the bin",
            "predicted": "mean predicted IoU",
            "true": "mean true IoU",
            "ci_low": "lower end of the 95 % interval of `true`: percentile bootstrap over patients",
        },
    ),
    "robustness.csv": Table(
        "Prompts that are a little off (`robustness:` in the configuration).",
        [*ROBUSTNESS_COLUMNS, *STAMP],
        {
            "kind": "`box_jitter`, `point_offset` or `seed`: what is changed",
            "amount": "share of the box's sides, share of the depth of the point, or the seed",
            "n": "answered prompts",
            "change": "mean IoU minus that of the exact prompt",
        },
    ),
    "robustness_ranks.csv": Table(
        "How often the order of the methods in a task differs from the one with exact prompts. Controls are left out.",
        ROBUSTNESS_RANKS_COLUMNS,
        {
            "kind": "`box_jitter`, `point_offset` or `seed`: what is changed",
            "amount": "share of the box's sides, share of the depth of the point, or the seed",
            "n_methods": "methods that are compared",
            "n": "tasks and seeds",
            "changed": "share of these in which the order is another one",
            "best_changed": "share in which another method is the best",
            "kendall_tau": "mean rank correlation of the two orders, 1 where they are equal",
        },
    ),
    "manifest_comparison.csv": Table(
        "Our images beside those of somebody else's manifest (rule verify_manifest).",
        manifests.COMPARED,
        {
            "status": "`same`, `other id`, `other pixels`, `only here`, `only there`, or that the dataset was not run",
            "image_id": "our image",
            "their_image_id": "their image",
            "sha256": "SHA-256 of our image's pixels",
            "their_sha256": "SHA-256 of theirs",
        },
    ),
}

HEAD = """# Tables of this run

Text keys are empty where they do not apply; numbers have six decimals (a p of 0.000000 is smaller than that), shares
and IoU go from 0 to 1. A setting is named by method, protocol, mode, step and selection everywhere. The column
`provenance` leads to provenance.csv: weights, manifest, seed, protocols, versions and commit of every number; tables
without it are joined by method and dataset. Some tables are there only if their part of the run was asked for. The
folder `paper` holds some tables as Markdown, and as LaTeX for the package booktabs.
"""


def readme() -> str:
    """Markdown: a section for each table, a line for each of its columns.

    Raises:
        KeyError: a column is not explained.
    """
    parts = [HEAD]
    for name, table in TABLES.items():
        lines = [f"| `{column}` | {table.meaning(column)} |" for column in table.columns]
        parts.append("\n".join([f"## {name}", "", table.about, "", "| column | meaning |", "|---|---|", *lines, ""]))
    return "\n".join(parts)
