from __future__ import annotations

import asyncio
import signal
import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from fastapi import FastAPI

from api.http.idempotent_requests import derived_event_id
from service.dependencies import Dependencies
from store.access.idempotent_requests import IdempotentRequest, IdempotentRequests, KeptAnswer
from store.access.keys import ensure_key
from store.lists.listed import ListPart
from store.schema import tables
from store.store import Store
from tests.store.conftest import backend, database_url, postgres, sqlite_template  # noqa: F401
from tests.support.apps import lent_app
from tests.support.outlets import CIPHER

TEAM = {"id": "team_1", "name": "One"}
PREFIX = "/api/v2/sla"

DIE_BEFORE_THE_ANSWER_IS_KEPT = """
import asyncio, os, signal, sys
from store.access.idempotent_requests import IdempotentRequests
from store.store import Store
from tests.api.http.test_api_idempotency import TEAM, client, without_temporal
from tests.support.apps import lent_app
async def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)
IdempotentRequests.keep = die
async def main(url, api_key):
    with lent_app(without_temporal(Store.open(url))) as app:
        await client(app, api_key).post("/teams", json=TEAM, headers={"Idempotency-Key": "k"})
asyncio.run(main(*sys.argv[1:]))
"""

# What the routes that create need that their documents do not say.
BODIES: dict[str, dict[str, Any]] = {
    "/on-call": {
        "name": "Nights",
        "timezone": "UTC",
        "feed": {"ical": "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nEND:VCALENDAR\r\n"},
    },
    "/business-hours": {"name": "Always", "always": True},
    "/instances": {"ticket_id": "t-1", "priority": "urgent"},
    "/sources": {"kind": "github", "name": "Issues"},
    "/policies/{policy_id}/targets": {"type": "resolution", "hours": 1},
    "/policies/{policy_id}/escalations": {"trigger": "breached", "actions": [{"type": "notify"}]},
}
OTHERWISE = {"name": "Another", "title": "Another", "hours": 2, "actions": [{"type": "webhook"}], "priority": "low"}


async def no_temporal() -> Any:
    raise RuntimeError


def without_temporal(store: Store) -> Dependencies:
    return Dependencies(store, no_temporal, cipher=CIPHER)


