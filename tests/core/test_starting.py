"""What Snakemake is told at its start."""

import inspect

from snakemake.common import get_function_params, get_input_function_aux_params
from snakemake.io import expand

from promptseg.core import starting
from promptseg.planning.requests import Requests


def test_parameters_of_our_functions_are_known_to_snakemake(monkeypatch):
    monkeypatch.delattr(Requests.mem_mb, "_overwrite_params", raising=False)
    starting.know_parameters([Requests.mem_mb, expand, "text", Requests])
    monkeypatch.setattr(inspect, "signature", None)  # it is not called any more
    assert list(get_function_params(Requests.mem_mb)) == ["self", "wildcards", "attempt", "rulename"]
    asked = {"attempt": 1, "rulename": "predict", "threads": 2}
    assert get_input_function_aux_params(Requests.mem_mb, asked) == {"attempt": 1, "rulename": "predict"}


def test_functions_of_others_are_left_alone():
    starting.know_parameters([expand])
    assert not hasattr(expand, "_overwrite_params")
