"""A method as one job runs it: its weights checked, the method loaded, and what its results come from."""

import logging
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from promptseg.config.imports import adapter_file, helper_files
from promptseg.config.own_files import hub_commit, is_shipped, own_weights
from promptseg.core.checksums import Checksum
from promptseg.core.errors import PromptsegError
from promptseg.core.files import digest, read_json
from promptseg.core.provenance import provenance, versions
from promptseg.methods import Method, Settings, adapter_class
from promptseg.methods.checks import class_problems, entry_problems
from promptseg.methods.devices import (
    device_name,
    gpu_memory_lacking,
    has_bf16,
    keep_freed_memory,
    require_memory,
)
from promptseg.predict.embeddings import EmbeddingCache
from promptseg.predict.encoding import Computing, device_of, encoding
from promptseg.predict.fingerprint import fingerprint, reads

logger = logging.getLogger(__name__)

T = TypeVar("T")
PACKAGES = ["numpy", "opencv-python-headless", "scikit-image", "segment-anything-py", "torch"]  # behind the masks


@dataclass(frozen=True)
class MethodRun:
    """A loaded method on one dataset.

    Attributes:
        name, dataset: as in the configuration.
        entry: of the method in the configuration.
        weights_sha256: of the file of weights, of the names and bytes of a folder; None for a method without.
        own_files: digests of what its options name, see `config.own_files`.
        commit: of its model on the Hugging Face hub; None for others.
        choice: see `precision.Choice`; None where the precision is not chosen.
    """

    name: str
    dataset: str
    entry: Mapping[str, Any]
    method: Method
    weights_sha256: str | None
    own_files: Mapping[str, str] = field(default_factory=dict)
    commit: str | None = None
    choice: Mapping[str, Any] | None = None

    @property
    def label(self) -> str:
        """Name and adapter, as in the configuration, for what is said of failures."""
        return f"{self.name} ({self.entry['adapter']})"

    def in_fp32(self) -> Method:
        """The same method loaded again, by PyTorch in full precision and with no network of the user's own."""
        return type(self.method)(replace(self.method.settings, backend="torch", precision="fp32", networks={}))

    @property
    def differs(self) -> bool:
        """Whether it computes otherwise than PyTorch in full precision."""
        return (self.method.settings.backend, self.method.settings.precision) != ("torch", "fp32")

    def embedding_cache(
        self, predictions: str | Path, library: Iterable[str | Path], wanted: bool
    ) -> AbstractContextManager[EmbeddingCache | None]:
        """A cache of this method's embeddings in a file beside its predictions; None where it is not wanted.

        Embeddings are found again as long as weights, settings and code are the same.

        Args:
            library: files of the code.
        """
        if not wanted:
            return nullcontext()
        settings = self.method.settings
        depends_on = {
            "weights": self.weights_sha256,
            "code": [digest(file) for file in [*library, *self._helpers()]],
            "variant": settings.variant,
            "options": sorted(settings.options.items()),
            "files": self.own_files,
            "device": settings.device,
            "backend": settings.backend,
            "precision": settings.precision,
            "compile": settings.compile,
        }
        return closing(EmbeddingCache(Path(predictions).with_suffix(".embeddings.sqlite"), depends_on))

    def fingerprint(self) -> str:
        """Of everything that an answer of the method depends on besides image and prompt."""
        settings, adapter = self.method.settings, self.entry["adapter"]
        facts = {
            "weights": self.weights_sha256,
            "files": self.own_files,
            "commit": self.commit,
            "versions": versions([*PACKAGES, "transformers", settings.backend]),
            "gpu": device_name(settings.device),
            **{
                key: getattr(settings, key)
                for key in ("variant", "options", "device", "backend", "precision", "compile")
            },
        }
        if reads(adapter, "off_label"):
            facts["off_label"] = settings.off_label
        return fingerprint(adapter, facts, self._helpers())

    def _helpers(self) -> list[Path]:
        """The user's files that importing and loading the method took."""
        return helper_files(adapter_file(self.entry["adapter"]))

    def provenance(self, **facts: Any) -> Mapping[str, Any]:
        """Where results of the method come from; `facts` say what it was asked."""
        return provenance(
            [*PACKAGES, *self.method.packages, self.method.settings.backend],
            method=self.name,
            dataset=self.dataset,
            entry={key: self.entry.get(key) for key in ("adapter", "variant", "off_label", "options")},
            weights_sha256=self.weights_sha256,
            **({"weights_commit": self.commit} if self.commit else {}),
            **({"files_sha256": dict(self.own_files)} if self.own_files else {}),
            device=self.method.settings.device,
            backend=self.method.settings.backend,
            precision=self.method.settings.precision,
            **({"precision_choice": self.choice["because"]} if self.choice else {}),
            **facts,
        )


def check_weights(method: str, checkpoint: Mapping[str, Any], weights: Path) -> str:
    """Compare a file of weights with the published checksum, if there is one, and return its SHA-256.

    A file of the user's own (`checkpoint: path`) may differ from what is published; that is logged.

    Raises:
        PromptsegError: the file was downloaded, or came with this project, and does not hold the published weights.
    """
    sha256 = digest(weights)  # of gigabytes: read once
    published = Checksum.from_mapping(checkpoint)
    if not published:
        return sha256
    differs = published.compare(sha256) if published.algorithm == "sha256" else published.verify(weights)
    if not differs:
        return sha256
    problem = f"{weights} does not hold the published weights of {method}: {differs}."
    if "path" not in checkpoint:
        raise PromptsegError(f"{problem} Delete it and run again, or name a file of yours by checkpoint: path.")
    if is_shipped(checkpoint):
        raise PromptsegError(f"{problem} Get it back: git checkout -- {weights}")
    logger.warning(problem)
    return sha256


