"""How much there is, how long it takes and how many bytes it is, with literal values."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from promptseg.config.schema import SCRIPTS, switches
from promptseg.planning import costs
from promptseg.planning.counts import Count, count, preset_prompts, prompts
from promptseg.planning.estimates import MEASURED, SCALED, TABLE, UNKNOWN, Estimate, Estimator
from promptseg.planning.jobs import Job
from promptseg.planning.sizes import Size, downloads, free, stated, written

SWITCHES = switches()
MODES = ["mode1", "mode2", "mode3", "mode4", "mode5", "iterative"]
CONFIG = {
    "results": "results",
    "shared": "results",
    "device": "cpu",
    "run": {"protocols": ["corrected"], "ablation": []},
    "prompts": {"modes": MODES, "clicks": 9, "max_components": 3},
    "everything": {"points_per_side": 32},
    "protocols": {"corrected": {name: about["default"] for name, about in SWITCHES.items()}},
    "methods": {name: {"ambiguity": name == "sam_vit_b", "protocols": {}} for name in ("sam_vit_b", "own", "grabcut")},
    "datasets": {
        "a": {"tasks": {"x": [1]}, "shards": 1, "expected": {},
              "source": {"kind": "http", "url": "http://x/a.zip", "bytes": 5_000_000}},
        "b": {"tasks": {"x": [1], "y": [2]}, "shards": 2, "expected": {}, "study": {"images": 100},
              "size": "1.5 GB, 3 GB unpacked", "source": {"kind": "http", "url": "http://x/b.zip"}},
        "c": {"tasks": {"x": [1]}, "shards": 1, "expected": {}, "source": {"kind": "http", "url": "http://x/c.zip"}},
    },
}  # fmt: skip


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Dataset `a`: ten images, of which three have an object of one part and one has one of five parts."""
    monkeypatch.chdir(tmp_path)
    place = tmp_path / "results" / "datasets" / "a"
    place.mkdir(parents=True)
    pq.write_table(pa.table({"image_id": [str(i) for i in range(10)]}), place / "images.parquet")
    pq.write_table(pa.table({"n_components": pa.array([1, 1, 1, 5], pa.int32())}), place / "objects.parquet")
    return tmp_path / "results"


def predict(method, dataset="a", rule="predict", threads=1):
    log = f"results/logs/predict/{method}/{dataset}.log"
    return Job(1, rule, "predict", {"method": method, "dataset": dataset}, (), log=log, threads=threads)


def test_counts_are_facts_or_those_of_the_registry(folder):
    datasets = CONFIG["datasets"]
    assert count(folder / "datasets" / "a", datasets["a"], 3) == Count(10, {1: 3, 3: 1})
    assert count(folder / "datasets" / "b", datasets["b"], 3) == Count(100, {1: 200}, counted=False)
    assert count(folder / "datasets" / "c", datasets["c"], 3) is None


@pytest.mark.parametrize(
    ("method", "takes", "modes", "expected"),
    [
        ("own", "both", MODES, 4 * 9 + 6 + 3 + 4),  # clicks, points, boxes of 3 objects, boxes of the fourth
        ("own", "boxes", MODES, 3 + 4),
        ("own", "points", ["mode1"], 4),
        ("own", "both", ["mode3", "mode5"], 3 + 2),
        ("sam_vit_b", "points", ["iterative"], 4 * 25),  # the first click is the same for three selections
        ("sam_vit_b", "both", ["everything"], 10 * 32 * 32),
    ],
)
def test_prompts_that_are_equal_count_once(method, takes, modes, expected):
    config = {**CONFIG, "prompts": {**CONFIG["prompts"], "modes": modes}}
    assert prompts(config, method, Count(10, {1: 3, 3: 1}), takes) == expected


def test_presets_are_asked_about_every_step_of_every_object(folder):
    asks = {"asks": ["images"], "stop": {}, "variants": {"other_box": {"start": {"prompt": "box", "shift": 5}}}}
    clicks = {"metrics": {"iou": {}}, "start": {"prompt": "none"}, "clicks": {"rule": "deepest"}, "prompts": 20}
    box = {"metrics": {"iou": {}}, "start": {"prompt": "box"}, "clicks": {"rule": "none"}, "prompts": 0}
    protocols = {
        **CONFIG["protocols"],
        "ritm": {**clicks, **asks, "variants": {}},
        "box": {**box, **asks},
        "volumes": {**box, **asks, "asks": ["volumes"]},
        "taking": {"takes": ["corrected"], "metrics": {"iou": {}}, **asks},
    }
    run = {"protocols": ["corrected", "ritm", "box", "volumes", "taking"], "ablation": []}
    config = {**CONFIG, "run": run, "protocols": protocols, "strict": False}
    assert preset_prompts(config, Count(10, {1: 3, 3: 1})) == 4 * (20 + 1 + 1)
    place = folder / "predictions" / "own"
    place.mkdir(parents=True)
    cost = {"images": 10, "objects": 4, "prompts": 49, "encode_seconds": 20, "wall_seconds": 118}
    (place / "a.throughput.json").write_text(json.dumps(cost))
    start = costs.rule_cost("predict")[0]
    found = Estimator(config).estimate(predict("own", "a", "predict_protocols"))
    assert found == Estimate(start + 10 * 2 + 4 * 22 * 2, SCALED)


