"""A web server on this machine that has files, and breaks off, forgets or refuses when told to."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Stored:
    """A file of the archive. `breaks` are the bytes after which the next answers break off."""

    content: bytes
    etag: str = '"1"'
    ranges: bool = True
    breaks: list[int] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    """What the next requests are answered instead."""


@dataclass
class Archive:
    """Files by path, and the requests that came: path, and its Range header."""

    url: str = ""
    files: dict[str, Stored] = field(default_factory=dict)
    requests: list[tuple[str, str]] = field(default_factory=list)

    def add(self, path: str, content: bytes, **more: object) -> Stored:
        self.files[path] = Stored(content, **more)  # type: ignore[arg-type]
        return self.files[path]


@contextmanager
def served() -> Iterator[Archive]:
    """An archive with nothing in it yet, on a free port."""
    archive = Archive()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            archive.requests.append((self.path, self.headers.get("Range", "")))
            stored = archive.files.get(self.path)
            if stored is None or stored.statuses:
                self._refuse(stored.statuses.pop(0) if stored else 404)
                return
            begin = self._begin(stored)
            if begin and begin >= len(stored.content):
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(stored.content)}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            body = stored.content[begin:]
            self.send_response(206 if begin else 200)
            if begin:
                size = len(stored.content)
                self.send_header("Content-Range", f"bytes {begin}-{size - 1}/{size}")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("ETag", stored.etag)
            self.end_headers()
            if stored.breaks:
                self.wfile.write(body[: stored.breaks.pop(0)])
                self.close_connection = True
            else:
                self.wfile.write(body)

        def _begin(self, stored: Stored) -> int:
            asked = self.headers.get("Range", "")
            same = self.headers.get("If-Range", stored.etag) == stored.etag
            if not (asked and stored.ranges and same):
                return 0
            return int(asked.removeprefix("bytes=").removesuffix("-"))

        def _refuse(self, status: int) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: the requests are kept."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    archive.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield archive
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
