"""A small run whose predictions are exported and read again: one volume, two controls and a network."""

from pathlib import Path

import numpy as np

from promptseg.analysis.aggregate import About, Inputs, aggregate
from promptseg.core.files import write_json
from promptseg.exports.source import Source
from promptseg.masks.answers import Given
from promptseg.masks.run import Outputs, import_masks
from promptseg.predict.engine import Runner
from promptseg.predict.method_run import Computing, prepare
from promptseg.predict.plan import Inputs as Questions
from promptseg.predict.plan import Plan
from promptseg.predict.run import predict
from promptseg.preprocess.inputs import Inputs as Files
from promptseg.preprocess.manifests import write_manifest
from promptseg.preprocess.objects import stream_objects
from promptseg.prompts.modes import PromptSettings, write_prompts
from promptseg.score.compared import Tolerance
from promptseg.score.scoring import score
from promptseg.score.trust import write_trust
from support.builds import entry, run, write

ROOT = Path(__file__).parents[2]
TASKS = {"bright": [1], "both": [1, 2]}
ENTRY = entry(cases=[{"image": "images/{case}.nii.gz", "labels": "masks/{case}.nii.gz"}], tasks=TASKS)
MODES = ["mode1", "mode2", "mode3", "mode4", "mode5", "iterative", "everything"]
ASKED = {
    "modes": MODES,
    "strict": False,
    "max_components": 3,
    "equal_components": "first",
    "multimask": "always",
    "tie_break": "random",
    "seed": 1,
    "clicks": 3,
    "everything": {"points_per_side": 2, "pred_iou_thresh": 0, "stability_score_thresh": 0},
    "protocols": [{"protocol": "corrected", "switch": None, "switches": {}}],
}
WEIGHTS = ROOT / "resources" / "quickstart" / "sam_small.safetensors"
METHODS = {
    "perfect": {"adapter": "promptseg.methods.controls:Perfect", "options": {}, "gpu": False},
    "click_disk": {"adapter": "promptseg.methods.controls:ClickDisk", "options": {}, "gpu": False},
    "sam_small": {
        "adapter": "promptseg.methods.sam:Sam",
        "variant": "small",
        "options": {},
        "gpu": False,
        "checkpoint": {"path": str(WEIGHTS)},
    },
}


class Run:
    """The files of a run on the dataset `mine`, up to its tables."""

    def __init__(self, folder: Path, built: Path):
        self.folder, self.built = folder, built
        self.stream = stream_objects(built / "images.parquet", built / "objects.parquet", TASKS)

    def file(self, kind: str, method: str, end: str = "parquet") -> Path:
        """A file of a method."""
        path = self.folder / kind / method / f"mine.{end}"
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def tabulate(self, methods) -> None:
        """Scores, confidences and tables of predictions that are there."""
        for name in methods:
            predictions, scores = self.file("predictions", name), self.file("scores", name)
            score(self.stream, predictions, scores, Tolerance(), dataset="mine", method=name)
            write_trust(
                scores, predictions, self.built / "prompts.parquet", None, self.file("trust", name), method=name
            )
            write_json(self.file("predictions", name, "throughput.json"), {})
        published = ROOT / "resources" / "published" / "mazurowski2023.csv"
        inputs = Inputs(
            [self.file("scores", name) for name in methods],
            [self.file("predictions", name, "throughput.json") for name in methods],
            [self.built / "mine" / "manifest.csv"],
            published,
        )
        about = About(
            datasets={"mine": {"title": "Mine", "tasks": TASKS, "published": {}}},
            methods={name: {"title": name, "published": None, "control": name != "sam_small"} for name in methods},
            seen={name: {} for name in methods},
            protocols={"corrected": {"title": "corrected"}},
            modes=MODES,
        )
        aggregate(inputs, self.folder / "tables", about, 20, 0)


def write_run(folder: Path) -> Run:
    """A volume of two slices, 1 x 0.5 mm pixels, answered by all methods, with its tables."""
    labels = np.zeros((32, 28, 2), np.uint8)
    labels[4:14, 5:15] = 1
    labels[18:26, 16:24] = labels[26:29, 3:6, :1] = 2
    pixels = 40 + 60 * labels.astype(np.int16) + np.random.default_rng(1).integers(0, 12, labels.shape, np.int16)
    for kind, array in (("images", pixels), ("masks", labels)):
        write(folder / "data" / kind / "a.nii.gz", array, np.diag([-0.5, -1, 2, 1]))
    built = folder / "built"
    run(folder / "data", built, **ENTRY)
    made = Run(folder / "run", built)
    write_prompts(made.stream, built / "prompts.parquet", PromptSettings(3, "random", 1))
    write_manifest(built / "images.parquet", "mine", built / "mine" / "manifest.csv")
    for name, about in METHODS.items():
        loaded = prepare(name, "mine", about, WEIGHTS if "checkpoint" in about else None, Computing("cpu"))
        outputs = made.file("predictions", name), made.file("predictions", name, "everything.parquet")
        runner, questions = Runner(loaded.method, Plan.of(ASKED)), Questions.of(made.stream, ASKED, loaded.method)
        predict(questions, runner, outputs[0], everything=outputs[1], provenance=loaded.provenance())
    made.tabulate(METHODS)
    return made


def source_of(run: Run) -> Source:
    """All masks of a run, to be exported."""
    return Source(
        dataset="mine",
        about={"title": "Mine", "tasks": TASKS},
        images=run.built / "images.parquet",
        objects=run.built / "objects.parquet",
        prompts=run.built / "prompts.parquet",
        scores={name: run.file("scores", name) for name in METHODS},
        predictions={name: run.file("predictions", name) for name in METHODS},
        settings=[],
        methods={},
        protocols={},
        everything={name: run.file("predictions", name, "everything.parquet") for name in METHODS},
    )


def read_again(run: Run, name: str, folder: Path, *, strict: bool = True) -> None:
    """Take the masks of a folder as the predictions of a method."""
    import_masks(
        Given(name, "mine", {"path": str(folder)}, ENTRY, ["corrected"]),
        run.stream,
        Files.of(run.built / "files.csv", ENTRY),
        Outputs(run.file("predictions", name), run.file("predictions", name, "everything.parquet")),
        strict=strict,
        files_sha256="",
    )
