"""The whole way on a server whose time is skipped: bodies of GitHub over HTTP become a ticket, its ladder of four steps
is climbed until somebody acknowledges, and people read of it by mail and by signed webhooks."""

from __future__ import annotations

import hmac
import json
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from email.message import EmailMessage
from typing import Any, Self
from unittest import mock

import httpx
from standardwebhooks import Webhook

from addressees import OrganizationAddressees
from channels.channel import Outside
from domain.ids import workflow_id
from domain.instants import HOUR, MINUTE, SECOND, Instant, render, to_datetime
from outlets import OrganizationChannels
from service.dependencies import Dependencies
from service.hooks.applying import Applier
from service.people.directories import KnownDirectories
from service.receivers import KnownReceivers
from service.temporal.engine import provider
from service.tools.timeouts import Timeouts
from store.access.keys import ensure_key
from store.database.clock import system_clock
from store.deliveries.log import DeliveryFilters
from store.store import Store
from tests.sources.hooks.corpus import COPIED
from tests.support.apps import lent_app
from tests.support.clockwork import ORGANIZATION as OURS
from tests.support.clockwork import Clockwork, eventually, working
from tests.support.outlets import CIPHER, LoopbackOutlets
from tests.support.peers.mailbox import Mailbox, receiving_mail
from tests.support.peers.outside import reaching
from tests.support.peers.receiver import Receiver, receiving
from tests.workflows.telling.test_ladders_are_climbed import hours_from

