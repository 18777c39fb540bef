"""The cache of embeddings, in runs of the engine."""

import numpy as np

from promptseg.methods import Settings
from promptseg.methods.controls import ClickDisk
from promptseg.predict.embeddings import EmbeddingCache
from promptseg.predict.engine import Runner
from promptseg.predict.plan import Plan
from support.objects import eleven_images


class Costly(ClickDisk):
    cacheable = True

    def __init__(self):
        super().__init__(Settings(options={"radius": 0.2}))
        self.encoded = 0

    def encode(self, pixels):
        self.encoded += 1
        return pixels

    def pack(self, encoded):
        return encoded.tobytes()

    def unpack(self, content, pixels):
        return np.frombuffer(content, np.uint8).reshape(pixels.shape)


def cached_run(path, **depends_on):
    method = Costly()
    cache = EmbeddingCache(path, depends_on)
    plan = Plan(clicks=3, tie_break="first")
    rows = [item.rows for item in Runner(method, plan, cache).run(eleven_images())]
    cache.close()
    return method.encoded, rows


def test_embeddings_are_found_again_only_for_what_they_were_made_of(tmp_path):
    path = tmp_path / "cache.sqlite"
    encoded, rows = cached_run(path, weights="a", precision="fp32")
    assert encoded == 11
    assert cached_run(path, weights="a", precision="fp32") == (0, rows)
    assert cached_run(path, weights="b", precision="fp32") == (11, rows)
    assert cached_run(path, weights="a", precision="bf16") == (11, rows)
    assert cached_run(path, precision="fp32", weights="a") == (0, rows)


def test_a_damaged_cache_costs_time_and_nothing_else(tmp_path, caplog):
    path = tmp_path / "cache.sqlite"
    _, rows = cached_run(path, weights="a")
    path.write_bytes(b"this is no database" * 1000)
    assert cached_run(path, weights="a") == (11, rows)
    assert "is replaced" in caplog.text
    content = path.read_bytes()
    spoiled = next(eleven_images())[0].pixels.tobytes()
    assert spoiled in content
    path.write_bytes(content.replace(spoiled, bytes(len(spoiled))))
    assert cached_run(path, weights="a") == (1, rows)  # its digest tells


def test_images_that_are_encoded_together_are_kept_one_by_one(tmp_path, monkeypatch):
    _, rows = cached_run(tmp_path / "one.sqlite")
    path = tmp_path / "several.sqlite"
    monkeypatch.setattr(Costly, "encodes_at_once", 3)
    assert cached_run(path) == (11, rows)
    monkeypatch.setattr(Costly, "encodes_at_once", 2)
    assert cached_run(path) == (0, rows)
