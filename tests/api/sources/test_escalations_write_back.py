"""What an escalation orders is written to the ticket system, comes back as its webhook, and counts once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.errors import StoreUnavailable
from domain.ticket.authors import Role
from tests.api.conftest import Api
from tests.api.sources.test_webhooks_arrive import SECRET, GitHub, issue
from tests.support.clockwork import Mailbox, eventually
from tests.support.outlets import CIPHER
from tests.support.peers.outside import reaching
from tests.support.peers.ticket_systems import System, ticket_system
from worker import StoreProjection, build_worker, connectors_of

SETTINGS = {"priorities": {"urgent": "urgent"}, "teams": {"team-first": "frontline", "team-net": "network"}}
TARGETS = [{"type": "resolution", "hours": 1}]
ACTIONS = [
    {"type": "add_tag", "tag": "late"},
    {"type": "reassign", "team_id": "network"},
    {"type": "comment", "text": "Somebody should look at this."},
]
STEP = {"id": "esc_move", "trigger": "breached", "actions": ACTIONS}


@dataclass
class Desk:
    """A repository at GitHub, whose source has a connector, and the worker that writes to it."""

    github: GitHub
    system: System
    mailbox: Mailbox = field(default_factory=Mailbox)

    @property
    def api(self) -> Api:
        return self.github.api

    @asynccontextmanager
    async def worker(self) -> AsyncIterator[None]:
        store = self.api.dependencies.store
        async with reaching() as outside:
            connectors = connectors_of(store, CIPHER, outside)
            async with build_worker(
                self.api.temporal,
                StoreProjection(store),
                [self.mailbox],
                task_queue=self.api.dependencies.task_queue,
                receivers=connectors,
                connectors=connectors,
            ):
                yield

    async def opens(self, number: int = 7) -> str:
        """An issue of two hours ago, already late; the id of its instance."""
        await self.github.sends(self.issue("opened", 0, number=number))
        await self.github.round()
        [body] = [one for one in await self.github.bodies() if one["state"] == "applied"]
        return str(next(name for name in body["outcomes"][0]["instances"] if "_sla_" in name))

    def issue(self, action: str, minutes: float, number: int = 7, **more: Any) -> dict[str, Any]:
        """So many minutes after it was opened, with the labels that the repository's issue has now."""
        opened = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2)
        document = issue(action, number, (opened + timedelta(minutes=minutes)).isoformat(), **more)
        document["issue"] |= {
            "created_at": opened.isoformat(),
            "labels": [{"name": label} for label in ("urgent", *self.system.tags)],
        }
        return document

    async def milestone(self, instance: str) -> Mapping[str, Any]:
        shown = (await self.api.get(f"/instances/{instance}")).json()
        marks = shown["targets"]["resolution"]["milestones"]
        return next(dict(one) for one in marks if one["name"] == "escalation:esc_move")

    async def settled(self, instance: str) -> list[Mapping[str, Any]]:
        """The outcomes, once none of them waits."""

        async def outcomes() -> list[Mapping[str, Any]]:
            return list((await self.milestone(instance)).get("outcomes") or ())

        return list(
            await eventually(outcomes, lambda found: bool(found) and all(one["outcome"] != "waiting" for one in found))
        )

    async def events(self, instance: str) -> list[Any]:
        loaded = await self.api.dependencies.store.instances.load(self.api.organization, instance)
        assert loaded is not None
        return list(loaded.events)


@pytest.fixture
def system() -> Iterator[System]:
    with ticket_system("github") as system:
        yield system


async def connected(api: Api, system: System, **more: Any) -> Desk:
    connector = {"base_url": system.url, "credentials": system.credentials, "projects": ["acme/desk"]}
    given = {"kind": "github", "secret": SECRET, "settings": SETTINGS, "connector": connector, **more}
    answer = await api.post("/sources", given)
    assert answer.status_code == 201, answer.text
    assert "t-o-k-e-n" not in answer.text
    return Desk(GitHub(api, answer.json()), system)


@pytest.fixture
async def desk(api: Api, system: System) -> Desk:
    for team in ("frontline", "network"):
        await api.post("/teams", {"id": team, "name": team})
    await api.policy(targets=TARGETS, escalations=[STEP])
    return await connected(api, system)


