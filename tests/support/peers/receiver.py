"""A real HTTP receiver of notices, on a port of its own."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Received:
    notice: dict[str, Any]
    content_type: str
    at: float
    headers: dict[str, str]
    body: bytes
    path: str = ""


@dataclass
class Receiver:
    """`answers` are given first, one a request; then 204. Seconds of `time.time()` say when each notice came."""

    url: str = ""
    received: list[Received] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)

    @property
    def ids(self) -> list[str]:
        return [one.notice["id"] for one in self.received]

    def wait_for(self, type_: str, subject: str, seconds: float = 60, target: str | None = None) -> Received:
        """The first such notice; fails when none comes in time."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for one in list(self.received):
                notice = one.notice
                if (notice["type"], notice["subject"]) == (type_, subject) and target in (
                    None,
                    notice["data"]["target"],
                ):
                    return one
            time.sleep(0.02)
        raise AssertionError(f"no {type_} for {subject} within {seconds} s; came: {self.ids}")


def _read(body: bytes) -> dict[str, Any]:
    """A notice; what is no JSON document stands in the body alone."""
    try:
        document = json.loads(body)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


@contextmanager
def receiving(port: int = 0) -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            at = time.time()
            body = self.rfile.read(int(self.headers["content-length"]))
            status, answered = receiver.answers.pop(0) if receiver.answers else (204, {})
            if status < 300:
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.received.append(Received(_read(body), headers["content-type"], at, headers, body, self.path))
            self.send_response(status)
            for name, value in answered.items():
                self.send_header(name, value)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    thread = threading.Thread(target=server.serve_forever, args=[0.01], daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
