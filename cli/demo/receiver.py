"""A webhook receiver in this process, as a customer would run one."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from domain.instants import Instant, Micros, parse


@dataclass(frozen=True, slots=True)
class Receipt:
    """A notice as it arrived."""

    notice: dict[str, Any]
    at: Instant

    @property
    def lateness(self) -> Micros:
        """How long after the planned instant the notice arrived."""
        return Micros(self.at - parse(self.notice["time"]))


@contextmanager
def receiver(take: Callable[[Receipt], None]) -> Iterator[str]:
    """The URL of a receiver; `take` is called in its threads."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(take))
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(take: Callable[[Receipt], None]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            at = Instant(time.time_ns() // 1000)
            notice = json.loads(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(204)
            self.end_headers()
            take(Receipt(notice, at))

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the signature of http.server
            pass

    return Handler
