"""What rules, tables, figures and page ask of the configuration: pure functions of the checked one."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from promptseg.config.schema import keys_of
from promptseg.core.routes import CONTOURS, CONTROL_ROUTES
from promptseg.core.vocabulary import AUTOMATIC

Config: TypeAlias = Mapping[str, Any]
Entries: TypeAlias = dict[str, dict[str, Any]]


_OFF_LABEL = (
    "Off-label: it is also asked prompts that it was not made for (off_label: true). Scores of these say what its "
    "network makes of them, not how good it is at what it was made for."
)


def part_of(config: Config, registry: str, name: str, stage: str) -> dict[str, Any]:
    """What a stage has to know of an entry: its keys that the schema annotates with the stage.

    Args:
        registry: "datasets" or "methods".
        name: of the entry.
        stage: name of a rule file.
    """
    entry = config[registry][name]
    return {key: entry[key] for key in keys_of(registry, stage) if key in entry}


def predict_entry(config: Config, method: str) -> dict[str, Any]:
    """What the predictions of a method depend on in its entry.

    Its changes to protocols are left out: `protocols_of` applies them to those of the run, which are a parameter of
    their own, so that a change to another protocol reruns nothing.
    """
    entry = part_of(config, "methods", method, "predict")
    entry.pop("protocols", None)
    return entry


def about_datasets(config: Config, names: Iterable[str], stage: str = "figures") -> Entries:
    """What the tables (stage "analysis") or the figures and the page ("figures") say of datasets, by name."""
    return {name: part_of(config, "datasets", name, stage) for name in names}


def about_methods(config: Config, registered: Sequence[str]) -> Entries:
    """What tables, figures and page say of methods: of all of them, in an order that gives each its colour for good.

    That is the order of the shipped registry, then of names: the order in `config` changes with what a user overrides.

    Args:
        registered: names in the order of config/methods.yaml.

    Returns:
        Name -> title, name in the published tables (None if it has none), and whether it is a control.
    """
    order = [*registered, *sorted(set(config["methods"]) - set(registered))]
    keys = keys_of("methods", "figures")
    return {name: {key: config["methods"][name].get(key) for key in keys} for name in order}


def seen_by_methods(config: Config, registered: Sequence[str], methods: Sequence[str] | None = None) -> Entries:
    """Which datasets were in the training set of methods (by default of the run), in the order of `about_methods`."""
    wanted = config["run"]["methods"] if methods is None else methods
    chosen = [name for name in about_methods(config, registered) if name in wanted]
    return {name: config["methods"][name]["seen"] for name in chosen}


def volume_datasets(config: Config) -> list[str]:
    """Datasets of the run whose objects are segmented over all slices, sorted."""
    if not config["volumes"]["enabled"]:
        return []
    return sorted(name for name in config["run"]["datasets"] if config["datasets"][name]["volumes"])


def volume_methods(config: Config) -> list[str]:
    """Methods that are asked about volumes, sorted."""
    asked = config["volumes"].get("methods")
    if asked is not None:
        return sorted(asked)
    taking = {name for name in asked_methods(config) if config["methods"][name]["volumes"]}
    return sorted(taking - set(controls(config)))


def all_methods(config: Config) -> list[str]:
    """Methods of the run and those that are asked about its volumes, sorted."""
    return sorted({*config["run"]["methods"], *(volume_methods(config) if volume_datasets(config) else ())})


def volume_sources(config: Config) -> list[str]:
    """Whose masks of volumes are scored: asked ones, those from files, and true contours if a route needs them."""
    contours = [CONTOURS] if set(CONTROL_ROUTES) & set(config["volumes"]["routes"]) else []
    return sorted([*volume_methods(config), *masked_volumes(config), *contours])


def notes_on_methods(config: Config) -> dict[str, str]:
    """What readers have to know of methods of the run, by title."""
    chosen = (config["methods"][name] for name in config["run"]["methods"])
    notes = {entry["title"]: [entry["note"], _OFF_LABEL if entry["off_label"] else ""] for entry in chosen}
    return {title: " ".join(filter(None, texts)) for title, texts in notes.items() if any(texts)}


def masked(config: Config) -> list[str]:
    """Methods of the run whose masks come from files, sorted."""
    return sorted(name for name in config["run"]["methods"] if "masks" in config["methods"][name])


def masked_volumes(config: Config) -> list[str]:
    """Those of them whose masks are taken for volumes, too, sorted."""
    return [name for name in masked(config) if config["methods"][name]["volumes"]]


def asked_methods(config: Config) -> list[str]:
    """Methods of the run that are asked prompts: all others, sorted."""
    return sorted(set(config["run"]["methods"]) - set(masked(config)))


def modes(config: Config) -> list[str]:
    """The modes that a run has masks in: those of its prompts, and the one of masks from files if it has such."""
    return [*config["prompts"]["modes"], *([AUTOMATIC] if masked(config) else [])]


def ambiguous_methods(config: Config) -> list[str]:
    """Methods of the run that answer a prompt with three masks, sorted."""
    return [name for name in sorted(config["run"]["methods"]) if config["methods"][name]["ambiguity"]]


def controls(config: Config) -> list[str]:
    """Methods of the run that only bound the scores, sorted."""
    return [name for name in sorted(config["run"]["methods"]) if config["methods"][name]["control"]]


def rivals(config: Config) -> list[str]:
    """Methods of the run that are compared: all but the controls, sorted."""
    return sorted(set(config["run"]["methods"]) - set(controls(config)))


def same_as(config: Config) -> dict[str, str]:
    """Methods of the run that should equal another one, with that one, sorted."""
    entries = {name: config["methods"][name] for name in sorted(config["run"]["methods"])}
    return {name: entry["same_as"] for name, entry in entries.items() if "same_as" in entry}


def grid(config: Config) -> dict[str, Any]:
    """How the mode `everything` covers an image; nothing where the run does without the mode."""
    return dict(config["everything"]) if "everything" in config["prompts"]["modes"] else {}


def is_preset(entry: Mapping[str, Any]) -> bool:
    """Whether an entry of `protocols` is a preset, and no set of switches."""
    return "metrics" in entry


def presets(config: Config) -> Entries:
    """The presets of the run with their declarations, in its order."""
    chosen = {name: config["protocols"][name] for name in config["run"]["protocols"]}
    return {name: entry for name, entry in chosen.items() if is_preset(entry)}


def click_protocols(config: Config) -> list[str]:
    """The sets of switches that the run names; `corrected` where it names presets alone."""
    names = [name for name in config["run"]["protocols"] if not is_preset(config["protocols"][name])]
    return names or ["corrected"]


def run_protocols(config: Config) -> list[str]:
    """The protocols that have figures of their own."""
    return list(dict.fromkeys([*click_protocols(config), *config["run"]["ablation"]]))


def about_protocols(config: Config) -> Entries:
    """What tables, figures and page say of the protocols of a run: name -> {title}."""
    return {name: {"title": config["protocols"][name]["title"]} for name in run_protocols(config)}


def about_presets(config: Config) -> Entries:
    """The same of presets, and of the click protocols whose scores they take."""
    return about_protocols(config) | {name: {"title": preset["title"]} for name, preset in presets(config).items()}


def shown_protocol(config: Config) -> str:
    """The protocol of figures that show the clicks of one: `corrected`, if the run has it."""
    protocols = run_protocols(config)
    return "corrected" if "corrected" in protocols else protocols[0]


def optional_parts(config: Config) -> list[str]:
    """The parts of the run that only some runs have; all but `published` with a table of their own."""
    repeats = any(config["methods"][name].get("published") for name in config["run"]["methods"])
    wanted = {
        "everything": "everything" in config["prompts"]["modes"],
        "ambiguity": bool(ambiguous_methods(config)),
        "trust": bool(rivals(config)),
        "robustness": config["robustness"]["enabled"],
        "groups": any("metadata" in config["datasets"][name] for name in config["run"]["datasets"]),
        "volumes": bool(volume_datasets(config)),
        "equivalence": bool(same_as(config)),
        "users": len(config["prompts"]["users"]) > 1,
        "protocols": bool(presets(config)),
        "composed": config["compose"]["enabled"],
        "published": repeats and any(config["datasets"][name]["published"] for name in config["run"]["datasets"]),
    }
    return [name for name, needed in wanted.items() if needed]


def configuration_summary(config: Config) -> dict[str, Any]:
    """The settings of a run that its numbers depend on."""
    keys = ("run", "prompts", "metrics", "device", "precision", "compile", "strict")
    return {key: config[key] for key in keys} | {
        "protocols": {name: config["protocols"][name] for name in [*run_protocols(config), *presets(config)]}
    }
