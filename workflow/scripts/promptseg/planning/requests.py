"""What a job asks of a cluster: memory and time, from its method and from what the registry says of its dataset.

Nothing is read but the configuration and resources/costs.yaml: the answers are the same at every start and cost
little where a run has thousands of jobs. What is not said is taken to be large; each attempt asks for twice as much.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from snakemake.resources import Resources

from promptseg.planning import costs
from promptseg.planning.counts import SQUARE, Count, declared_images, megapixels, preset_prompts, prompts, shards

SPARE_MEMORY, SPARE_TIME = 2, 3  # of what is expected
LEAST_MB, STEP_MB = 1000, 500
LEAST_MINUTES, STEP_MINUTES = 5, 5
# Rules whose jobs ask a method, and those of them that follow objects through volumes.
ON_VOLUMES = ("predict_volumes", "predict_protocols_volumes")
ASKING = ("choose_precision", "predict", "predict_protocols", "robustness", "probabilities", *ON_VOLUMES)
_VARIANTS = ("_shard", "_of_user", "_of_volumes", "_published")


@dataclass(frozen=True)
class Expected:
    """What a dataset is expected to hold.

    Attributes:
        images, objects: how many.
        megapixels: of its largest image.
        slices: of its longest volume; 0 where its files are images.
    """

    images: int
    objects: int
    megapixels: float
    slices: int


class Requests:
    """Requests of the jobs of one run.

    Args:
        config: the checked configuration.
        gpus: whether jobs can have a GPU.
    """

    def __init__(self, config: Mapping[str, Any], gpus: bool = True) -> None:
        self._config, self._gpus = config, gpus and config["device"] != "cpu"
        self._network = costs.network()
        self._run: Expected | None = None
        # Jobs of a rule differ in dataset and method alone; their shards are equal.
        self.seconds = cache(self._seconds)
        self.memory = cache(self._memory)

    def mem_mb(self, wildcards: Mapping[str, str], attempt: int, rulename: str) -> int:
        """MB that a job asks for; for `resources:` of a rule."""
        wanted = SPARE_MEMORY * self.memory(rulename, wildcards.get("dataset", ""), wildcards.get("method", ""))
        most = 1000 * self._config["cluster"].get("max_memory_gb", math.inf)
        return int(min(most, max(LEAST_MB, _up(wanted, STEP_MB)) * 2 ** (attempt - 1)))

    def runtime(self, wildcards: Mapping[str, str], attempt: int, rulename: str) -> int:
        """Minutes that a job asks for; for `resources:` of a rule."""
        return self.minutes(self.seconds(rulename, wildcards.get("dataset", ""), wildcards.get("method", "")), attempt)

    def minutes(self, seconds: float, attempt: int) -> int:
        """Minutes to ask for what is expected to take so many seconds."""
        most = 60 * self._config["cluster"].get("max_hours", math.inf)
        wanted = max(LEAST_MINUTES, _up(SPARE_TIME * seconds / 60, STEP_MINUTES)) * 2 ** (attempt - 1)
        return max(1, int(min(most, wanted)))

    def gpu_mb(self, wildcards: Mapping[str, str]) -> int:
        """MB of a GPU that have to be free for the method of a job; 0 where that is not known."""
        row = costs.method_cost(wildcards.get("method", ""))
        return round(row.gpu_mb) if row else 0

    def give(self, workflow: Any) -> None:
        """Let the rules of a `snakemake.workflow.Workflow` ask for memory and time where `--set-resources` does not."""
        wanted = Resources.from_mapping({"mem_mb": self.mem_mb, "runtime": self.runtime})
        on_gpu = Resources.from_mapping({"gpu_mb": self.gpu_mb})
        for rule in workflow.rules:
            rule.resources.update(wanted)
            if "gpu" in rule.resources:
                rule.resources.update(on_gpu)
            rule.resources.update(workflow.resource_settings._parsed_overwrite_resources.get(rule.name, {}))

    def on_gpu(self, method: str) -> bool:
        """Whether a method runs on a GPU."""
        return self._gpus and bool(self._config["methods"][method]["gpu"])

    def expected(self, dataset: str = "") -> Expected:
        """What a dataset is expected to hold; without a name, all of the run together, and the largest image."""
        if dataset:
            return self._of_dataset(dataset)
        if self._run is None:
            found = [self._of_dataset(name) for name in self._config["run"]["datasets"]]
            self._run = Expected(
                images=sum(one.images for one in found),
                objects=sum(one.objects for one in found),
                megapixels=max(one.megapixels for one in found),
                slices=max(one.slices for one in found),
            )
        return self._run

    def _of_dataset(self, name: str) -> Expected:
        entry, unknown = self._config["datasets"][name], costs.unknown()
        images = declared_images(entry) or unknown["images"]
        sampling = entry["sampling"]
        every = sampling.get("every", 1) if isinstance(sampling, Mapping) else 1
        # Slices without an object are no images: of those with one a volume has an eighth or more.
        slices = 0 if entry["modality"] in ("xray", "us") else min(unknown["slices"], 8 * images * every)
        return Expected(images, images * len(entry["tasks"]), megapixels(entry), slices)

    def _seconds(self, rule: str, dataset: str, method: str) -> float:
        """Expected seconds of a job, on a GPU where it asks for one."""
        rule, cut = self._whole(rule, dataset)
        found = self.expected(dataset)
        if rule in ASKING and method in self._config["methods"]:
            return self._asking(rule, found, method, cut)
        row = costs.rule_row(rule)
        per_object = row.get("object", 0.0)
        if not dataset:  # of tables about all of them
            return float(row["seconds"] + per_object * found.objects * len(self._config["run"]["methods"]))
        return float(row["seconds"] + per_object * found.objects * max(1.0, found.megapixels / SQUARE) / cut)

    def _asking(self, rule: str, found: Expected, method: str, cut: int) -> float:
        row, entry = self._method(method), self._config["methods"][method]
        count = Count(found.images, {1: found.objects}, counted=False)
        asked = self._prompts(rule, count, method, row.takes)
        faster = self._network["gpu"] if self.on_gpu(method) else entry["threads"]
        larger = max(1.0, found.megapixels / SQUARE)
        # Click models, whose time grows with an image, took 18 times as long for 76 times as many pixels.
        network = (found.images * row.encode + asked * row.prompt * larger ** (2 / 3)) / faster
        around = asked * costs.around_prompt() * larger
        return float(costs.rule_row("predict")["seconds"] + row.load + (network + around) / cut)

    def _prompts(self, rule: str, count: Count, method: str, takes: str) -> int:
        """About how many prompts a job asks, rather too many."""
        config = self._config
        if rule == "predict_protocols":
            return preset_prompts(config, count)
        if rule == "robustness":
            about = config["robustness"]
            most = max(len(about[key]) for key in ("box_jitter", "point_offset", "line_shift"))
            return count.objects * len(about["modes"]) * most * len(about["seeds"])
        if rule in ON_VOLUMES:
            about = config["volumes"]
            return count.objects * math.prod(len(about[key]) for key in ("routes", "slices", "prompts", "extents"))
        return prompts(config, method, count, takes)

    def _memory(self, rule: str, dataset: str, method: str) -> float:
        """Expected MB of a job."""
        rule, _ = self._whole(rule, dataset)
        found, row = self.expected(dataset), costs.rule_row(rule)
        objects = found.objects * (1 if dataset else len(self._config["run"]["methods"]))
        need = row["mb"] + row.get("megapixel", 0) * found.megapixels + row.get("thousand", 0) * objects / 1000
        need += row.get("voxels", 0) * found.slices * found.megapixels
        if rule in ASKING and method in self._config["methods"]:
            tensors, common = self._method(method).gpu_mb, self._network
            if tensors:
                need += tensors + common["mb"] + common["megapixel"] * found.megapixels
                need += common["cuda"] * self.on_gpu(method)
        return float(need)

    def _method(self, method: str) -> costs.MethodCost:
        return costs.method_cost(method) or costs.unknown_method(self._config["methods"][method]["gpu"])

    def _whole(self, rule: str, dataset: str) -> tuple[str, int]:
        """The rule that another one is a variant of, and into how many such jobs its work is cut."""
        for variant in _VARIANTS:
            if rule.endswith(variant):
                cut = shards(self._config["datasets"][dataset]) if variant == "_shard" else 1
                return rule.removesuffix(variant), cut
        return rule, 1


def _up(value: float, step: int) -> int:
    return math.ceil(value / step) * step
