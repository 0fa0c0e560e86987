"""Webhooks over HTTP on SQLite and on PostgreSQL: verified, kept, and interpreted while Temporal is away."""

from __future__ import annotations

import hmac
import json
from typing import Any

import httpx

from domain.errors import EngineUnavailable
from domain.instants import DAY, Instant
from service.dependencies import Dependencies
from service.hooks.applying import Applier
from service.hooks.configuring import made
from store.database.clock import system_clock
from store.lists.listed import ListPart
from store.sources.bodies import BodyState, NewBody
from store.sources.settling import Settlement
from store.sources.writes import NewWrite, WriteState
from store.store import Store
from tests.support.apps import lent_app
from tests.support.outlets import CIPHER

SECRET = "a-secret-of-github"


async def _away() -> Any:
    raise EngineUnavailable("Temporal is switched off")


async def test_a_delivery_is_verified_kept_and_interpreted(store: Store) -> None:
    await store.organizations.ensure("default")
    document, _ = made({"kind": "github", "secret": SECRET}, CIPHER)
    source = await store.sources.create("default", document)
    deps = Dependencies(store, _away, cipher=CIPHER)
    issue = {"number": 7, "id": 7, "created_at": "2026-03-02T08:15:00Z", "updated_at": "2026-03-02T08:15:00Z"}
    opened = {"action": "opened", "issue": issue, "repository": {"full_name": "acme/desk"}}
    with lent_app(deps) as app:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://api") as http:
            answers = []
            for event, body, secret in (("issues", opened, SECRET), ("ping", {}, SECRET), ("ping", {}, "another")):
                content = json.dumps(body).encode()
                signature = hmac.new(secret.encode(), content, "sha256").hexdigest()
                headers = {"X-Hub-Signature-256": f"sha256={signature}", "X-GitHub-Event": event}
                answers.append(await http.post(f"/hooks/{source.id}", content=content, headers=headers))
    assert [(one.status_code, one.json().get("body")) for one in answers] == [(202, 1), (202, 2), (401, None)]
    done = await Applier(deps).round()
    assert (done.settled, done.postponed) == (1, 1)
    bodies = (await store.hook_bodies.list("default", source.id, ListPart(10))).rows
    assert [(one.state.value, one.attempts) for one in bodies] == [("ignored", 0), ("stored", 1)]


async def test_what_was_listed_is_kept_once(store: Store) -> None:
    await store.organizations.ensure("default")
    source = await store.sources.create("default", made({"kind": "github"}, CIPHER)[0])
    new = NewBody(b"{}", system_clock(), {}, "GET", "")
    kept = [await store.hook_bodies.keep_listed("default", source.id, new, id_) for id_ in ("a", "b", "a")]
    assert kept == [1, 2, None]


async def test_a_write_is_begun_once_awaited_and_forgotten(store: Store) -> None:
    await store.organizations.ensure("default")
    source = await store.sources.create("default", made({"kind": "github"}, CIPHER)[0])
    writes, new = store.source_writes, NewWrite("n/0", "acme/desk#7", "add_tag", "late")
    first = await writes.begin("default", source.id, new)
    again = await writes.begin("default", source.id, new)
    assert (first.is_new, again.is_new, again.state) == (True, False, WriteState.BEGUN)
    now = system_clock()
    for at, awaited in ((now, 1), (Instant(now + DAY), 0), (Instant(now - DAY), 0)):
        assert len(await writes.awaited("default", source.id, [new.subject], 1, at)) == awaited
    await writes.settle("default", source.id, new.key, WriteState.REFUSED, "no such label")
    assert await writes.awaited("default", source.id, [new.subject], 1, now) == []
    assert (await writes.begin("default", source.id, new)).reason == "no such label"
    assert await writes.prune(Instant(now + DAY)) == 1
    assert (await writes.begin("default", source.id, new)).is_new


async def test_a_ticket_that_is_silent_for_long_is_forgotten(store: Store) -> None:
    await store.organizations.ensure("default")
    source = await store.sources.create("default", made({"kind": "zammad"}, CIPHER)[0])
    arrival = await store.hook_bodies.keep("default", source.id, NewBody(b"{}", system_clock(), {}, "POST", ""))
    lease = await store.settling.lease("default", source.id, "worker")
    assert lease is not None
    await store.settling.settle(lease, arrival, Settlement(BodyState.APPLIED, (), remembered={"7": {"state": "open"}}))
    assert await store.settling.forget(Instant(system_clock() - DAY)) == 0
    assert await store.settling.remembered("default", source.id, ["7"]) == {"7": {"state": "open"}}
    assert await store.settling.forget(Instant(system_clock() + DAY)) == 1
    assert await store.settling.remembered("default", source.id, ["7"]) == {}
