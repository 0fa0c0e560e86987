"""Webhooks over HTTP: verified, kept, then applied in order; with a real store and a real Temporal server."""

from __future__ import annotations

import asyncio
import hmac
import json
import signal
import sys
from dataclasses import dataclass
from typing import Any

import pytest

from domain.instants import MINUTE, Instant
from service.hooks.applying import AT_ONCE, Applier, Round
from store.database.clock import system_clock
from store.store import Store
from tests.api.conftest import Api

SECRET = "a-secret-of-github"


@dataclass
class GitHub:
    """A repository that sends its webhooks to a source."""

    api: Api
    source: dict[str, Any]
    secret: str = SECRET

    async def sends(self, body: Any, event: str = "issues", secret: str | None = None, **headers: str) -> Any:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        signature = hmac.new((secret or self.secret).encode(), content, "sha256").hexdigest()
        signed = {"X-Hub-Signature-256": f"sha256={signature}", "X-GitHub-Event": event, **headers}
        return await self.api.http.post(f"/hooks/{self.source['id']}", content=content, headers=signed)

    async def issue(self, action: str, number: int = 7, at: str = "2026-03-02T08:15:00Z", **more: Any) -> Any:
        return await self.sends(issue(action, number, at, **more))

    async def bodies(self, **params: Any) -> list[dict[str, Any]]:
        """In the order of their arrival."""
        answer = await self.api.get(f"/sources/{self.source['id']}/bodies", limit=100, **params)
        assert answer.status_code == 200, answer.text
        return list(reversed(answer.json()["data"]))

    async def states(self) -> list[str]:
        return [one["state"] for one in await self.bodies()]

    async def shown(self) -> dict[str, Any]:
        return dict((await self.api.get(f"/sources/{self.source['id']}")).json())

    async def round(self) -> Round:
        return await Applier(self.api.app.state.dependencies).round()

    async def drained(self) -> int:
        """How many bodies rounds settle until none is cut short."""
        done = await self.round()
        return done.settled + (await self.drained() if done.is_cut_short else 0)

    def later(self, length: int) -> None:
        """Store and service believe that so much time has gone by."""

        def now() -> Instant:
            return Instant(system_clock() + length)

        store = Store(self.api.dependencies.store.database, now)
        self.api.use(store=store, now=now, temporal=self.api.dependencies.temporal)


def issue(action: str, number: int, at: str, **more: Any) -> dict[str, Any]:
    labels = [{"name": "urgent"}]
    user = {"login": "carla", "type": "User", "id": 5}
    return {
        "action": action,
        "issue": {
            "id": 4100 + number,
            "number": number,
            "title": "Printer on fire",
            "html_url": f"https://github.com/acme/desk/issues/{number}",
            "user": user,
            "labels": labels,
            "state": "closed" if action == "closed" else "open",
            "created_at": "2026-03-02T08:15:00Z",
            "updated_at": at,
            "closed_at": at if action == "closed" else None,
            "author_association": "NONE",
        },
        "repository": {"full_name": "acme/desk", "id": 1},
        "sender": user,
        **more,
    }


async def connected(api: Api, **more: Any) -> GitHub:
    settings = {"priorities": {"urgent": "urgent"}}
    answer = await api.post("/sources", {"kind": "github", "secret": SECRET, "settings": settings, **more})
    assert answer.status_code == 201, answer.text
    return GitHub(api, answer.json())


@pytest.fixture
async def github(api: Api) -> GitHub:
    await api.policy()
    return await connected(api)


async def test_what_is_sent_becomes_events_of_its_ticket(github: GitHub) -> None:
    answer = await github.issue("opened")
    assert (answer.status_code, answer.json()) == (202, {"status": "stored", "body": 1})
    assert (await github.issue("closed", at="2026-03-02T09:00:00Z")).status_code == 202
    assert await github.states() == ["stored", "stored"]
    async with github.api.worker():
        assert (await github.round()).settled == 2
        [opened, closed] = await github.bodies()
        assert (opened["state"], closed["state"]) == ("applied", "applied"), (opened, closed)
        assert [one["type"] for one in closed["outcomes"][0]["events"]] == ["resolved"]
        [instance] = [name for name in closed["outcomes"][0]["instances"] if "_sla_" in name]
        await github.api.ended(instance)
    found = (await github.api.get(f"/instances/{instance}")).json()
    assert found["status"] == "met", found
    assert (await github.shown())["counts"] == {
        "received": 2,
        "refused": 0,
        "stored": 0,
        "applied": 2,
        "ignored": 0,
        "set_aside": 0,
    }