def client(app: FastAPI, api_key: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    headers = {"X-API-Key": api_key}
    return httpx.AsyncClient(transport=transport, base_url=f"http://api{PREFIX}", headers=headers, timeout=30)


@dataclass
class Desk:
    """APIs on one database, SQLite or PostgreSQL, and the key that opens them."""

    url: str
    key: str
    store: Store
    stack: AsyncExitStack

    async def client(self, role: str = "", answers: type[IdempotentRequests] = IdempotentRequests) -> httpx.AsyncClient:
        """Of an API of its own, as another process would run it."""
        store = Store.open(self.url)
        store.idempotent_requests = answers(store.database, store.idempotent_requests.now)
        self.stack.push_async_callback(store.close)
        app = self.stack.enter_context(lent_app(without_temporal(store)))
        return await self.stack.enter_async_context(client(app, self.key + role))

    async def teams(self) -> list[str]:
        found = (await self.store.teams.list("default", ListPart(100))).rows
        return [stored.team.id for stored in found]

    async def rows(self) -> list[Any]:
        return await self.store.database.read(lambda conn: list(conn.execute(sa.select(tables.idempotent_requests))))


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:  # noqa: F811
    key = f"ak_test_{uuid.uuid4().hex}"
    await ensure_key(database_url, key, "test")
    async with AsyncExitStack() as stack:
        store = Store.open(database_url)
        stack.push_async_callback(store.close)
        yield Desk(database_url, key, store, stack)


def under(key: str) -> dict[str, str]:
    return {"Idempotency-Key": key}


def is_the_answer_again(answer: httpx.Response, first: httpx.Response) -> bool:
    names = ("content-type", "location", "etag", "content-length")
    same = [(one.status_code, one.content, [one.headers.get(name) for name in names]) for one in (answer, first)]
    flags = [one.headers.get("idempotency-replayed") for one in (first, answer)]
    return same[0] == same[1] and flags == [None, "true"]


def is_reused(answer: httpx.Response, key: str) -> bool:
    told = answer.json()
    return (answer.status_code, told["code"], told["field"], told["value"]) == (
        422,
        "idempotency_key_reused",
        "Idempotency-Key",
        key,
    )


async def test_a_creation_sent_again_under_its_key_is_answered_the_same(desk: Desk) -> None:
    http = await desk.client()
    first = await http.post("/teams", json=TEAM, headers=under("k"))
    assert first.status_code == 201
    for one in (http, await desk.client()):
        assert is_the_answer_again(await one.post("/teams", json=TEAM, headers=under("k")), first)
    assert await desk.teams() == ["team_1"]


async def test_without_a_key_or_under_another_one_it_is_another_creation(desk: Desk) -> None:
    http = await desk.client()
    body = {"name": "One"}
    answers = [await http.post("/teams", json=body, headers=headers) for headers in (under("a"), under("b"), {}, {})]
    assert {answer.status_code for answer in answers} == {201}
    assert len(await desk.teams()) == 4
    assert len(await desk.rows()) == 2


async def test_a_key_does_for_one_request_only(desk: Desk) -> None:
    http = await desk.client()
    await http.post("/teams", json=TEAM, headers=under("k"))
    hours = {"name": "One", "always": True}
    for path, body in (("/teams", {**TEAM, "name": "Two"}), ("/business-hours", hours)):
        assert is_reused(await http.post(path, json=body, headers=under("k")), "k")
    assert await desk.teams() == ["team_1"]


async def test_a_body_written_differently_is_the_same_request(desk: Desk) -> None:
    http = await desk.client()
    first = await http.post("/teams", json=TEAM, headers=under("k"))
    text = '{ "name": "One",\n "\\u0069d": "team_1" }'
    again = await http.post(
        "/teams", content=text, headers={**under("k"), "Content-Type": "application/json; charset=utf-8"}
    )
    assert is_the_answer_again(again, first)


async def test_a_key_in_quotes_is_the_key_without_them(desk: Desk) -> None:
    http = await desk.client()
    for quoted, bare in (('"k"', "k"), (r'"a\"b\\c"', 'a"b\\c')):
        first = await http.post("/teams", json={"name": bare}, headers=under(quoted))
        assert is_the_answer_again(await http.post("/teams", json={"name": bare}, headers=under(bare)), first)


@pytest.mark.parametrize(
    "key", [b"", b" ", b"a b", b"k" * 256, b'"a', b'"a"b', b'"a b"', b'""', b'"a";p=1', "ä".encode(), b"a\x7f"]
)
async def test_what_is_no_key_is_refused_and_named(desk: Desk, key: bytes) -> None:
    http = await desk.client()
    answer = await http.post("/teams", json=TEAM, headers=[(b"Idempotency-Key", key)])
    assert (answer.status_code, answer.json()["field"]) == (422, "Idempotency-Key")
    assert await desk.teams() == []


async def test_two_keys_are_none(desk: Desk) -> None:
    http = await desk.client()
    answer = await http.post("/teams", json=TEAM, headers=[("Idempotency-Key", "a"), ("Idempotency-Key", "b")])
    assert (answer.status_code, answer.json()["field"]) == (422, "Idempotency-Key")


async def test_an_error_is_not_kept_and_leaves_the_key_free(desk: Desk) -> None:
    http = await desk.client()
    wrong = {**TEAM, "business_hours_id": "bh_later"}
    for body in ({**TEAM, "nam": 1}, {"id": "team_1"}, wrong, wrong):
        assert (await http.post("/teams", json=body, headers=under("k"))).status_code == 422
    assert await desk.rows() == []
    assert (await http.post("/teams", json=TEAM, headers=under("k"))).status_code == 201
    taken = await http.post("/teams", json=TEAM, headers=under("l"))
    assert (taken.status_code, taken.json()["code"]) == (409, "conflict")
    assert (await http.post("/teams", json={**TEAM, "id": "team_2"}, headers=under("l"))).status_code == 201


async def test_requests_at_the_same_moment_under_one_key_create_once(desk: Desk) -> None:
    clients = [await desk.client() for _ in range(3)]
    for number in range(3):
        body = {"name": f"Team {number}"}
        sent = [http.post("/teams", json=body, headers=under(f"k{number}")) for http in clients * 3]
        answers = await asyncio.gather(*sent)
        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.content for answer in answers}) == 1
        assert sum("idempotency-replayed" not in answer.headers for answer in answers) == 1
    assert len(await desk.teams()) == 3


