"""A receiver of notices that may be killed: what it answers 204 it has on disk before. `receiver.py PORT FILE SEED`.

Standard library only. A third of all requests fail, and are not written down, until there is a file FILE.calm.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
import sys
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random

FAILING = 1 / 3
CLOSE = 0
FAILURES = (500, 503, CLOSE)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # A killed client must not leave its thread behind for ever.
    timeout = 60
    random: Random
    file: int
    calm: str

    def do_POST(self) -> None:
        at = time.time()
        body = self.rfile.read(int(self.headers["content-length"]))
        fails = self.random.random() < FAILING and not os.path.exists(self.calm)  # noqa: PTH110 - starts quicker
        failure = self.random.choice(FAILURES) if fails else None
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
    Handler.random, Handler.calm = Random(seed), f"{path}.calm"
    Handler.file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    threading.Thread(target=end_with_parent, daemon=True).start()
    Server(("127.0.0.1", int(port)), Handler).serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
