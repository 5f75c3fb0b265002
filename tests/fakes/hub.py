"""A hub on loopback that serves files as Hugging Face does, and fails as it is told."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Trick = Callable[["Request"], None]


class Hub:
    """`files` by path; each of `tricks` answers one request in place of the file."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.tricks: list[Trick] = []
        self.seen: list[tuple[str, dict[str, str]]] = []
        self.hashed = True
        hub = self

        class Handler(Request):
            box = hub

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Request(BaseHTTPRequestHandler):
    box: Hub

    def do_GET(self) -> None:
        self.box.seen.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
        if self.box.tricks:
            self.box.tricks.pop(0)(self)
        else:
            self.serve()

    def serve(self, cut: int | None = None, *, ranges: bool = True) -> None:
        """The file, or of its answer the first `cut` bytes before the line breaks."""
        repo, _, rest = self.path.lstrip("/").partition("/resolve/")
        body = self.box.files.get(f"{repo}/{rest.partition('/')[2]}")
        if body is None:
            self.say(404)
            return
        sha256 = hashlib.sha256(body).hexdigest()
        headers = {"ETag": f'"{sha256[:8]}"', "X-Repo-Commit": "c0ffee"}
        if self.box.hashed:
            headers["X-Linked-Etag"] = f'"{sha256}"'
        start, asked = 0, self.headers.get("Range")
        if asked and ranges and self.headers.get("If-Range") in (None, headers["ETag"]):
            start = int(asked.removeprefix("bytes=").rstrip("-"))
            headers["Content-Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
        self.say(206 if start else 200, headers, body[start:], cut)

    def say(
        self,
        status: int,
        headers: dict[str, str] | None = None,
        body: bytes = b"",
        cut: int | None = None,
    ) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:cut])
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass
