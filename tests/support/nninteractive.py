"""A server with the wire of nnInteractive 2.6.0, and a network that answers with what it was shown.

The client is the real one. `nninteractive_model.py` makes weights with which the real server answers the same:

    nninteractive-server --model-dir MODEL --fold 0 --device cpu --port 1527
    NNINTERACTIVE_URL=http://127.0.0.1:1527 python -m pytest tests/methods/test_nninteractive.py
"""

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

import numpy as np
from nnInteractive.inference.remote.serialization import pack_array, unpack_array

from support.servers import listening

_RADIUS = 4  # of a point, in voxels


@dataclass
class Place:
    """What the server keeps for a client."""

    image: np.ndarray | None = None
    mask: np.ndarray | None = None
    on: np.ndarray | None = None
    off: np.ndarray | None = None

    def forget(self) -> None:
        self.mask, self.on, self.off = (np.zeros(self.image.shape[1:], bool) for _ in range(3))

    def predict(self) -> np.ndarray:
        self.mask = (self.mask | self.on) & ~self.off
        return self.mask


@dataclass
class Server:
    """What the server does; tests change it between requests.

    Attributes:
        version, licence: what it says of itself.
        key: without which it answers 401.
        full: so many next clients find no place.
        statuses: for the next requests in turn by path, the status that is answered, with a detail.
        deaf: interactions change nothing, as an empty drawing does with the real one.
        places: by lease; to clear it is what a restart or ten idle minutes do.
        paths: that were asked, in order.
    """

    url: str = ""
    version: str = "2.6.0"
    licence: str = "CC BY-NC-SA 4.0"
    key: str | None = None
    full: int = 0
    statuses: dict[str, list[int]] = field(default_factory=dict)
    deaf: bool = False
    places: dict[str, Place] = field(default_factory=dict)
    paths: list[str] = field(default_factory=list)

    def about(self) -> dict:
        pairs = {"bbox2d": [1, 2], "bbox3d": [1, 2], "lasso": [1, 2], "points": [3, 4], "scribble": [5, 6]}
        return {
            "supported_interactions": {**dict.fromkeys(pairs, True), "bbox3d": False},
            "channel_mapping": {"prev_seg": 0, **pairs},
            "num_interaction_channels": 7,
            "supports_initial_label": True,
            "supports_zero_shot_label_refinement": True,
            "preferred_scribble_thickness": [2, 2, 2],
            "interaction_decay": 0.9,
            "inference_session_version": self.version,
            "license": self.licence,
        }


def _ball(shape: tuple[int, ...], centre: list[int]) -> np.ndarray:
    grid = np.ogrid[tuple(slice(side) for side in shape)]
    return sum((axis - at) ** 2 for axis, at in zip(grid, centre, strict=True)) <= _RADIUS**2


def _inside(ends: list[list[int]]) -> tuple[slice, ...]:
    return tuple(slice(*end) for end in ends)


def _shown(place: Place, path: str, said: dict, body: bytes) -> None:
    """Note what was shown, as the real server does in its channels."""
    if path == "/add_initial_seg_interaction":
        place.forget()
        place.mask = unpack_array(body) > 0
        return
    seen = place.on if said["include_interaction"] else place.off
    if path == "/add_point_interaction":
        seen |= _ball(seen.shape, said["coordinates"])
    elif path == "/add_bbox_interaction":
        if all(end - start != 1 for start, end in said["bbox_coords"]):
            raise ValueError("This is not supported by the loaded model checkpoint.")
        seen[_inside(said["bbox_coords"])] = True
    else:
        seen[_inside(said["interaction_bbox"])] |= unpack_array(body) > 0


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:
            pass

        def do_GET(self) -> None:
            self.do_POST()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            server.paths.append(self.path)
            if server.statuses.get(self.path):
                return self.send(server.statuses[self.path].pop(0), {"detail": "as the test wants it"})
            if server.key and self.headers.get("Authorization") != f"Bearer {server.key}":
                return self.send(401, {"detail": "Invalid bearer token"})
            if self.path == "/claim":
                return self.claim()
            place = server.places.get(self.headers.get("X-Lease-Token", ""))
            if self.path == "/capabilities":
                return self.send(200, server.about())
            if self.path == "/release":
                server.places.pop(self.headers["X-Lease-Token"], None)
                return self.send(200, {"released": True})
            if place is None:
                return self.send(410, {"detail": "lease expired or unknown"})
            return self.act(place, body)

        def claim(self) -> None:
            if server.full > 0:
                server.full -= 1
                return self.send(503, {"detail": "server is at capacity (3 sessions)"})
            lease = uuid.uuid4().hex
            server.places[lease] = Place()
            # No heartbeats: tests are short.
            return self.send(200, {"lease_token": lease, "idle_timeout_seconds": 600, "liveness_timeout_seconds": 0})

        def act(self, place: Place, body: bytes) -> None:
            if self.path == "/set_image":
                place.image = unpack_array(body)
                return self.send(200, {"original_image_shape": list(place.image.shape)})
            if self.path in ("/set_target_buffer", "/reset_interactions"):
                place.forget()
                return self.send(200, {})
            said = json.loads(self.headers.get("X-Meta") or body)
            try:
                _shown(place, self.path, said, body)
            except ValueError as error:
                return self.send(400, {"detail": str(error)})
            mask = place.predict().astype(np.uint8)
            ends = None if server.deaf else [[0, side] for side in mask.shape]
            told = {"ran_prediction": True, "bbox": ends, "dtype": "uint8", "shape": list(mask.shape)}
            return self.send(200, b"" if server.deaf else pack_array(mask), told)

        def send(self, status: int, content: dict | bytes, told: dict | None = None) -> None:
            body = content if isinstance(content, bytes) else json.dumps(content).encode()
            self.send_response(status)
            if told is not None:
                self.send_header("X-Meta", json.dumps(told))
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler


@contextmanager
def serve() -> Iterator[Server]:
    """Run a server in a thread; it answers at `server.url` until the block ends."""
    server = Server()
    with listening(_handler(server)) as server.url:
        yield server
