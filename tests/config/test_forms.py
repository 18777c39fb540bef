"""Forms in which people write a configuration: those that are taken, and those that are refused with what to write."""

from pathlib import Path

import pytest
import yaml

from promptseg.config.check import check
from promptseg.config.explain import ConfigurationError

SOURCE = "source: {kind: folder, path: data}"
BASE = {
    "run": {"datasets": ["mine"], "methods": ["fill"]},
    "protocols": {"corrected": {}},
    "datasets": {"mine": {"source": {"kind": "folder", "path": "data"}, "tasks": {"bone": [1]}}},
    "methods": {"fill": {"adapter": "promptseg.methods.controls:BoxFill"}},
}


def checked(text: str) -> dict:
    """The small configuration with keys of the top level replaced."""
    return check({**yaml.safe_load(yaml.safe_dump(BASE)), **yaml.safe_load(text)})


def entry(lines: str) -> dict:
    return checked(f"datasets: {{mine: {{{SOURCE}, {lines}}}}}")["datasets"]["mine"]


def refused(text: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        checked(text)
    return str(caught.value).split("\n", 1)[1].strip()


def refused_entry(lines: str) -> str:
    return refused(f"datasets: {{mine: {{{SOURCE}, {lines}}}}}").removeprefix("datasets.mine.")


def test_one_entry_is_a_list_of_one():
    assert entry("tasks: {femur: 1, tibia: [2, 3]}")["tasks"] == {"femur": [1], "tibia": [2, 3]}
    config = checked("run: {datasets: mine, methods: fill, protocols: corrected}\nprompts: {modes: mode1}")
    assert config["run"]["datasets"] == ["mine"]
    assert config["run"]["protocols"] == ["corrected"]
    assert config["prompts"]["modes"] == ["mode1"]
    made = entry("tasks: {a: 1}, other_labels: 7, sampling: all, channels: 0, cases: {image: i, labels: l, only: x}")
    assert (made["other_labels"], made["sampling"], made["channels"]) == ([7], "all", [0])
    assert made["cases"][0]["only"] == ["x"]
    assert entry("tasks: {a: 1}, other_labels: any")["other_labels"] == "any"


def test_cases_as_a_mapping():
    defaults = {"pair": "name", "unpaired": "fail"}
    (case,) = entry("tasks: {a: 1}, cases: {image: '{case}.png', labels: {file: '{case}_m.png', value: 1}}")["cases"]
    assert case == {"image": "{case}.png", "labels": [{"file": "{case}_m.png", "value": 1}], **defaults}
    named = "{p1: {image: a.png, labels: b.png}, 'p 2': {image: 'x/{case}.png', labels: 'y/{case}.png'}}"
    assert entry(f"tasks: {{a: 1}}, cases: {named}")["cases"] == [
        {"case": "p1", "image": "a.png", "labels": "b.png", **defaults},
        {"image": "x/{case}.png", "labels": "y/{case}.png", **defaults},
    ]
    assert refused_entry("tasks: {a: 1}, cases: {image: a.png}") == "cases.0: 'labels' is missing: it is needed here"
    assert "Did you mean 'labels'?" in refused_entry("tasks: {a: 1}, cases: {p1: {image: a.png, mask: b.png}}")
    assert "must be a mapping or a list" in refused_entry("tasks: {a: 1}, cases: a.png")


def test_nothing_is_as_if_it_were_not_there(monkeypatch):
    made = entry("tasks: {a: 1}, patient: NULL, axis: ~, licence: null, title: ")
    assert "patient" not in made
    assert (made["axis"], made["licence"], made["title"]) == ("axial", "not stated", "mine")
    nothing = "has no value (nothing, ~ and null are the same in YAML): give one, or take the line away"
    assert refused("prompts: ") == f"prompts: {nothing}"
    assert refused("datasets: ") == f"datasets: {nothing}"
    assert refused_entry("tasks: ") == f"tasks: {nothing}"
    assert refused_entry("tasks: {a: }") == f"tasks.a: {nothing}"
    assert refused("datasets: {mine: }").startswith("datasets.mine: has no value")


def test_the_home_directory(monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    config = checked("datasets: {mine: {source: {kind: folder, path: ~/data}, tasks: {a: 1}}}")
    assert config["datasets"]["mine"]["source"]["path"] == "/home/me/data"
    weights = refused("methods: {fill: {adapter: 'a:B', checkpoint: {path: ~/w.pth}}}")
    assert "/home/me/w.pth is not there" in weights


@pytest.mark.parametrize(
    ("tasks", "message"),
    [
        ("{1: femur}", "the name comes first: write `femur: [1]`"),
        ("{'1': femur}", "the name comes first: write `femur: [1]`"),
        ("{2: [femur]}", "the name comes first: write `femur: [2]`"),
        ("{femur: '1'}", "femur needs label values of the masks, whole numbers without quotes: write `femur: [1]`"),
        ("{femur: bone}", "femur needs label values of the masks, whole numbers such as `[1]`"),
        ("femur", "with the numbers that your masks hold"),
        ("[femur, tibia]", "write `tasks: {femur: [1], tibia: [2]}` with the numbers that your masks hold"),
        ("{femur: 0}", "femur names the label 0, which is the background of every mask"),
        ("{femur: [1, 0]}", "femur names the label 0"),
        ("{femur: [1, 2, 1]}", "tasks.femur: names 1 twice: take one away"),
        ("{femur: 1.0}", "1.0 must be a whole number or a list"),
        ("{femur: [1.5]}", "tasks.femur.0: 1.5 is not a whole number"),
        ("{femur: []}", "tasks.femur: the list is empty"),
        ("{}", "tasks: the mapping is empty"),
        ("{1: [1]}", "YAML reads a number where a name is needed (1)"),
        ("{femur: -1}", "-1 is less than the minimum of 1"),
    ],
)
def test_tasks(tasks, message):
    said = refused_entry(f"tasks: {tasks}")
    assert message in said
    assert "\n" not in said  # one mistake, said once


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("prompts: {clicks: '5'}", "prompts.clicks: '5' is text: write 5, without quotes"),
        ("prompts: {clicks: five}", "prompts.clicks: 'five' is a text, and a whole number is needed"),
        ("metrics: {nsd_tolerance_mm: 1e-3}", "YAML reads 1e-3 as text, for it wants a point and a sign: write 1.0e-3"),
        ("metrics: {nsd_tolerance_mm: 2.5e1}", "write 2.5e+1"),
        ("metrics: {bootstrap_resamples: 1e4}", "YAML reads 1e4 as text: write 10000"),
        ("compile: 'yes'", "compile: 'yes' is text here: write true, without quotes"),
        ("compile: 1", "compile: 1 is a number, and true or false is needed"),
        ("methods: sam_vit_b", "write `run: {methods: [sam_vit_b]}`"),
        ("datasets: [a, b]", "write `run: {datasets: [a, b]}`"),
        ("datasets: [{name: mine}]", "is a list, and a mapping is needed: write each name as a key, without a dash"),
        ("datasets: {mine: {SOURCE, tasks: {a: 1}, channels: [0, 1]}}", "channels: 1 or 3 of them are needed"),
        ("clicks: 5", "unknown key 'clicks' in the top level. It belongs under `prompts:` or `volumes:`."),
        ("run: {datasets: 'mine, other', methods: fill}", "Write several names as a list: [mine, other]."),
        ("run: {datasets: mine, methods: [fil]}", "run.methods names 'fil', which is not an entry of methods:."),
        ("datasets: {Röntgen: {}}", "datasets: 'Röntgen' cannot be a name here"),
    ],
)
def test_values(text, message):
    assert message in refused(text.replace("SOURCE", SOURCE))