async def test_a_signature_that_does_not_fit_is_refused_and_counted(github: GitHub) -> None:
    for answer in (
        await github.sends({"action": "opened"}, secret="another"),
        await github.api.http.post(f"/hooks/{github.source['id']}", content=b"{}"),
    ):
        assert answer.status_code == 401, answer.text
        assert answer.json()["code"] == "bad_signature"
        assert SECRET not in answer.text
    assert await github.bodies() == []
    shown = await github.shown()
    assert shown["counts"]["refused"] == 2
    assert shown["refusal"] == "the header X-Hub-Signature-256 is missing"


async def test_an_unknown_source_and_one_that_is_switched_off_answer_alike(github: GitHub) -> None:
    unknown = await github.api.http.post("/hooks/src_nobody", content=b"{}")
    await github.api.http.patch(f"/api/v2/sla/sources/{github.source['id']}", json={"enabled": False})
    switched_off = await github.issue("opened")
    assert unknown.status_code == switched_off.status_code == 404
    assert unknown.json() == switched_off.json()
    assert "source" not in unknown.text


async def test_an_unknown_event_is_kept_and_listed_with_the_reason(github: GitHub) -> None:
    assert (await github.sends({"zen": "Keep it simple."}, event="ping")).status_code == 202
    assert (await github.sends({"action": "starred"}, event="watch")).status_code == 202
    await github.round()
    bodies = await github.bodies()
    assert [one["state"] for one in bodies] == ["ignored", "ignored"]
    assert all(one["reason"] for one in bodies), bodies


async def test_two_secrets_are_valid_while_one_is_changed(github: GitHub) -> None:
    path = f"/api/v2/sla/sources/{github.source['id']}"
    changed = await github.api.http.patch(path, json={"secret": "a-newer-secret"})
    assert changed.json()["secrets"] == 2
    assert "a-newer-secret" not in changed.text
    assert (await github.issue("opened")).status_code == 202
    assert (await github.sends(issue("opened", 8, "2026-03-02T08:15:00Z"), secret="a-newer-secret")).status_code == 202
    await github.api.http.patch(path, json={"retire_previous_secret": True})
    assert (await github.issue("opened", 9)).status_code == 401
    assert (await github.sends({"action": "x"}, secret="a-newer-secret")).status_code == 202


async def test_without_temporal_bodies_are_kept_and_come_in_their_order_later(github: GitHub) -> None:
    api = github.api
    await api.lose_temporal()
    assert (await github.issue("opened")).status_code == 202
    assert (await github.issue("closed", at="2026-03-02T09:00:00Z")).status_code == 202
    assert (await github.sends({"zen": "."}, event="ping")).status_code == 202
    done = await github.round()
    assert (done.settled, done.postponed) == (1, 1)
    [opened, closed, ping] = await github.bodies()
    assert (opened["state"], opened["attempts"], closed["attempts"]) == ("stored", 1, 0)
    assert opened["retry_at"] is not None
    assert ping["state"] == "ignored"
    api.find_everything()
    # Nothing is tried before its time.
    assert (await github.round()).settled == 0
    github.later(MINUTE)
    assert (await github.round()).settled == 2
    assert await github.states() == ["applied", "applied", "ignored"]


async def test_a_store_that_is_away_asks_to_send_again(github: GitHub, tmp_path: Any) -> None:
    await github.api.lose_store(tmp_path)
    answer = await github.issue("opened")
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0


