"""A watch over what a library does with sockets in its own thread, where it brings no way to choose the address.

Python tells of each connection before it is made, with the very address that it goes to (`sys.addaudithook`). So no
redirect, no name that changes and no notation of an address passes by.
"""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from channels.outgoing.guard import require_public
from domain.errors import AddressForbidden

_CONNECTS = frozenset({"socket.connect", "socket.sendto"})
_LOCAL = frozenset({"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "syslog.syslog"})


class SocketRefused(OSError):
    """An error that libraries know how to take: the connection was not made."""


@dataclass(slots=True)
class Watch:
    """What was refused in the watched thread, and its connections, so that another thread can end them."""

    allow_private: bool
    refused: str | None = None
    _connections: list[socket.socket] = field(default_factory=list)
    _ended: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def end(self) -> None:
        """Break off every connection of the thread, and those that it is about to make."""
        with self._lock:
            self._ended = True
            for connection in self._connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def connecting(self, connection: socket.socket, address: Any) -> None:
        """Raises SocketRefused."""
        if not self.allow_private:
            self._require_public(address)
        with self._lock:
            if self._ended:
                raise SocketRefused("it took too long")
            with contextlib.suppress(OSError):
                # A duplicate, because the library closes its own and TLS takes it over.
                self._connections.append(socket.socket(fileno=socket.dup(connection.fileno())))

    def acting(self, event: str) -> None:
        """Raises SocketRefused: a service that acts on this machine tells nobody elsewhere."""
        if not self.allow_private:
            self.refused = f"must not act on this machine ({event})"
            raise SocketRefused(self.refused)

    def close(self) -> None:
        with self._lock:
            for connection in self._connections:
                connection.close()
            self._connections.clear()

    def _require_public(self, address: Any) -> None:
        host = address[0] if isinstance(address, tuple) else "a local socket"
        try:
            require_public(str(host), [str(host)])
        except AddressForbidden as error:
            self.refused = error.reason
            raise SocketRefused(error.reason) from error


_watched = threading.local()
_installed = threading.Event()


@contextmanager
def watched(watch: Watch) -> Iterator[None]:
    """Until the end of the block, this thread connects to public addresses only."""
    _install()
    _watched.watch = watch
    try:
        yield
    finally:
        _watched.watch = None
        watch.close()


def _install() -> None:
    """Once, and only where a channel needs it: a hook stays until the process ends."""
    if not _installed.is_set():
        _installed.set()
        sys.addaudithook(_hook)


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if event not in _CONNECTS and event not in _LOCAL:
        return
    watch: Watch | None = getattr(_watched, "watch", None)
    if watch is None:
        return
    if event in _LOCAL:
        watch.acting(event)
    else:
        watch.connecting(arguments[0], arguments[1])