async def test_of_different_requests_at_the_same_moment_under_one_key_one_is_carried_out(desk: Desk) -> None:
    clients = [await desk.client() for _ in range(2)]
    sent = (
        http.post("/teams", json={"name": f"Team {number}"}, headers=under("k"))
        for number, http in enumerate(clients * 3)
    )
    answers = await asyncio.gather(*sent)
    assert sorted(answer.status_code for answer in answers) == [201, *[422] * 5]
    assert all(is_reused(answer, "k") for answer in answers if answer.status_code == 422)
    assert len(await desk.teams()) == 1


async def test_a_process_killed_between_a_creation_and_its_answer_leaves_neither(desk: Desk) -> None:
    command = (sys.executable, "-c", DIE_BEFORE_THE_ANSWER_IS_KEPT, desk.url, desk.key)
    process = await asyncio.create_subprocess_exec(*command, cwd=Path(__file__).parents[3])
    assert await process.wait() == -signal.SIGKILL
    assert (await desk.teams(), await desk.rows()) == ([], [])
    http = await desk.client()
    first = await http.post("/teams", json=TEAM, headers=under("k"))
    assert first.status_code == 201
    assert is_the_answer_again(await http.post("/teams", json=TEAM, headers=under("k")), first)
    assert await desk.teams() == ["team_1"]


async def test_an_answer_that_cannot_be_kept_undoes_the_creation(desk: Desk) -> None:
    broken = await desk.client(answers=Forgetful)
    assert (await broken.post("/teams", json=TEAM, headers=under("k"))).status_code == 500
    assert (await desk.teams(), await desk.rows()) == ([], [])
    assert (await broken.post("/teams", json=TEAM)).status_code == 201


class Forgetful(IdempotentRequests):
    async def keep(self, question: IdempotentRequest, answer: KeptAnswer) -> KeptAnswer:
        raise ZeroDivisionError


async def test_a_target_added_under_a_key_is_added_once(desk: Desk) -> None:
    """A change of a policy retries inside the transaction when somebody else was quicker."""
    clients = [await desk.client() for _ in range(3)]
    policy = (await clients[0].post("/policies", json={"name": "P"})).json()
    path = f"/policies/{policy['id']}/targets"
    bodies = {f"p{number}": {"type": "resolution", "priority": f"p{number}", "hours": 1} for number in range(3)}
    sent = (http.post(path, json=body, headers=under(key)) for http in clients for key, body in bodies.items())
    answers = await asyncio.gather(*sent)
    assert [answer.status_code for answer in answers] == [201] * 9
    changed = (await clients[0].get(f"/policies/{policy['id']}")).json()
    assert sorted(target["priority"] for target in changed["targets"]) == ["p0", "p1", "p2"]
    assert changed["version"] == 4


async def test_an_organization_does_not_see_the_keys_of_another(desk: Desk) -> None:
    await ensure_key(desk.url, f"{desk.key}other", "test", "other")
    ours, theirs = await desk.client(), await desk.client("other")
    first = await ours.post("/teams", json=TEAM, headers=under("k"))
    other = await theirs.post("/teams", json={**TEAM, "name": "Theirs"}, headers=under("k"))
    assert (first.status_code, other.status_code, other.json()["name"]) == (201, 201, "Theirs")
    assert is_the_answer_again(await ours.post("/teams", json=TEAM, headers=under("k")), first)


