"""Every list has one manner: read on from a cursor, sorted by what it shows, searched, and exported whole."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from domain.instants import MINUTE, Instant, parse
from service.tools.cursors import cursor_of

NINE = parse("2026-03-09T09:00:00Z")
CSV, NDJSON = {"Accept": "text/csv"}, {"Accept": "application/x-ndjson"}
HOURS = {"timezone": "Europe/Berlin", "weekly_hours": {"mon": [["09:00", "17:00"]]}}
PAGES = {"/contacts", "/on-call", "/policies", "/teams", "/keys", "/business-hours", "/receivers", "/sources"}
SOURCE = {"kind": "github", "settings": {}}


async def read_on(api: Any, path: str, **query: Any) -> list[dict[str, Any]]:
    """The whole list by pages of two."""
    found: list[dict[str, Any]] = []
    page = (await api.get(path, limit=2, **query)).json()
    found += page["data"]
    while page["next_cursor"] is not None:
        page = (await api.get(path, limit=2, cursor=page["next_cursor"], **query)).json()
        found += page["data"]
    return found


async def sorts_of(api: Any, path: str, **query: Any) -> list[str]:
    """What the refusal of another one names."""
    refused = (await api.get(path, sort="colour", **query)).json()
    assert (refused["status"], refused["field"]) == (422, "sort")
    return str(refused["detail"].partition("must be one of ")[2].partition(", or one")[0]).split(", ")


async def is_read_in_every_order(api: Any, path: str, names: list[str], **query: Any) -> None:
    """Each row once, by pages, up and down, and what has no such value last."""
    every = [json.dumps(one, sort_keys=True) for one in (await api.get(path, **query)).json()["data"]]
    for name in names:
        for sort in (name, f"-{name}"):
            found = await read_on(api, path, sort=sort, **query)
            assert sorted(json.dumps(one, sort_keys=True) for one in found) == sorted(every), sort
            values = [one.get(name) for one in found]
            present = sorted((one for one in values if one is not None), reverse=sort != name)
            assert values == [*present, *[None] * (len(values) - len(present))], sort


class Desk:
    """Makes things of each list, one minute after the other."""

    def __init__(self, api: Any) -> None:
        self.api, self.now = api, NINE
        api.use(now=self._tick)

    def _tick(self) -> Instant:
        self.now = Instant(self.now + MINUTE)
        return self.now

    async def make(self, path: str, name: str) -> dict[str, Any]:
        bodies: dict[str, dict[str, Any]] = {
            "/policies": {"name": name, "targets": [{"type": "resolution", "hours": 4}]},
            "/teams": {"name": name, "lead": f"{name}@example.com"},
            "/keys": {"name": name, "scopes": ["sla:read"]},
            "/business-hours": {"name": name, **HOURS},
            "/receivers": {"name": name, "channel": "webhook", "address": "http://127.0.0.1:9/hook"},
            "/sources": {**SOURCE, "name": name},
            "/contacts": {"name": name},
        }
        if path == "/on-call":
            contact = await self.make("/contacts", name)
            turns = {"members": [contact["id"]], "shift": {"days": 7}, "start": "2026-03-02"}
            bodies[path] = {"name": name, "timezone": "UTC", "rotation": turns}
        answer = await self.api.post(path, bodies[path])
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def read_on(self, path: str, **query: Any) -> list[dict[str, Any]]:
        return await read_on(self.api, path, **query)


@pytest.fixture
async def desk(api: Any) -> Desk:
    return Desk(api)


@pytest.mark.parametrize("path", sorted(PAGES))
async def test_a_list_is_read_on_while_it_changes(desk: Desk, path: str) -> None:
    made = [(await desk.make(path, name))["id"] for name in ("bb", "aa", "cc", "dd")]
    first = (await desk.api.get(path, limit=2, sort="-created_at")).json()
    assert [one["id"] for one in first["data"]] == [made[3], made[2]]
    await desk.make(path, "ee")
    rest = (await desk.api.get(path, limit=2, sort="-created_at", cursor=first["next_cursor"])).json()
    assert [one["id"] for one in rest["data"]] == [made[1], made[0]]
    assert (rest["offset"], rest["total"]) == (0, first["total"] + 1)


@pytest.mark.parametrize("path", sorted(PAGES))
async def test_a_list_is_sorted_by_what_it_shows_and_searched_in_whatever_case(desk: Desk, path: str) -> None:
    # No id has a space: a search looks into ids too.
    for name in ("b b", "a a", "c c"):
        await desk.make(path, name)
    names = [one["name"] for one in await desk.read_on(path, sort="name")]
    assert names == sorted(names)
    assert {"a a", "b b", "c c"} <= set(names)
    assert [one["name"] for one in await desk.read_on(path, sort="-name")] == names[::-1]
    found = (await desk.api.get(path, q="A A")).json()
    assert ([one["name"] for one in found["data"]], found["total"]) == (["a a"], 1)


@pytest.mark.parametrize("path", sorted(PAGES))
async def test_every_sort_that_a_list_names_reads_each_of_it_once(desk: Desk, path: str) -> None:
    for name in ("bb", "aa", "cc"):
        await desk.make(path, name)
    names = await sorts_of(desk.api, path)
    assert {"id", "name", "created_at"} <= set(names)
    every = {one["id"] for one in (await desk.api.get(path)).json()["data"]}
    for name in names:
        for sort in (name, f"-{name}"):
            found = [one["id"] for one in await desk.read_on(path, sort=sort)]
            assert (sort, len(found), set(found)) == (sort, len(every), every)


@pytest.mark.parametrize("path", sorted(PAGES))
async def test_a_list_is_exported_whole(desk: Desk, path: str) -> None:
    await desk.make(path, "=1+1")
    shown = (await desk.api.get(path, sort="created_at")).json()["data"]
    address = f"/api/v2/sla{path}?sort=created_at"
    lines = (await desk.api.http.get(address, headers=NDJSON)).text.splitlines()
    assert [json.loads(line)["id"] for line in lines] == [one["id"] for one in shown]
    answer = await desk.api.http.get(address, headers=CSV)
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert [row["id"] for row in rows] == [one["id"] for one in shown]
    assert rows[-1]["name"] == "'=1+1"
    assert set(shown[0]) <= set(rows[0])


@pytest.mark.parametrize("path", sorted(PAGES))
@pytest.mark.parametrize("query", [{"cursor": "x"}, {"sort": "-"}, {"q": ""}, {"sort": ["id", "name"]}])
async def test_what_makes_no_sense_of_a_list_is_refused(desk: Desk, path: str, query: dict[str, Any]) -> None:
    answer = await desk.api.get(path, **query)
    assert (answer.status_code, answer.json()["field"]) == (422, *query)


async def test_a_cursor_of_another_order_is_refused(desk: Desk) -> None:
    for name in ("a", "b"):
        await desk.make("/teams", name)
    cursor = (await desk.api.get("/teams", limit=1, sort="name")).json()["next_cursor"]
    for query in ({}, {"sort": "-name"}, {"sort": "created_at"}):
        refused = await desk.api.get("/teams", cursor=cursor, **query)
        assert (refused.status_code, refused.json()["field"]) == (422, "cursor")


@pytest.mark.parametrize(
    "place", [(None, "x"), ("2026-03-09T09:00:00Z", None), ("noon", "x"), ("2026-03-09T09:00:00Z", "a\0b"), ("x",), ()]
)
async def test_a_cursor_that_no_page_has_given_is_refused(desk: Desk, place: tuple[str | None, ...]) -> None:
    refused = await desk.api.get("/teams", cursor=cursor_of("created_at", place))
    assert (refused.status_code, refused.json()["field"]) == (422, "cursor")


async def test_the_versions_of_policies_and_business_hours_are_read_on_backwards(desk: Desk) -> None:
    policy, hours = await desk.make("/policies", "One"), await desk.make("/business-hours", "One")
    for path in (f"/policies/{policy['id']}", f"/business-hours/{hours['id']}"):
        for name in ("Two", "Three"):
            answer = await desk.api.http.patch(f"/api/v2/sla{path}", json={"name": name})
            assert answer.is_success, answer.text
        versions = await desk.read_on(f"{path}/versions", sort="-version")
        assert [one["version"] for one in versions] == [3, 2, 1]
        lines = (await desk.api.http.get(f"/api/v2/sla{path}/versions", headers=NDJSON)).text.splitlines()
        assert [json.loads(line)["version"] for line in lines] == [1, 2, 3]


async def test_every_page_of_the_document_has_a_cursor_a_sort_and_exports(api: Any) -> None:
    """The steps of a record have one order: they are a chain, each of them sealed over the one before it."""
    document = (await api.http.get("/openapi.json")).json()
    found = {}
    for path, methods in document["paths"].items():
        answer = methods.get("get", {}).get("responses", {}).get("200", {})
        reference = answer.get("content", {}).get("application/json", {}).get("schema", {}).get("$ref", "")
        schema = document["components"]["schemas"].get(reference.rpartition("/")[2], {})
        if {"data", "total", "limit"} <= set(schema.get("properties", {})):
            names = {one["name"] for one in methods["get"]["parameters"]}
            found[path] = ({"limit", "offset", "cursor", "sort"} - names, set(answer["content"]) - {"application/json"})
    assert len(found) >= 16
    assert {path: kinds for path, (_, kinds) in found.items() if len(kinds) < 2} == {}
    assert {path: missing for path, (missing, _) in found.items() if missing} == {
        "/api/v2/sla/instances/{instance_id}/events": {"sort"}
    }
