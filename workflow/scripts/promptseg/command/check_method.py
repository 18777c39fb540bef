"""`promptseg check-method`: one method, tried with every kind of prompt."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from promptseg.command import project
from promptseg.core.errors import PromptsegError


def check_method(
    method: Annotated[
        str, typer.Argument(metavar="NAME|FILE:CLASS", help="An entry of methods:, or a class in a file.")
    ],
    variant: Annotated[str | None, typer.Option(help="`variant` of the entry.")] = None,
    weights: Annotated[Path | None, typer.Option(callback=project.absolute, help="File or folder of weights.")] = None,
    option: Annotated[list[str] | None, typer.Option(metavar="KEY=VALUE", help="One of `options`; repeatable.")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    configfile: project.Configfiles = None,
) -> None:
    """Try a method on two small drawn images, or volumes, with every kind of prompt; status 1 if anything is wrong.

    Example: promptseg check-method my_method.py:Threshold
    """
    from promptseg.predict.check_method import check_method, in_words

    name = method.rpartition(":")[2]
    entry: dict[str, Any] = {"adapter": method}
    if name == method:
        entry, weights = _registered(name, configfile, weights)
    if variant:
        entry["variant"] = variant
    if option:
        entry["options"] = {**entry.get("options", {}), **_options(option)}
    report = check_method(name, entry, weights, device)
    print(in_words(report))
    if not report.good:
        sys.exit(1)


def _registered(name: str, files: list[Path] | None, weights: Path | None) -> tuple[dict[str, Any], Path | None]:
    """The entry of a method in the configuration, and the file or folder of its weights."""
    from promptseg.config.folders import folders
    from promptseg.config.own_files import own_weights

    project.enter()
    config = project.configuration(files)
    if name not in config["methods"]:
        raise PromptsegError(
            f"{name} is no entry of methods:. Known: {', '.join(config['methods'])}; or give FILE:CLASS."
        )
    entry = config["methods"][name]
    if weights or "checkpoint" not in entry:
        return entry, weights
    path = own_weights(entry["checkpoint"]) or Path(folders(config)[1], "weights", f"{name}.pth")
    if not path.exists():
        raise PromptsegError(
            f"{name} has no weights yet: {path} is missing. Get it by `snakemake --cores 1 {path}`, or give --weights."
        )
    return entry, path


def _options(words: list[str]) -> dict[str, Any]:
    import yaml

    for word in words:
        if "=" not in word:
            raise PromptsegError(f"--option {word}: write it as KEY=VALUE, such as --option radius=0.2.")
    return {key: yaml.safe_load(value) for key, _, value in (word.partition("=") for word in words)}