async def test_a_key_that_may_not_write_is_not_told_what_was_answered(desk: Desk) -> None:
    await ensure_key(desk.url, f"{desk.key}reader", "test", scopes=["sla:read"])
    writer, reader = await desk.client(), await desk.client("reader")
    await writer.post("/teams", json=TEAM, headers=under("k"))
    assert (await reader.post("/teams", json=TEAM, headers=under("k"))).status_code == 403
    assert (await reader.post("/teams", json=TEAM, headers=under("new"))).status_code == 403
    assert [row.key for row in await desk.rows()] == ["k"]


async def test_a_secret_is_shown_once_and_not_kept(desk: Desk) -> None:
    http = await desk.client()
    body = {"name": "Desk", "scopes": ["sla:read"]}
    answers = await asyncio.gather(*(http.post("/keys", json=body, headers=under("k")) for _ in range(3)))
    created, *others = sorted(answers, key=lambda answer: answer.status_code)
    assert created.status_code == 201
    for again in (*others, await http.post("/keys", json=body, headers=under("k"))):
        told = again.json()
        assert (again.status_code, told["code"], told["value"]) == (409, "idempotency_key_used", created.json()["id"])
        assert again.headers["content-type"] == "application/problem+json"
    assert (await http.get("/keys")).json()["total"] == 2
    assert created.json()["key"] not in repr(await desk.rows())
    assert is_reused(await http.post("/keys", json={**body, "name": "Other"}, headers=under("k")), "k")


async def test_without_the_store_nothing_is_created_and_the_key_stays_free(api: Any, tmp_path: Path) -> None:
    await api.lose_store(tmp_path)
    for path, body in (("/teams", TEAM), ("/instances", BODIES["/instances"])):
        lost = await api.post(path, body, headers=under(f"k{path}"))
        assert (lost.status_code, lost.json()["code"]) == (503, "store_unavailable")
    api.find_everything()
    await api.policy()
    for path, body in (("/teams", TEAM), ("/instances", BODIES["/instances"])):
        assert (await api.post(path, body, headers=under(f"k{path}"))).status_code == 201


async def test_an_instance_opened_under_a_key_is_answered_the_same_while_it_goes_on(api: Any) -> None:
    await api.policy()
    await api.with_worker()
    body = {"conversation_id": f"conv_{uuid.uuid4().hex[:8]}", "priority": "urgent"}
    sent = (api.post("/instances", body, headers=under("k")) for _ in range(3))
    answers = await asyncio.gather(*sent)
    assert len({answer.content for answer in answers}) == 1
    opened = answers[0].json()
    assert (await api.post(f"/instances/{opened['id']}/resolve")).status_code == 200
    again = await api.post("/instances", body, headers=under("k"))
    assert (again.content, again.headers["idempotency-replayed"]) == (answers[0].content, "true")
    assert is_reused(await api.post("/instances", {**body, "priority": "high"}, headers=under("k")), "k")
    assert (await api.post("/instances", body)).json()["closed_at"] is not None


async def test_an_opening_that_failed_leaves_the_key_free(api: Any) -> None:
    await api.policy()
    await api.lose_temporal()
    body = {"conversation_id": f"conv_{uuid.uuid4().hex[:8]}", "priority": "urgent"}
    assert (await api.post("/instances", body, headers=under("k"))).status_code == 503
    api.find_everything()
    assert (await api.post("/instances", {**body, "priority": "nope", "x": 1}, headers=under("k"))).status_code == 422
    other = {**body, "conversation_id": f"{body['conversation_id']}-b"}
    assert (await api.post("/instances", other, headers=under("k"))).status_code == 201


