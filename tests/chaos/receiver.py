"""A receiver of notices that may be killed: what it answers 204 it has on disk before. `receiver.py PORT FILE SEED`.

Standard library only. A third of all requests fail, of one notice four at most, and are not written down.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
import sys
import threading
import time
from collections import Counter
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from typing import ClassVar

FAILING = 1 / 3
# The tries of one notice. Each comes twice as late as the one before: the next would come after the run.
MOST_FAILURES = 4
CLOSE = 0
FAILURES = (500, 503, CLOSE)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # A killed client must not leave its thread behind for ever.
    timeout = 60
    random: ClassVar[Random]
    file: ClassVar[int]
    failures: ClassVar[Counter[str]] = Counter()

    def do_POST(self) -> None:
        at = time.time()
        body = self.rfile.read(int(self.headers["content-length"]))
        failure = self._failure(json.loads(body)["id"])
        if failure == CLOSE:
            self.close_connection = True
            with suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)
            return
        if failure is None:
            self._keep(body, at)
        self.send_response(failure or 204)
        if failure is not None:
            self.send_header("content-length", "0")
        self.end_headers()

    def _failure(self, id_: str) -> int | None:
        if self.random.random() >= FAILING or self.failures[id_] == MOST_FAILURES:
            return None
        self.failures[id_] += 1
        return self.random.choice(FAILURES)

    def _keep(self, body: bytes, at: float) -> None:
        notice = json.loads(body)
        arrival = {
            "id": notice["id"],
            "at": at,
            "time": notice["time"],
            "type": notice["type"],
            "generation": notice["data"]["generation"],
            "digest": hashlib.sha256(body).hexdigest(),
        }
        os.write(self.file, f"{json.dumps(arrival)}\n".encode())
        os.fsync(self.file)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Quiet."""


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that was killed or stalled is none of our errors."""


def end_with_parent() -> None:
    parent = os.getppid()
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(0)


def main(port: str, path: str, seed: str) -> None:
    Handler.random = Random(seed)
    Handler.file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    threading.Thread(target=end_with_parent, daemon=True).start()
    Server(("127.0.0.1", int(port)), Handler).serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