async def test_killed_between_events_and_record_nothing_is_lost_and_nothing_comes_twice(
    github: GitHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    await github.issue("opened")
    await github.issue("closed", at="2026-03-02T09:00:00Z")
    settling = type(github.api.dependencies.store.settling)

    async def killed(*_: Any) -> None:
        raise asyncio.CancelledError

    async with github.api.worker():
        with monkeypatch.context() as patched:
            patched.setattr(settling, "settle", killed)
            # Whoever is killed releases nothing either.
            patched.setattr(settling, "release", killed)
            with pytest.raises(asyncio.CancelledError):
                await github.round()
        assert await github.states() == ["stored", "stored"]
        # Another worker has to wait for the lease to run out.
        assert (await github.round()).settled == 0
        github.later(2 * MINUTE)
        assert (await github.round()).settled == 2
        [_, closed] = await github.bodies()
        [instance] = [name for name in closed["outcomes"][0]["instances"] if "_sla_" in name]
        await github.api.ended(instance)
    loaded = await github.api.dependencies.store.instances.load(github.api.organization, instance)
    assert loaded is not None
    assert [event.kind for event in loaded.events] == ["opened", "resolved"]
    assert {event.source for event in loaded.events} == {github.source["id"]}


async def test_a_process_killed_between_storing_and_mapping_loses_nothing_and_tells_nothing_twice(
    github: GitHub, temporal_address: str
) -> None:
    """SIGKILL, to a process of its own: once its events are out, before what became of the body is written."""
    await github.issue("opened")
    await github.issue("closed", at="2026-03-02T09:00:00Z")
    api = github.api
    url = api.dependencies.store.database.shown_url
    doomed = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.support.doomed_applier", url, temporal_address, api.dependencies.task_queue)
    )
    assert await asyncio.wait_for(doomed.wait(), 60) == -signal.SIGKILL
    assert await github.states() == ["stored", "stored"]
    async with api.worker():
        github.later(2 * MINUTE)
        assert (await github.round()).settled == 2
        [_, closed] = await github.bodies()
        [instance] = [name for name in closed["outcomes"][0]["instances"] if "_sla_" in name]
        await api.ended(instance)
    loaded = await api.dependencies.store.instances.load(api.organization, instance)
    assert loaded is not None
    assert [event.kind for event in loaded.events] == ["opened", "resolved"]


async def test_what_cannot_be_mapped_is_set_aside_and_applied_once_the_mapping_is_mended(api: Api) -> None:
    await api.policy()
    mapping = {
        "name": "desk",
        "title": "Our desk",
        "verify": [{"scheme": "none"}],
        "event": "body.event",
        "ticket": {"kind": "ticket", "id": "body.ticket", "priority": "body.rank"},
        "id": "body.id",
        "time": "body.at",
        "events": {"opened": "opened", "closed": "resolved"},
    }
    answer = await api.post("/sources", {"mapping": mapping, "verify_by": ["unsigned"]})
    assert answer.status_code == 201, answer.text
    desk = GitHub(api, answer.json())
    german, iso = "02.03.2026 08:15", "2026-03-02T08:15:00Z"
    for event, ticket, at in (("opened", "1", german), ("opened", "2", iso), ("closed", "1", german)):
        body = {"event": event, "ticket": ticket, "rank": "urgent", "at": at, "id": f"{event}-{ticket}"}
        assert (await desk.sends(body)).status_code == 202
    await desk.round()
    assert await desk.states() == ["set_aside", "applied", "set_aside"]
    assert (await desk.bodies())[0]["reason"].startswith("time: ")
    mended = {**mapping, "time": {"from": "body.at", "format": "%d.%m.%Y %H:%M"}}
    path = f"/api/v2/sla/sources/{desk.source['id']}"
    changed = await api.http.patch(path, json={"mapping": mended})
    assert changed.status_code == 200, changed.text
    assert (await api.post(f"/sources/{desk.source['id']}:replay")).json() == {"replayed": 2}
    await desk.round()
    assert await desk.states() == ["applied", "applied", "applied"]
    again = await api.post(f"/sources/{desk.source['id']}/bodies/1:replay")
    assert (again.status_code, again.json()["state"]) == (202, "stored")
    await desk.round()
    assert await desk.states() == ["applied", "applied", "applied"]


async def test_a_body_is_tried_without_doing_it(github: GitHub) -> None:
    path = f"/sources/{github.source['id']}:try"
    asked = {"headers": {"X-GitHub-Event": "issues"}, "body": issue("opened", 7, "2026-03-02T08:15:00Z")}
    tried = (await github.api.post(path, asked)).json()
    assert tried["accepted"] is False
    assert [one["type"] for one in tried["outcomes"][0]["events"]] == ["opened"]
    assert tried["outcomes"][0]["ticket"]["priority"] == "urgent"
    assert await github.bodies() == []
    assert (await github.api.get("/instances")).json()["total"] == 0
    assert await github.api.dependencies.store.settling.ready() == []