def check_entry(name: str, found: type[Method], entry: Mapping[str, Any]) -> None:
    """Refuse a class that is no whole method, and what its entry asks of it to no effect.

    Raises:
        PromptsegError: every problem, one per line, see `methods.checks`.
    """
    about = f"methods.{name}.adapter is {entry.get('adapter')}: "
    problems = [about + problem for problem in class_problems(found)]
    problems += [f"methods.{name}.{problem}" for problem in entry_problems(found, entry)]
    if problems:
        raise PromptsegError("\n".join(problems))


def load_method(name: str, entry: Mapping[str, Any], settings: Settings) -> Method:
    """The method that an entry names, with its weights.

    Raises:
        PromptsegError: there is no such adapter, the entry does not fit it, or it cannot be loaded.
    """
    found = adapter_class(entry["adapter"])
    check_entry(name, found, entry)
    return construct(name, found, settings)


def construct(name: str, found: Callable[[Settings], T], settings: Settings) -> T:
    """An instance of a class of a method.

    Raises:
        PromptsegError: its `__init__` raised one, or does not do what it has to.
    """
    what = getattr(found, "__name__", str(found))
    try:
        method = found(settings)
    except PromptsegError as error:
        raise PromptsegError(f"methods.{name}: {error}") from error
    except Exception as error:
        if lacking := gpu_memory_lacking(error):
            raise PromptsegError(f"methods.{name}: {lacking}") from error
        raise
    except SystemExit as error:
        raise PromptsegError(
            f"methods.{name}: {what}.__init__ called sys.exit({error.code!r}). Raise an error instead."
        ) from error
    if not hasattr(method, "settings"):
        raise PromptsegError(
            f"methods.{name}: {what}.__init__ does not call `super().__init__(settings)`. Write that in it."
        )
    return method


def prepare(
    name: str,
    dataset: str,
    entry: Mapping[str, Any],
    weights: str | Path | None,
    computing: Computing,
    own_files: Mapping[str, str] | None = None,
    load: Callable[[str, Mapping[str, Any], Settings], Any] = load_method,
    *,
    probabilities: bool = False,
) -> MethodRun:
    """Check a method's weights and load it; this process keeps freed memory and PyTorch gets its threads.

    Args:
        name, dataset: of the method and of the data that it will see, as in the configuration.
        entry: of the method in the configuration.
        weights: their file or folder, for a method that has any; without, it runs in fp32.
        own_files: digests of what users have themselves, see `config.own_files`; a folder of weights is among them.
        load: loads the method of an entry.
        probabilities: whether its answers hold them, see `Settings`.

    Raises:
        PromptsegError: a GPU is wanted and there is none, or too little of its memory is free; the file does not hold
            the published weights, there is no such adapter, or the entry does not fit it.
    """
    keep_freed_memory()
    weights = Path(weights) if weights else None
    digests = dict(own_files or {})
    sha256 = None
    if weights:
        import torch  # methods without weights start faster without it

        torch.set_num_threads(computing.threads)
        folder = weights.is_dir()
        sha256 = digests.get("checkpoint") if folder else check_weights(name, entry["checkpoint"], weights)
    backend, precision, networks = encoding(entry, computing) if weights else ("torch", "fp32", {})
    settings = Settings(
        variant=entry.get("variant"),
        weights=weights,
        device=device_of(entry, computing.device, backend, precision),
        backend=backend,
        precision=precision,
        networks=networks,
        compile=computing.compile,
        off_label=entry.get("off_label", False),
        options=entry["options"],
        probabilities=probabilities,
    )
    if settings.precision == "bf16" and not has_bf16(settings.device):
        logger.warning("This processor has no bfloat16 instructions: precision bf16 is far slower on it than fp32.")
    require_memory(name, settings, computing.gpu_mb)
    method = load(name, entry, settings)
    digests.pop("checkpoint", None)
    return MethodRun(name, dataset, entry, method, sha256, digests, hub_commit(weights) if weights else None)


def prepare_job(
    job: Any,
    load: Callable[[str, Mapping[str, Any], Settings], Any] = load_method,
    *,
    precision: str | None = None,
    **more: Any,
) -> MethodRun:
    """The method of a job of Snakemake, see `prepare`.

    Args:
        job: its parameters are method, dataset, entry, own_files and computing, its input `weights` those downloaded,
            its input `precision` what was chosen for `precision: auto`, its resource `gpu_mb` as in `Computing`.
        precision: another one than the parameters say.
        load, more: as for `prepare`.
    """
    params, computing = job.params, dict(job.params.computing)
    choice = None
    if precision:
        computing["precision"] = precision
    elif computing.get("precision") == "auto":
        choice = read_json(job.input.precision)
        computing["precision"] = choice["precision"]
    settled = Computing(**computing, threads=job.threads, gpu_mb=job.resources.get("gpu_mb", 0))
    weights = own_weights(params.entry.get("checkpoint", {})) or job.input.get("weights")
    run = prepare(params.method, params.dataset, params.entry, weights, settled, params.own_files, load, **more)
    return replace(run, choice=choice)