def test_a_job_that_ran_before_takes_what_it_took(folder):
    place = folder / "benchmarks" / "predict" / "own"
    place.mkdir(parents=True)
    (place / "a.tsv").write_text("s\tmax_rss\tcpu_time\n12.50\t1.00\t1.00\n")
    assert Estimator(CONFIG).estimate(predict("own")) == Estimate(12.5, MEASURED)


@pytest.mark.parametrize("content", ["", "s\tmax_rss\n", "s\tmax_rss\n12.5", "s\tmax_rss\n12.5\t\0"])
def test_a_measurement_that_is_cut_off_is_none(folder, content):
    place = folder / "benchmarks" / "predict" / "own"
    place.mkdir(parents=True)
    (place / "a.tsv").write_text(content)
    found = Estimator(CONFIG).estimate(predict("own"))
    assert (found.source != MEASURED) == ("\0" not in content)


def test_a_method_that_ran_on_other_data_takes_as_long_per_image_and_prompt(folder):
    place = folder / "predictions" / "own"
    place.mkdir(parents=True)
    cost = {"images": 10, "objects": 4, "prompts": 49, "encode_seconds": 20, "wall_seconds": 118}
    (place / "a.throughput.json").write_text(json.dumps(cost))
    # 2 s per image, 2 s per prompt, and all 49 expected prompts were asked.
    rate = Estimator(CONFIG).rates["own"]
    assert (rate.encode, rate.prompt, rate.asked) == (2, 2, 1)
    asked = 200 * (9 + 1 + 1)
    start = costs.rule_cost("predict")[0]
    assert Estimator(CONFIG).estimate(predict("own", "b")) == Estimate(start + 100 * 2 + asked * 2, SCALED)


def test_the_table_is_for_methods_that_never_ran(folder):
    row = costs.method_cost("sam_vit_b")
    asked = 4 * 25 + 6 + 3 + 4
    start, around = costs.rule_cost("predict")[0] + row.load, asked * costs.around_prompt()
    network = 10 * row.encode + asked * row.prompt
    alone = Estimator(CONFIG, cores=8).estimate(predict("sam_vit_b"))
    assert (alone.source, alone.seconds) == (TABLE, pytest.approx(start + network + around))
    threads = Estimator(CONFIG, cores=4).estimate(predict("sam_vit_b", threads=8))
    assert threads.seconds == pytest.approx(start + network / 4 + around)
    assert Estimator(CONFIG).estimate(predict("own")) == Estimate(0, UNKNOWN)
    assert Estimator(CONFIG).estimate(predict("sam_vit_b", "c")) == Estimate(0, UNKNOWN)


def test_a_shard_takes_its_share(folder):
    whole, shard = (Estimator(CONFIG).estimate(predict("grabcut", "b", rule)) for rule in ("predict", "predict_shard"))
    start = costs.rule_cost("predict")[0] + costs.method_cost("grabcut").load
    assert shard.seconds - start == pytest.approx((whole.seconds - start) / 2)


def test_bytes_are_those_of_the_registry_or_not_known():
    archive = [
        Job(n, "download_archive", "download", {"archive": name}, (f"results/raw/archives/{name}",))
        for n, name in enumerate(("a.zip", "b.zip", "c.zip"))
    ]
    assert downloads(archive, CONFIG) == Size(1_505_000_000, ["c.zip"])
    images = Job(9, "preprocess", "preprocess", {"dataset": "a"}, ())
    ratio = costs.bytes_of()
    counts = {"a": Count(10, {1: 3}), "c": None}
    assert written([archive[0], images], CONFIG, counts.get) == Size(
        5_000_000 * (1 + ratio["unpacked"]) + 10 * ratio["image"], []
    )
    other = Job(9, "preprocess", "preprocess", {"dataset": "c"}, ())
    assert written([other], CONFIG, counts.get) == Size(0, ["c"])


def test_sizes_in_words():
    assert stated("5.8 GB (not verified)") == 5.8e9
    assert stated("about 370 GB as a whole; only some") == 370e9
    assert stated("unknown") is None


def test_free_space_of_a_folder_to_come(tmp_path):
    assert free(tmp_path / "not" / "yet") > 0


def test_the_table_names_registered_methods_and_real_rules():
    table = yaml.safe_load(costs.TABLE.read_text())
    registered = yaml.safe_load((SCRIPTS.parents[1] / "config" / "methods.yaml").read_text())["methods"]
    rules = "".join(path.read_text() for path in (SCRIPTS.parent / "rules").glob("*.smk"))
    assert set(table["methods"]) <= set(registered)
    assert [name for name in table["rules"] if name != "other" and f"rule {name}:" not in rules] == []
    assert all(costs.method_cost(name) for name in table["methods"])