def test_yes_and_no_without_quotes_and_several_mistakes_at_once():
    assert checked("compile: yes\nstrict: Off")["compile"] is True
    said = refused("compile: 'on'\nprompts: {clicks: 0}\ndevise: cpu\ndatasets: {mine: {tasks: [a]}}")
    assert len(said.splitlines()) == 5
    assert "datasets.mine: 'source' is missing" in said


def test_files_of_users_over_the_shipped_ones(tmp_path, monkeypatch):
    from promptseg.config.load import load
    from promptseg.config.schema import SCRIPTS

    monkeypatch.chdir(SCRIPTS.parents[1])
    first, second = tmp_path / "a.yaml", tmp_path / "b.yaml"
    first.write_text("prompts: {clicks: 3}\nrun: {methods: [grabcut]}\n")
    second.write_text("prompts:\n  seed: 5\n  clicks: 4\n")
    config = load([first, second])
    assert (config["prompts"]["clicks"], config["prompts"]["seed"]) == (4, 5)
    assert config["run"]["methods"] == ["grabcut"]
    second.write_text("prompts:\n  seed: 5\n  clics: 4\n")
    with pytest.raises(ConfigurationError, match=f"{second}:3: unknown key 'clics' in prompts. Did you mean 'clicks'"):
        load([first, second])
    assert Path.cwd() == SCRIPTS.parents[1]


def test_the_order_of_keys_does_not_count_but_that_of_tasks_does():
    first = "tasks: {b: 1, a: 2}, intensity: {kind: window, low: -100, high: 300}, colours: {2: red, 10: '#00ff00'}"
    second = (
        "colours: {'10': '#00ff00', '2': red}, intensity: {high: 300, kind: window, low: -100}, tasks: {b: 1, a: 2}"
    )
    first, second = (text.replace("red", "'#ff0000'") for text in (first, second))
    assert str(entry(first)) == str(entry(second))
    assert list(entry(first)["intensity"].items()) == [("high", 300), ("kind", "window"), ("low", -100)]
    assert list(entry(first)["colours"]) == ["10", "2"]
    assert list(entry(first)["tasks"]) == ["b", "a"]
    run = "run: {methods: [fill], datasets: [mine]}\nprompts: {seed: 3, clicks: 2, modes: [mode3, mode1]}"
    other = "prompts: {modes: [mode3, mode1], clicks: 2, seed: 3}\nrun: {datasets: [mine], methods: [fill]}"
    for key in ("run", "prompts"):
        assert str(checked(run)[key]) == str(checked(other)[key])
    assert checked(run)["prompts"]["modes"] == ["mode3", "mode1"]
