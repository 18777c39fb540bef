"""docs/configuration_mistakes.md: mistakes that people make in a configuration, with what the check says of each.

PYTHONPATH=workflow/scripts python -m promptseg.report.mistakes > docs/configuration_mistakes.md
"""

import contextlib
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from promptseg.config.arguments import SHIPPED, check_files
from promptseg.config.explain import ConfigurationError
from promptseg.config.load import load
from promptseg.config.schema import SCRIPTS
from promptseg.config.yamlfiles import Places, value_of
from promptseg.core.errors import PromptsegError
from promptseg.download.own_folders import require_folders

COMMAND = "PYTHONPATH=workflow/scripts python -m promptseg.report.mistakes > docs/configuration_mistakes.md"
_INTRODUCTION = f"""
# Mistakes in a configuration

What is written into `my.yaml`, and what `snakemake --configfile my.yaml` says of it, in the last lines of its output
and before anything is planned. All that does not fit is named at once. Here `data/` holds `p1.png` and `p1_mask.png`.

Made from `workflow/scripts/promptseg/report/mistakes.py` by the check itself; after a change of a message run
`{COMMAND}` again.

| mistake | `my.yaml` | what is said |
|---|---|---|
"""
_RUN = "run: {datasets: [mine], methods: [grabcut]}"
_KEPT = ("abdomen_ct", "abdomen_mri", "grabcut", "box_fill", "ritm", "sam_small")
_ENTRY = "source: {kind: folder, path: data}"


@dataclass(frozen=True)
class Example:
    """A mistake.

    Attributes:
        name: what people did, in words.
        text: the configuration file.
        arguments: of a call of Snakemake, where the mistake is in these.
    """

    name: str
    text: str
    arguments: Sequence[str] = ()


def _at(path: str) -> str:
    """A run of an entry with this path."""
    return f"datasets:\n  mine:\n    {_ENTRY.replace('data}', path + '}')}\n    tasks: {{bone: [1]}}\n{_RUN}"


def _mine(line: str) -> str:
    """An entry with one line that is wrong."""
    tasks = "" if line.startswith("tasks") else "    tasks: {bone: [1]}\n"
    return f"datasets:\n  mine:\n    {_ENTRY}\n{tasks}    {line}\n"


def _preset(line: str = "", start: str = "start: {prompt: box}", summary: str = "") -> str:
    """A preset with one line that is wrong."""
    metrics = "" if line.startswith("metrics") else "metrics: {dice: {}}"
    summed = f"summaries: [{summary or '{name: last, metric: dice, kind: final}'}]"
    lines = [one for one in (start, line, metrics, summed) if one]
    run = "run: {datasets: [abdomen_ct], methods: [grabcut], protocols: [mine]}\n"
    return run + "protocols:\n  mine:\n" + "".join(f"    {one}\n" for one in lines)