async def test_a_step_writes_to_the_system_whose_webhook_comes_back_and_counts_once(desk: Desk) -> None:
    github, system = desk.github, desk.system
    async with desk.worker():
        instance = await desk.opens()
        outcomes = await desk.settled(instance)
        assert [(one["action"], one["outcome"]) for one in outcomes] == [
            ("add_tag", "done"),
            ("reassign", "done"),
            ("comment", "done"),
        ]
        assert {one["connector"] for one in outcomes} == {github.source["id"]}
        assert system.tags == ["old", "late", "team-net"]
        # It waits for the system's own event.
        assert [event.kind for event in await desk.events(instance)] == ["opened"]
        comment = {"id": 900, "created_at": datetime.now(UTC).isoformat(), "author_association": "MEMBER"}
        comment |= {"body": system.comments[0]["body"], "user": {"login": "ada", "type": "User"}}
        await github.sends(desk.issue("labeled", 121, label={"name": "late"}))
        await github.sends(desk.issue("labeled", 121.5, label={"name": "team-net"}))
        await github.sends(desk.issue("created", 122, comment=comment), event="issue_comment")
        await github.round()
        [*_, last] = await github.bodies()
        assert (last["state"], last["reason"]) == ("ignored", "the engine's own comment is no reply")

        async def heard() -> list[Any]:
            return [event for event in await desk.events(instance) if event.kind in ("assigned", "updated")]

        told = await eventually(heard, lambda found: {one.kind for one in found} == {"assigned", "updated"})
        assert [(one.kind, one.role, one.reason) for one in sorted(told, key=lambda one: one.kind)] == [
            ("assigned", Role.SYSTEM, "written by an escalation"),
            ("updated", Role.SYSTEM, "written by an escalation"),
        ]
        assert (await desk.api.get(f"/instances/{instance}")).json()["team_id"] == "network"
        # The same words by somebody else are a reply: what was written has come back already.
        quoted = {**comment, "id": 901}
        await github.sends(desk.issue("created", 123, comment=quoted), event="issue_comment")
        await github.sends(desk.issue("closed", 124))
        await github.round()
        await desk.api.ended(instance)
    kinds = [event.kind for event in await desk.events(instance)]
    assert sorted(kinds) == ["agent_replied", "assigned", "opened", "resolved", "updated"]
    assert len([one for one in system.writes if one.path.endswith("/comments")]) == 1
    fired = (await desk.api.get(f"/instances/{instance}")).json()["targets"]["resolution"]["milestones"]
    assert [one["name"] for one in fired if one["fired_at"]].count("escalation:esc_move") == 1


async def test_what_the_system_refuses_stands_on_the_instance_and_costs_the_others_nothing(desk: Desk) -> None:
    system = desk.system
    system.answers += [(404, {}, 0)]
    async with desk.worker():
        outcomes = await desk.settled(await desk.opens())
    assert [one["outcome"] for one in outcomes] == ["failed", "done", "done"]
    assert "answered 404" in outcomes[0]["reason"]
    assert [one["type"] for one in desk.mailbox.notices].count("sla.escalated") == 1


async def test_what_may_pass_is_tried_again_and_what_was_done_is_not(desk: Desk) -> None:
    system = desk.system
    # The tag is set, the labels cannot be read now, and the comment is written.
    system.answers += [(0, {}, 0), (503, {"retry-after": "0"}, 0)]
    async with desk.worker():
        outcomes = await desk.settled(await desk.opens())
    assert [one["outcome"] for one in outcomes] == ["done", "done", "done"]
    posts = [one.path.rpartition("/")[2] for one in system.writes if one.method == "POST"]
    assert sorted(posts) == ["comments", "labels"], "each was written once"
    assert system.tags == ["old", "late", "team-net"]


async def test_without_a_connector_the_engine_does_itself_what_it_can(desk: Desk) -> None:
    path = f"/api/v2/sla/sources/{desk.github.source['id']}"
    changed = await desk.api.http.patch(path, json={"connector": None})
    assert changed.json()["connector"] is None, changed.text
    async with desk.worker():
        instance = await desk.opens()

        async def assigned() -> list[Any]:
            return [event for event in await desk.events(instance) if event.kind == "assigned"]

        [order] = await eventually(assigned)
        assert (order.source, order.team_id) == ("sla-engine", "network")
        outcomes = (await desk.milestone(instance))["outcomes"]
    assert [one["outcome"] for one in outcomes] == ["waiting", "done", "waiting"]
    assert desk.system.asked == []


async def test_an_event_over_rest_names_its_source_and_its_ticket_is_written_to(desk: Desk) -> None:
    opening = (datetime.now(UTC) - timedelta(hours=2)).isoformat()
    event = {"type": "opened", "ticket_id": "acme/desk#7", "source": "GitHub issues", "occurred_at": opening}
    async with desk.worker():
        answer = await desk.api.post("/events", {**event, "ticket": {"priority": "urgent"}})
        assert answer.status_code in {200, 202}, answer.text
        instance = next(one["id"] for one in answer.json()["instances"] if one["kind"] == "sla")
        outcomes = await desk.settled(instance)
    assert [one["outcome"] for one in outcomes] == ["done", "done", "done"]
    refused = await desk.api.post("/events", {**event, "source": "sla-engine"})
    assert (refused.status_code, refused.json()["field"]) == (422, "source")


async def test_a_store_that_does_not_say_which_connectors_there_are_is_asked_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources, asked = type(desk.api.dependencies.store.sources), 0
    read = sources.connected

    async def sometimes(self: Any, organization: str) -> Any:
        nonlocal asked
        asked += 1
        if asked <= 1:
            raise StoreUnavailable("the store is switched off")
        return await read(self, organization)

    monkeypatch.setattr(sources, "connected", sometimes)
    async with desk.worker():
        outcomes = await desk.settled(await desk.opens())
    assert [one["outcome"] for one in outcomes] == ["done", "done", "done"]
    assert asked > 1
