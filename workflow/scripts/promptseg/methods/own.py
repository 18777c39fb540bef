"""Files of users that hold adapters, looked at before anything is planned."""

from collections.abc import Iterable, Mapping
from typing import Any

from promptseg.config.explain import ConfigurationError, Mistake
from promptseg.methods.checks import file_problems


def require_adapter_files(config: Mapping[str, Any], names: Iterable[str]) -> None:
    """Check that the files of adapters are there, are Python and have the class; they are not run.

    Args:
        names: of methods.

    Raises:
        ConfigurationError: one of them is or has not.
    """
    mistakes: list[Mistake] = []
    for name in names:
        adapter = config["methods"][name].get("adapter")
        if adapter is None:
            continue  # its masks come from files
        about = f"methods.{name}.adapter is {adapter}"
        mistakes += [Mistake(("methods", name, "adapter"), f"{about}: {one}") for one in file_problems(adapter)]
    if mistakes:
        raise ConfigurationError(mistakes)