async def test_a_flood_of_a_thousand_is_kept_while_temporal_is_away_and_applied_once_by_two_workers(
    github: GitHub,
) -> None:
    api, tickets, each = github.api, 40, 25
    await api.lose_temporal()
    for number in range(tickets):
        assert (await github.issue("opened", number)).status_code == 202
    for _ in range(each - 1):
        answers = await asyncio.gather(*(github.issue("edited", number) for number in range(tickets)))
        assert {one.status_code for one in answers} == {202}
    done = await github.round()
    # It is given up soon, not ticket by ticket.
    assert done.is_broken_off
    assert done.settled == 0
    assert done.postponed < 2 * AT_ONCE
    api.find_everything()
    github.later(MINUTE)
    assert sum(await asyncio.gather(github.drained(), github.drained())) == tickets * each
    counts = (await github.shown())["counts"]
    assert (counts["stored"], counts["set_aside"]) == (0, 0)
    assert counts["applied"] + counts["ignored"] == tickets * each == 1000


async def test_a_body_that_is_too_long_is_refused(github: GitHub) -> None:
    assert (await github.sends(b"x" * (1024 * 1024 + 1))).status_code == 413


async def test_secrets_are_kept_encrypted_and_never_shown_or_listed(api: Api) -> None:
    made = await api.post("/sources", {"kind": "gitlab"})
    secret = made.json()["secret"]
    token = {"X-Gitlab-Token": secret, "X-Gitlab-Event": "Issue Hook"}
    url = made.json()["url"].removeprefix("http://api")
    assert (await api.http.post(url, json={"object_kind": "issue"}, headers=token)).status_code == 202
    source = made.json()["id"]
    stored = await api.dependencies.store.sources.get(api.organization, source)
    answers = [
        await api.get("/sources"),
        await api.get(f"/sources/{source}"),
        await api.get(f"/sources/{source}/bodies"),
    ]
    assert len(secret) > 20
    assert not [one for one in (*(answer.text for answer in answers), str(stored)) if secret in one]


OPEN_TO_ALL = {
    "name": "desk",
    "title": "Desk",
    "verify": [{"scheme": "none"}],
    "event": "body.event",
    "ticket": {"id": "body.id"},
    "events": {"new": "opened"},
}


async def test_whoever_lets_everybody_send_says_so(api: Api) -> None:
    made = await api.post("/sources", {"mapping": OPEN_TO_ALL, "verify_by": ["unsigned"]})
    url = made.json()["url"].removeprefix("http://api")
    assert (await api.http.post(url, json={"event": "new", "id": "1"})).status_code == 202


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "nobody"}, "kind"),
        ({}, "kind"),
        ({"kind": "github", "settings": {"labels": []}}, "settings.labels"),
        ({"kind": "github", "verify_by": ["token"]}, "verify_by[0]"),
        ({"mapping": {"name": "desk"}}, "mapping.title"),
        ({"kind": "github", "secret": " "}, "secret"),
        ({"kind": "github", "secret": ""}, "secret"),
        ({"mapping": OPEN_TO_ALL}, "verify_by"),
    ],
)
async def test_a_source_that_makes_no_sense_is_refused_by_its_field(api: Api, body: Any, field: str) -> None:
    answer = await api.post("/sources", body)
    assert answer.status_code == 422, answer.text
    assert field in {answer.json()["field"], *(one["field"] for one in answer.json()["errors"])}, answer.text


async def test_a_flood_from_one_source_lets_the_others_have_their_turn(
    github: GitHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.hooks.applying.PAGE", 2)
    another = GitHub(github.api, (await github.api.post("/sources", {"kind": "github", "secret": SECRET})).json())
    for _ in range(5):
        await github.sends({"zen": "."}, event="ping")
    await another.sends({"zen": "."}, event="ping")
    done = await github.round()
    assert (done.settled, done.is_cut_short) == (3, True)
    assert await another.states() == ["ignored"]
    assert await github.drained() == 3
    assert await github.states() == ["ignored"] * 5