async def test_every_route_that_creates_takes_part(api: Any) -> None:
    """Found from the OpenAPI document, so that a new one joins by itself."""
    document = (await api.http.get("/openapi.json")).json()
    paths = [
        path for path, methods in document["paths"].items() if "201" in methods.get("post", {}).get("responses", {})
    ]
    assert {"/policies", "/business-hours", "/teams", "/instances", "/keys"} <= {
        path.removeprefix(PREFIX) for path in paths
    }
    await api.policy()
    for number, template in enumerate(paths):
        body = BODIES.get(template.removeprefix(PREFIX).removeprefix("/ola"))
        body = body or body_of(document, document["paths"][template]["post"])
        await takes_part(api, await path_of(api, template), body, f"key-{number}")


async def takes_part(api: Any, path: str, body: Any, key: str) -> None:
    first = await api.http.post(path, json=body, headers=under(key))
    assert first.status_code == 201, (path, body, first.text)
    again = await api.http.post(path, json=body, headers=under(key))
    told_once = again.status_code == 409 and again.json()["code"] == "idempotency_key_used"
    assert told_once or is_the_answer_again(again, first), path
    assert is_reused(await api.http.post(path, json=another(body), headers=under(key)), key), path


def another(body: Any) -> Any:
    """A body that differs from this one and is as good."""
    name = next(name for name in OTHERWISE if name in body)
    return {**body, name: OTHERWISE[name]}


async def path_of(api: Any, template: str) -> str:
    """With a new thing of the collection that the path goes through."""
    collection, _, rest = template.partition("/{")
    if not rest:
        return template
    created = await api.http.post(collection, json={"name": "Parent"})
    return f"{collection}/{created.json()['id']}{rest.partition('}')[2]}"


def body_of(document: Any, operation: Any) -> Any:
    """Of the examples of the fields that it needs."""
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    model = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return {name: model["properties"][name]["examples"][0] for name in model["required"]}


async def test_the_header_is_described_where_it_counts_and_nowhere_else(api: Any) -> None:
    document = (await api.http.get("/openapi.json")).json()
    for methods in document["paths"].values():
        for method, operation in methods.items():
            [*headers] = [one for one in operation.get("parameters", ()) if one["name"] == "Idempotency-Key"]
            takes = method == "post" and ("201" in operation["responses"] or "x-idempotency" in operation)
            assert [(one["in"], one["required"]) for one in headers] == [("header", False)] * takes
            if takes and operation.get("x-idempotency") != "secret":
                success = operation["responses"]["201" if "201" in operation["responses"] else "200"]
                assert "Idempotency-Replayed" in success["headers"]
            if takes:
                assert operation["responses"]["422"]["$ref"].startswith("#/components/responses/")
            assert ("409" in operation["responses"]) or operation.get("x-idempotency") != "secret"


def test_an_event_id_made_of_a_key_is_the_same_on_every_retry_and_in_no_other_request() -> None:
    questions = [
        IdempotentRequest(*parts) for parts in (("a", "k", "d"), ("b", "k", "d"), ("a", "l", "d"), ("a", "k", "e"))
    ]
    made = [derived_event_id(question) for question in questions]
    assert len(set(made)) == 4
    assert derived_event_id(IdempotentRequest("a", "k", "d")) == made[0]


async def test_an_event_sent_again_under_its_key_counts_once_whatever_was_kept(api: Any) -> None:
    await api.policy()
    await api.with_worker()
    subject = {"conversation_id": f"conv_{uuid.uuid4().hex[:8]}"}
    await api.ticket(subject["conversation_id"])
    event = {**subject, "type": "paused", "reason": "awaiting logs"}
    first = await api.post("/events", event, headers=under("k"))
    assert first.status_code == 200, first.text
    assert is_the_answer_again(await api.post("/events", event, headers=under("k")), first)
    await api.dependencies.store.database.write(lambda conn: conn.execute(sa.delete(tables.idempotent_requests)))
    anew = await api.post("/events", event, headers=under("k"))
    assert anew.json()["event_id"] == first.json()["event_id"]
    assert is_reused(await api.post("/events", {**event, "type": "resumed"}, headers=under("k")), "k")
    other = await api.post("/events", event, headers=under("l"))
    assert other.json()["event_id"] != first.json()["event_id"]
