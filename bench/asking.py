"""One client that asks one thing after another, with as little of its own as can be."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterable
from typing import Any


def asked(
    address: str, requests: Iterable[tuple[str, str, Any]], headers: dict[str, str]
) -> tuple[list[float], list[int]]:
    """Milliseconds and status of each request (method, path, body), over one connection. Blocks: for a thread.

    Raises RuntimeError where one is refused.
    """
    connection = http.client.HTTPConnection(address, timeout=60)
    took: list[float] = []
    statuses: list[int] = []
    for method, path, body in requests:
        sent = None if body is None else json.dumps(body)
        began = time.perf_counter()
        connection.request(method, path, sent, {**headers, "Content-Type": "application/json"})
        answer = connection.getresponse()
        told = answer.read()
        took.append((time.perf_counter() - began) * 1000)
        statuses.append(answer.status)
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {told[:300]!r}")
    connection.close()
    return took, statuses