BODIES = COPIED / "github"
KEY, SECRET = "ak_test_0123456789abcdef", "a-secret-of-github"
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass
class Desk:
    """A help desk: its API, what GitHub sends to it, and a clock that goes with Temporal's."""

    clockwork: Clockwork
    http: httpx.AsyncClient
    deps: Dependencies
    opened_at: Instant
    clock: dict[str, int]
    source: Mapping[str, Any] = field(default_factory=dict)

    async def makes(self, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        answer = await self.http.post(f"/api/v2/sla{path}", json=body)
        assert answer.is_success, answer.text
        return dict(answer.json())

    async def sees(self, path: str) -> Any:
        return (await self.http.get(f"/api/v2/sla{path}")).json()

    @property
    def opening(self) -> Instant:
        """When the quiet hours end."""
        return Instant((self.opened_at + 2 * HOUR) // MINUTE * MINUTE)

    def at(self, minutes: float) -> str:
        return render(Instant(self.opened_at + round(minutes * MINUTE)))

    async def go_to(self, minutes: float) -> None:
        """What is told on the way is told as if it were then."""
        there = Instant(self.opened_at + round(minutes * MINUTE))
        self.clock["ahead"] = there - system_clock()
        await self.clockwork.sleep_until(there)

    async def sends(self, name: str, event: str, minutes: float) -> None:
        """A body as GitHub has sent it, but for its times, is taken and applied."""
        content = json.dumps(self._dated(json.loads((BODIES / name).read_text()), minutes)).encode()
        signature = hmac.new(SECRET.encode(), content, "sha256").hexdigest()
        headers = {"X-Hub-Signature-256": f"sha256={signature}", "X-GitHub-Event": event}
        answer = await self.http.post(f"/hooks/{self.source['id']}", content=content, headers=headers)
        assert answer.status_code == 202, answer.text
        assert (await Applier(self.deps).round()).settled == 1

    def _dated(self, body: Any, minutes: float) -> Any:
        now = self.at(minutes)
        body["issue"] |= {"created_at": self.at(0), "updated_at": now}
        body["issue"]["closed_at"] = now if body["issue"]["closed_at"] else None
        if "comment" in body:
            body["comment"] |= {"created_at": now, "updated_at": now}
        return body

    async def log(self) -> list[str]:
        page = await self.deps.store.deliveries.page(OURS, DeliveryFilters(), limit=100)
        return [f"{one.key.notice_id.split('/', 3)[3]} {one.key.channel} {one.state.value}" for one in page.deliveries]


@asynccontextmanager
async def desk(clockwork: Clockwork, store: Store, mail_port: int) -> AsyncIterator[Desk]:
    """The API and a worker with real channels, and a source of GitHub; all by one clock."""
    clock = {"ahead": (await clockwork.now()) - system_clock()}

    def now() -> Instant:
        return Instant(system_clock() + clock["ahead"])

    await ensure_key(store.database.shown_url, KEY, "test", OURS)
    sends: dict[str, Any] = {
        "smtp_host": "127.0.0.1",
        "smtp_port": mail_port,
        "smtp_security": "none",
        "smtp_from": "sla@example.com",
    }
    deps = Dependencies(
        Store(store.database, now),
        provider(clockwork.client),
        now,
        task_queue=clockwork.task_queue,
        timeouts=Timeouts(applied=20, row=10),
        cipher=CIPHER,
        outlets=LoopbackOutlets(**sends),
    )
    with lent_app(deps) as app:
        async with (
            reaching(now=lambda: to_datetime(now()), **sends) as outside,
            httpx.AsyncClient(
                transport=httpx.ASGITransport(app), base_url="http://api", headers={"X-API-Key": KEY}
            ) as http,
            working(clockwork, channels=[], **people(deps, outside)),
        ):
            opened_at = Instant(now() // SECOND * SECOND)
            ours = Desk(clockwork, http, deps, opened_at, clock)
            settings = {"teams": {"bug": "frontline"}}
            ours.source = await ours.makes("/sources", {"kind": "github", "secret": SECRET, "settings": settings})
            yield ours


def people(deps: Dependencies, outside: Outside) -> dict[str, Any]:
    """Receivers and contacts as a worker finds them, read anew each time."""
    store, cipher = deps.store, deps.cipher
    known = KnownDirectories(store.people.of, cipher, deps.now, fresh_seconds=0, writes_mail=True)
    return {
        "receivers": OrganizationChannels(
            KnownReceivers(store.receivers.enabled, 0), cipher, outside, store.receivers.switch_off
        ),
        "addressees": OrganizationAddressees(known, outside),
    }


async def staffed(ours: Desk, webhooks: str) -> tuple[str, str]:
    """Grace is on call and reads mail, Ada leads the team by webhook, a receiver takes breaches and escalations; the
    secrets of both webhooks."""
    grace = await ours.makes(
        "/contacts",
        {
            "name": "Grace",
            "timezone": "Asia/Tokyo",
            "addresses": [{"channel": "email", "address": "grace@example.com"}],
        },
    )
    ada = await ours.makes(
        "/contacts", {"name": "Ada", "addresses": [{"channel": "webhook", "address": f"{webhooks}/ada"}]}
    )
    desk = await ours.makes(
        "/receivers",
        {"name": "Duty desk", "channel": "webhook", "address": webhooks, "types": ["breached", "escalated"]},
    )
    start = ours.at(-1440)[:10]
    await ours.makes(
        "/on-call",
        {
            "name": "Nights",
            "timezone": "UTC",
            "handover": "00:00",
            "rotation": {"members": [grace["id"]], "shift": {"days": 7}, "start": start},
        },
    )
    await ours.makes("/teams", {"id": "frontline", "name": "Frontline", "lead": "Ada"})
    return ada["addresses"][0]["secret"], desk["secret"]


async def promised(ours: Desk) -> None:
    """A resolution in one hour, and a ladder: before, at, after in hours that open two hours from now, ever again."""
    hours = hours_from(ours.opening).to_json()
    by_day = await ours.makes("/business-hours", {"name": "By day", **hours})
    steps: list[dict[str, Any]] = [
        {"trigger": "approaching_breach", "threshold_minutes": 30, "on_call": "Nights"},
        {"trigger": "breached"},
        {"trigger": "breached", "delay_minutes": 30, "on_call": "Nights", "hours": by_day["id"]},
        {"trigger": "breached", "delay_minutes": 90, "on_call": "Nights", "repeat_minutes": 15},
    ]
    escalations = []
    for number, step in enumerate(steps, 1):
        on_call = step.pop("on_call", None)
        action = {"type": "notify_on_call", "on_call": on_call} if on_call else {"type": "notify_team_lead"}
        escalations.append({"id": f"esc_{number}", **step, "actions": [action]})
    targets = [{"type": "first_response", "hours": 8}, {"type": "resolution", "hours": 1}]
    await ours.makes("/policies", {"name": "Issues", "targets": targets, "escalations": escalations})


def words(mail: EmailMessage) -> Sequence[str]:
    """The lines of its text."""
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content()).splitlines()


async def until(count: Callable[[], int], there: int) -> None:
    async def now() -> int:
        return count()

    await eventually(now, lambda found: found >= there, seconds=30)


async def test_an_issue_is_told_of_by_mail_and_webhook_until_somebody_acknowledges_and_it_is_closed(
    clockwork: Clockwork, store: Store
) -> None:
    """Steps at 30, 60, 120 (reached at 90, held) and 150 minutes; the last repeats at 165, and not at 180."""
    with receiving() as webhooks, receiving_mail() as mail:
        async with desk(clockwork, store, mail.port) as ours:
            adas, desks = await staffed(ours, webhooks.url)
            await promised(ours)
            await ours.sends("issues-opened-1.json", "issues", 0)
            [instance] = [one["id"] for one in (await ours.sees("/instances"))["data"] if one["kind"] == "sla"]
            for minutes, hooks, mails in ((30, 1, 1), (60, 4, 1), (90, 4, 1), (120, 5, 2), (150, 6, 3), (165, 7, 4)):
                await ours.go_to(minutes)
                await until(lambda: len(webhooks.received), hooks)
                await until(lambda: len(mail.messages), mails)
            await ours.go_to(170)
            await ours.makes(f"/instances/{instance}/acknowledge", {"event_id": "seen"})
            await ours.go_to(200)
            await ours.sends("issue_comment-created-1.json", "issue_comment", 200)
            await ours.sends("derived-issues-closed-completed.json", "issues", 201)
            await clockwork.client.get_workflow_handle(workflow_id(OURS, instance)).result()
            shown = await ours.sees(f"/instances/{instance}")
            log = Counter(await ours.log())
    marks = {one["name"]: one for one in shown["targets"]["resolution"]["milestones"] if one["fired_at"]}
    assert {name: one["planned_at"] for name, one in marks.items() if name.startswith("escalation")} == {
        "escalation:esc_1": ours.at(30),
        "escalation:esc_2": ours.at(60),
        "escalation:esc_3": render(ours.opening),
        "escalation:esc_4": ours.at(150),
        "escalation:esc_4:repeat:1": ours.at(165),
    }
    assert marks["escalation:esc_3"]["held_since"] == ours.at(90)
    assert (shown["status"], shown["closed_at"]) == ("breached", ours.at(201))
    # Everything in the log once, and taken; the two that nobody has chosen are no delivery.
    assert set(log.values()) == {1}
    assert Counter(line.split()[-1] for line in log) == {"delivered": 11, "skipped": 2}
    verified(webhooks, adas, desks)
    in_peoples_words(mail)


@contextmanager
def at_that_time(now: datetime) -> Iterator[None]:
    """The library holds the time of sending against its own clock, five minutes at most."""

    class Then(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return cls.fromtimestamp(now.timestamp(), tz)

    with mock.patch("standardwebhooks.webhooks.datetime", Then):
        yield


def verified(webhooks: Receiver, adas: str, desks: str) -> None:
    """Each is signed for its receiver alone, with the id that the notice has; Ada has one, the desk all others."""
    told: Counter[tuple[str, str]] = Counter()
    for one in webhooks.received:
        secret = adas if one.path.endswith("/ada") else desks
        with at_that_time(datetime.fromisoformat(one.notice["data"]["planned_at"])):
            assert Webhook(secret).verify(one.body, one.headers) == one.notice
        assert one.headers["webhook-id"] == one.notice["id"]
        told[one.path, one.notice["data"]["milestone"]] += 1
    steps = ("escalation:esc_1", "breached", "escalation:esc_2", "escalation:esc_3", "escalation:esc_4")
    desk = dict.fromkeys((("/hook", name) for name in (*steps, "escalation:esc_4:repeat:1")), 1)
    assert told == {**desk, ("/hook/ada", "escalation:esc_2"): 1}


def in_peoples_words(mail: Mailbox) -> None:
    """In the zone of whoever reads, to the minute, with the ticket's title and link, one thread."""
    assert [one["to"] for one in mail.messages] == ["grace@example.com"] * 4
    first, held, last, again = map(words, mail.messages)
    of = "Resolution of ticket Codertocat/Hello-World#1 by Frontline: escalated"
    spoken = f"{of} (notify on call to Nights 30 min before the breach)"
    assert mail.messages[0]["subject"] == f"{spoken} - Spelling error in the README file"
    assert first[0] == spoken
    assert re.fullmatch(r"30 min of its 1 h used; due \d\d:\d\d \(in 30 min\)\.", first[2])
    assert "Link:       https://github.com/Codertocat/Hello-World/issues/1" in first
    assert "Policy:     Issues" in first
    assert first[-1] == "Times are those of Asia/Tokyo."
    ago = r"was due \d\d:\d\d \(1 h ago\)"
    assert re.fullmatch(rf"1 h 30 min of its 1 h used; {ago}; held since \d\d:\d\d, until its hours opened\.", held[2])
    assert re.fullmatch(r"2 h 30 min of its 1 h used; was due \d\d:\d\d \(1 h 30 min ago\)\.", last[2])
    assert again[2].endswith("(1 h 45 min ago); told again (repeat 1).")
    assert len({one["references"] for one in mail.messages}) == 1
    assert len({one["message-id"] for one in mail.messages}) == 4
