"""Clients with as little of their own as can be: they share the processors with what is measured. Each blocks, so that
several are threads."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from typing import Any, TypeVar

Answer = TypeVar("Answer")


class Connection:
    def __init__(self, address: str, headers: dict[str, str]) -> None:
        self._connection = http.client.HTTPConnection(address, timeout=60)
        self._headers = {**headers, "Content-Type": "application/json"}

    def ask(self, method: str, path: str, body: Any) -> tuple[int, bytes]:
        """Status and body of the answer."""
        self._connection.request(method, path, None if body is None else json.dumps(body), self._headers)
        answer = self._connection.getresponse()
        return answer.status, answer.read()

    def close(self) -> None:
        self._connection.close()


def asked(
    address: str, requests: Iterable[tuple[str, str, Any]], headers: dict[str, str]
) -> tuple[list[float], list[int]]:
    """Milliseconds and status of each request (method, path, body), over one connection.

    Raises RuntimeError where one is refused.
    """
    took: list[float] = []
    statuses: list[int] = []
    with closing(Connection(address, headers)) as connection:
        for method, path, body in requests:
            began = time.perf_counter()
            status, told = connection.ask(method, path, body)
            took.append((time.perf_counter() - began) * 1000)
            statuses.append(status)
            if status >= http.client.BAD_REQUEST:
                raise RuntimeError(f"{method} {path}: {status} {told[:300]!r}")
    return took, statuses


def side_by_side(
    work: Callable[[Connection], Answer], width: int, address: str, headers: dict[str, str]
) -> Sequence[Answer]:
    """What each of so many clients answers, each with a connection of its own."""
    with ExitStack() as stack:
        connections = [stack.enter_context(closing(Connection(address, headers))) for _ in range(width)]
        pool = stack.enter_context(ThreadPoolExecutor(width))
        return list(pool.map(work, connections))
