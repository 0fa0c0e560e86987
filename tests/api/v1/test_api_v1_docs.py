from __future__ import annotations

import asyncio
from pathlib import Path
from string import Template
from typing import Any

from tests.support.documents.curls import Curl, curls

DOCUMENT = Path(__file__).parents[3] / "docs" / "api-v1.md"
EXPECTED = {"POST": {201}, "GET": {200}, "PUT": {200}, "PATCH": {200}, "DELETE": {204}}
NAMES = {"pol": "POLICY", "tick": "TICKET"}


def requests(**names: str) -> list[Curl]:
    """The requests of the document, deletions moved behind what needs the deleted."""
    found = curls(Template(DOCUMENT.read_text()).safe_substitute(names))
    return sorted(found, key=lambda request: request.method == "DELETE")


async def test_every_documented_request_works_as_documented(api: Any) -> None:
    await api.with_worker()
    names = {"API": "http://api/api/v1", "KEY": api.http.headers["X-API-Key"]}
    number = len(requests())
    for at in range(number):
        request = requests(**names)[at]
        if request.method == "DELETE":
            await nothing_is_open(api)
        answer = await api.http.request(request.method, request.target, headers=request.headers, content=request.body)
        assert answer.status_code in EXPECTED[request.method], f"{request}\n{answer.text}"
        if answer.status_code == 201:
            created = answer.json()["id"]
            names[NAMES[created.partition("_")[0]]] = created
    assert number == 14


async def nothing_is_open(api: Any) -> None:
    """The store follows the workflows within a second."""
    for _ in range(200):
        if all(one["closed_at"] for one in (await api.get("/instances")).json()["data"]):
            return
        await asyncio.sleep(0.05)
    raise AssertionError("an instance is still open")
