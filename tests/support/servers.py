"""A small HTTP server for tests of downloads, with the faults that real servers show."""

import base64
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


@dataclass
class Request:
    path: str  # with the query
    headers: dict[str, str]  # names in lower case


@dataclass
class Server:
    """What the server does; tests change it between and before requests.

    Attributes:
        files: content by path, or by path with query where that makes a difference.
        ranges: whether it answers `Range` with a part.
        heeds_if_range: whether it looks at `If-Range`.
        etag: of all files; None for none.
        last_modified: of all files; None for none.
        cuts: for the next requests in turn, after how many bytes of the body the connection is closed.
        statuses: for the next requests in turn, the status that is answered in place of the file.
        types: media type by path, where it matters.
        without_length: whether the length is left out and the body ends with the connection.
        encoding: `Content-Encoding` that is claimed.
        disposition: `Content-Disposition` of all files; None for none.
        account: user name and password without which it answers 401.
        redirects: addresses by path.
        requests: what was asked so far.
    """

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    ranges: bool = True
    heeds_if_range: bool = True
    etag: str | None = '"one"'
    last_modified: str | None = None
    cuts: list[int] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    without_length: bool = False
    encoding: str | None = None
    disposition: str | None = None
    account: tuple[str, str] | None = None
    redirects: dict[str, str] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)

    @property
    def host(self) -> str:
        return self.url.removeprefix("http://")


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

        def do_GET(self) -> None:
            server.requests.append(Request(self.path, {name.lower(): value for name, value in self.headers.items()}))
            path = self.path if self.path in server.files else self.path.partition("?")[0]
            if server.account:
                wanted = "Basic " + base64.b64encode(":".join(server.account).encode()).decode()
                if self.headers.get("Authorization") != wanted:
                    return self.empty(401)
            if server.statuses:
                return self.empty(server.statuses.pop(0))
            if path in server.redirects:
                return self.empty(302, Location=server.redirects[path])
            if path not in server.files:
                return self.empty(404)
            return self.send_file(server.files[path], server.types.get(path, "application/octet-stream"))

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", "0")))
            self.do_GET()

        def empty(self, status: int, **headers: str) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def send_file(self, content: bytes, media_type: str) -> None:
            start = self.start(len(content))
            if start >= len(content) > 0:
                return self.empty(416, Content_Range=f"bytes */{len(content)}")
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
            if not server.without_length:
                self.send_header("Content-Length", str(len(content) - start))
            if server.etag:
                self.send_header("ETag", server.etag)
            if server.last_modified:
                self.send_header("Last-Modified", server.last_modified)
            if server.disposition:
                self.send_header("Content-Disposition", server.disposition)
            if server.encoding:
                self.send_header("Content-Encoding", server.encoding)
            self.send_header("Content-Type", media_type)
            self.end_headers()
            body = content[start:]
            self.wfile.write(body[: server.cuts.pop(0)] if server.cuts else body)
            self.close_connection = True
            return None

        def start(self, length: int) -> int:
            """First byte to send: zero for the whole file."""
            match = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
            condition = self.headers.get("If-Range")
            if not match or not server.ranges:
                return 0
            if server.heeds_if_range and condition and condition not in (server.etag, server.last_modified):
                return 0
            return int(match[1])

    return Handler


@contextmanager
def serve() -> Iterator[Server]:
    """Run a server in a thread; it answers at `server.url` until the block ends."""
    server = Server()
    with listening(_handler(server)) as server.url:
        yield server


@contextmanager
def listening(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """The address at which a thread answers as `handler` does, until the block ends."""
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    httpd.daemon_threads = True
    thread = Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{httpd.server_address[1]}"
    finally:
        httpd.shutdown()
        httpd.server_close()
        thread.join()
