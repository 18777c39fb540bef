"""What jobs ask a cluster for; `sinfo` is a script of the test."""

from types import SimpleNamespace

import pytest
from snakemake.resources import Resource, Resources

from promptseg.planning.cluster import site
from promptseg.planning.cluster.site import ask, goes_to_cluster, gpu_request, resources

NOTHING = {
    "slurm_account": None,
    "slurm_partition": None,
    "qos": None,
    "constraint": None,
    "gres": None,
    "gpu_model": None,
}


def config(device="auto", **cluster):
    return {"device": device, "cluster": {"gpus": "gpus", "gpu_jobs": {}, **cluster}}


@pytest.fixture
def sinfo(tmp_path, monkeypatch):
    def answers(**by_partition):
        script = tmp_path / "sinfo"
        cases = "".join(f"  *--partition={name}*) printf '%s' '{text}';;\n" for name, text in by_partition.items())
        script.write_text(f'#!/bin/sh\ncase "$*" in\n{cases}  *) printf "{by_partition.get("all", "")}";;\nesac\n')
        script.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))

    return answers


@pytest.mark.parametrize(
    ("nodes", "cores", "main", "expected"),
    [
        (100, None, True, True),
        (100, 1, True, True),
        (None, 4, True, False),
        (8, 4, True, False),
        (1, None, False, False),
    ],
)
def test_runs_on_a_cluster_are_known_by_their_limits(nodes, cores, main, expected):
    settings = SimpleNamespace(nodes=nodes, cores=cores)
    assert goes_to_cluster(SimpleNamespace(is_main_process=main, resource_settings=settings)) is expected


def test_jobs_with_and_without_a_gpu():
    site = config(account="lab", partition="cpu", qos="long", gpu_jobs={"partition": "gpu", "constraint": "a100"})
    assert resources(site, "gpus", 0) == {
        **NOTHING,
        "slurm_account": "lab",
        "slurm_partition": "cpu",
        "qos": "long",
        "gpu": 0,
    }
    on_gpu = {"slurm_account": "lab", "slurm_partition": "gpu", "qos": "long", "constraint": "a100", "gpu": 1}
    assert resources(site, "gpus", 1) == NOTHING | on_gpu
    assert resources(site, "none", 1) == resources(site, "gpus", 0)


def test_a_gpu_is_asked_for_once_in_the_way_of_the_site():
    assert resources(config(), "gpus", 1) == {**NOTHING, "gpu": 1}
    assert resources(config(), "gres", 1) == {**NOTHING, "gpu": 0, "gres": "gpu:1"}
    assert resources(config(gpu_model="a100"), "gpus", 1) == {**NOTHING, "gpu": 1, "gpu_model": "a100"}
    assert resources(config(gpu_model="a100"), "gres", 1) == {**NOTHING, "gpu": 0, "gres": "gpu:a100:1"}
    assert resources(config(gpu_model="a100"), "gres", 0) == resources(config(), "gpus", 0)


def test_whether_a_cluster_has_gpus_is_asked(sinfo):
    sinfo(all="(null)\ngpu:a100:4(S:0-1)\n", cpu="(null)\n", mixed="lscratch:100,gpu:2\n")
    assert gpu_request(config(gpus="auto")) == "gpus"
    assert gpu_request(config(gpus="auto", partition="cpu")) == "none"
    assert gpu_request(config(gpus="auto", partition="cpu", gpu_jobs={"partition": "mixed"})) == "gpus"
    assert gpu_request(config(gpus="auto", partition="cpu", device="cuda")) == "gpus"
    assert gpu_request(config(gpus="gres", partition="cpu")) == "gres"


def test_without_sinfo_there_are_none(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert gpu_request(config(gpus="auto")) == "none"


def test_a_job_without_a_gpu_asks_its_step_for_none(monkeypatch):
    def gpu():
        rules = [SimpleNamespace(name="predict", resources={"gpu": Resource("gpu", 1)})]
        settings = SimpleNamespace(nodes=1, cores=None)
        ask(SimpleNamespace(is_main_process=False, rules=rules, resource_settings=settings), config())
        return rules[0].resources["gpu"]

    for name in ("SLURM_JOB_ID", "SLURM_JOB_GPUS", "SLURM_STEP_GPUS"):
        monkeypatch.delenv(name, raising=False)
    assert gpu() == 1  # a job of one machine
    monkeypatch.setenv("SLURM_JOB_ID", "13")
    assert gpu() == 0
    monkeypatch.setenv("SLURM_JOB_GPUS", "0")
    assert gpu() == 1


def test_rules_are_given_them_but_for_what_the_command_line_says():
    rules = [
        SimpleNamespace(name="score", resources={"mem": Resource("mem", 1)}),
        SimpleNamespace(
            name="predict", resources={"gpu": Resource("gpu", lambda wildcards: int(wildcards.method == "sam"))}
        ),
        SimpleNamespace(name="train", resources={"gpu": Resource("gpu", 1), "slurm_partition": "mine"}),
    ]
    fixed = {"train": Resources.from_mapping({"slurm_partition": "mine"})}
    settings = SimpleNamespace(nodes=100, cores=None, _parsed_overwrite_resources=fixed)
    workflow = SimpleNamespace(is_main_process=True, rules=rules, resource_settings=settings)
    ask(workflow, config(partition="cpu", gpu_jobs={"partition": "gpu"}))
    score, predict, train = (rule.resources for rule in rules)
    assert set(score) == {"mem", "slurm_partition"}
    assert score["slurm_partition"] == "cpu"
    for method, partition, gpus in (("sam", "gpu", 1), ("grabcut", "cpu", 0)):
        wildcards = SimpleNamespace(method=method)
        assert predict["slurm_partition"](wildcards) == partition
        assert predict["gpu"](wildcards) == gpus
    assert train["slurm_partition"] == "mine"
    assert train["gpu"](None) == 1


@pytest.mark.parametrize(
    ("device", "cards", "here", "on_cluster"),
    [("auto", "", 0, 1), ("auto", "0,1", 1, 1), ("cuda", "", 1, 1), ("cpu", "0,1", 0, 0)],
)
def test_a_gpu_is_asked_for_where_this_machine_or_the_cluster_may_have_one(
    device, cards, here, on_cluster, monkeypatch
):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", cards)
    for nodes, expected in ((None, here), (100, on_cluster)):
        settings = SimpleNamespace(nodes=nodes, cores=None if nodes else 4)
        workflow = SimpleNamespace(is_main_process=True, resource_settings=settings)
        assert site.gpus(workflow, config(device), {"gpu": True}) == expected
        assert site.gpus(workflow, config(device), {"gpu": False}) == 0
