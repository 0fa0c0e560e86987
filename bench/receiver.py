"""A receiver of notices that notes when each came."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Receiver:
    """When the first notice of each subject came, and how many have come of it; in seconds of `time.time()`."""

    def __init__(self) -> None:
        self.url = ""
        self.came: dict[str, float] = {}
        self.counts: dict[str, int] = {}

    def take(self, subject: str) -> None:
        self.came.setdefault(subject, time.time())
        self.counts[subject] = self.counts.get(subject, 0) + 1

    async def all_of(self, subjects: Collection[str], seconds: float) -> dict[str, float]:
        """When each came first. Raises TimeoutError."""
        deadline = time.monotonic() + seconds
        while not self.came.keys() >= set(subjects):
            if time.monotonic() > deadline:
                missing = set(subjects) - self.came.keys()
                raise TimeoutError(f"{len(missing)} of {len(subjects)} notices did not come within {seconds:g} s")
            await asyncio.sleep(0.05)
        return {subject: self.came[subject] for subject in subjects}

    async def count_of(self, subject: str, count: int, seconds: float) -> None:
        """Returns once so many notices of the subject have come. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while self.counts.get(subject, 0) < count:  # noqa: ASYNC110 - another thread counts
                await asyncio.sleep(0.02)


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            receiver.take(body["subject"])
            self.send_response(204)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is given
            """Quiet."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 1024

    server = Server(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}/"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