EXAMPLES = (
    Example(
        "no `cases` for masks beside the images", _mine("title: Mine") + "run: {datasets: [mine], methods: [grabcut]}"
    ),
    Example("a misspelt key", _mine("modalty: ct")),
    Example("a key of another name", _mine("cases: [{image: a.png, mask: b.png}]")),
    Example("a key in the wrong place", "clicks: 5"),
    Example("a word that is not allowed", _mine("modality: mr")),
    Example("`tasks` the wrong way round", _mine("tasks: {1: femur}")),
    Example("names without label values", _mine("tasks: [femur, tibia]")),
    Example("label values in quotes", _mine("tasks: {femur: '1'}")),
    Example("a label value twice", _mine("tasks: {femur: [1, 1]}")),
    Example("the background as an object", _mine("tasks: {femur: [0]}")),
    Example("entries as a list", "datasets:\n  - name: mine"),
    Example("names of methods where entries belong", "methods: sam_vit_b"),
    Example("a dataset that has no entry", "run: {datasets: [abdomen]}"),
    Example("several names without brackets", "run: {methods: 'grabcut, box_fill'}"),
    Example("a name that files cannot have", "datasets: {Röntgen 1: {source: {kind: folder, path: x}, tasks: {a: 1}}}"),
    Example("a name that YAML takes for a number", "datasets: {001: {source: {kind: folder, path: x}, tasks: {a: 1}}}"),
    Example("a number in quotes", "prompts: {clicks: '5'}"),
    Example("a number that YAML takes for text", "metrics: {nsd_tolerance_mm: 1e-3}"),
    Example("a fraction for a whole number", "prompts: {clicks: 2.5}"),
    Example("yes in quotes", "compile: 'yes'"),
    Example("a window the wrong way round", _mine("intensity: {kind: window, low: 240, high: -160}") + _RUN),
    Example("percentiles beyond 0 and 100", _mine("intensity: {kind: percentiles, low: -50, high: 150}") + _RUN),
    Example("an expression that is not closed", _mine("patient: 'img_(0'") + _RUN),
    Example("ends of groups out of order", "groups: {age: [60, 40]}\n" + _mine("title: Mine") + _RUN),
    Example("a setting that a run has not", _mine("title: Mine") + _RUN + "\ncompose: {settings: [mode5.frist]}"),
    Example("a key without a value", "run: {methods: }"),
    Example("no `source`", "datasets: {mine: {tasks: {bone: 1}}}"),
    Example("a key twice", "run: {datasets: [abdomen_ct]}\nprecision: bf16\nrun: {methods: [grabcut]}"),
    Example("a misspelt block of a preset", _preset(start="start: {prompt: bx}")),
    Example("a metric that there is not", _preset("metrics: {dise: {}}")),
    Example("a preset without `metrics`", "protocols: {mine: {start: {prompt: box}, prompts: 0}}"),
    Example("a switch in a preset", _preset("error_region: joint")),
    Example("a preset that asks nothing", _preset("prompts: 0", start="")),
    Example("steps of which nothing is said", _preset("prompts: 5")),
    Example("a summary of what is not measured", _preset("metrics: {iou: {}}")),
    Example("a summary of a step that is not asked", _preset(summary="{name: last, metric: dice, kind: at, step: 3}")),
    Example("a preset of volumes without volumes", _preset("asks: [volumes]")),
    Example("a preset taken apart", "run: {datasets: [abdomen_ct], methods: [grabcut], ablation: [ritm]}"),
    Example("a tab", "run:\n\tdatasets: [mine]"),
    Example("a bracket that is not closed", "run:\n  datasets: [mine\n  methods: [grabcut]"),
    Example("a colon too many", "datasets:\n  mine:\n    source: kind: folder"),
    Example("a line indented too little", "run:\n    datasets: [mine]\n   methods: [grabcut]"),
    Example("a star without quotes", "datasets: {mine: {cases: [{image: *.png}]}}"),
    Example("a Windows path in double quotes", 'datasets: {mine: {source: {kind: folder, path: "C:\\data"}}}'),
    Example("a Windows path elsewhere", _at("'C:\\data'")),
    Example("an environment variable", _at("$HOME/x")),
    Example("a folder that is not there", _at("dta")),
    Example("weights that are not there", "methods: {ritm: {checkpoint: {path: ritm.pth}}}\nrun: {methods: [ritm]}"),
    Example("an empty file", ""),
    Example("a target behind `--configfile`", "", ("--configfile", "config/paper.yaml", "datasets_status")),
)


def said(example: Example) -> str:
    """What the check says of a mistake, in a working directory that holds `data/`.

    Raises:
        AssertionError: it finds nothing wrong.
    """
    file = Path("my.yaml")
    file.write_text(example.text.rstrip() + "\n" if example.text else "", encoding="utf-8")
    try:
        check_files(example.arguments)
        config = load([file])
        require_folders(config, config["run"]["datasets"], Path("results", "raw"))
    except ConfigurationError as error:
        return str(error.placed(Places([*SHIPPED, file]).of)).replace(str(Path.cwd()), "/home/me/promptseg")
    except PromptsegError as error:
        return str(error).replace(str(Path.cwd()), "/home/me/promptseg")
    raise AssertionError(f"Nothing is said of {example.text}")


def _cell(text: str) -> str:
    """Plain text in a cell of a table: nothing in it is markup."""
    return re.sub(r"([\\`*_\[\]|<>])", r"\\\1", text).replace("\n", "<br>")


def _row(example: Example) -> str:
    typed = " ".join(example.arguments) if example.arguments else example.text.rstrip()
    code = "<br>".join(f"`` {line} ``".replace("|", "\\|").replace("\t", "⇥") for line in typed.splitlines())
    return f"| {example.name} | {code} | {_cell(said(example))} |\n"


def _few(config: dict[str, Any]) -> dict[str, Any]:
    """A shipped file with few entries, whose check takes less time."""
    return {
        key: {name: entry for name, entry in value.items() if name in _KEPT}
        if key in ("datasets", "methods")
        else value
        for key, value in config.items()
    }


def document() -> str:
    """The whole document."""
    shipped = {path: value_of(SCRIPTS.parents[1] / path) for path in SHIPPED}
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        for file in ("data/p1.png", "data/p1_mask.png", "config/paper.yaml"):
            Path(file).parent.mkdir(exist_ok=True)
            Path(file).touch()
        for path, config in shipped.items():
            path.write_text(yaml.safe_dump(_few(config)), encoding="utf-8")
        return _INTRODUCTION.lstrip() + "".join(map(_row, EXAMPLES))


if __name__ == "__main__":
    print(document(), end="")
