"""A server that says something to whoever connects, and then nothing more. It hangs up when the test ends, or at
once."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def trickling(said: bytes, *, hangs_up: bool = False) -> Iterator[str]:
    """Gives the URL of the server."""
    server = socket.create_server(("127.0.0.1", 0))
    taken: list[socket.socket] = []

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = server.accept()
                taken.append(connection)
                with suppress(OSError):
                    connection.recv(65536)
                    connection.sendall(said)
                    if hangs_up:
                        connection.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/hook"
    finally:
        _end(server)
        # A thread that still waited would wait on a number, which is the next server's once this one is closed.
        while thread.is_alive():
            for connection in taken:
                _end(connection)
            thread.join(0.01)
        for one in (server, *taken):
            one.close()


def _end(one: socket.socket) -> None:
    """Whoever waits on it goes on at once."""
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
