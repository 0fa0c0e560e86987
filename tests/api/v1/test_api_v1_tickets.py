"""Scrubbe's tickets over REST: what they are promised, how they turn, and that their clocks always know first."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import product
from typing import Any

import pytest

from api.v1.translation.tickets import ticket_view
from domain.errors import StoreUnavailable
from domain.instants import HOUR, MINUTE, Instant, parse, render
from domain.plan.planning import plan
from domain.policy.catalog import AROUND_THE_CLOCK
from domain.policy.policies import Policy
from domain.policy.priorities import Priority
from domain.policy.snapshot import Snapshot
from domain.policy.targets import TargetRule
from domain.record.ledger import Firing, Key
from domain.scrubbe.ticket_statuses import TRANSITIONS, StatusChange, TicketStatus
from domain.ticket.events import Event, EventKind
from domain.ticket.origins import Origin
from domain.ticket.tickets import Ticket
from store.instances.tickets import StoredTicket, Tickets, instance_of
from tests.support.clockwork import eventually

TICKETS = "/api/v1/tickets"
POLICY = {"name": "Critical Outage SLA", "priority": "CRITICAL", "responseTimeMinutes": 15, "resolveTimeMinutes": 60}
FIELDS = {
    *("id", "title", "description", "priority", "status", "slaPolicyId", "slaResponseTimeMinutes"),
    *("slaResolveTimeMinutes", "slaBreachType", "slaResponseDueAt", "slaResolveDueAt", "escalatedTo", "escalatedAt"),
    *("openedAt", "acknowledgedAt", "resolvedAt", "createdAt", "updatedAt", "instanceId"),
}
NEW, OPEN, ACKNOWLEDGED, RESOLVED, CLOSED = TicketStatus
WAY = {
    NEW: (),
    OPEN: (OPEN,),
    ACKNOWLEDGED: (OPEN, ACKNOWLEDGED),
    RESOLVED: (OPEN, RESOLVED),
    CLOSED: (OPEN, CLOSED),
}
"""How a ticket gets to a status."""
MEASURED = ("slaPolicyId", "slaResponseTimeMinutes", "slaResolveTimeMinutes")
TIMED = ("slaResponseDueAt", "slaResolveDueAt", "instanceId")


async def switch(api: Any, enabled: bool, status: int = 200) -> None:
    answer = await api.http.put("/api/v1/ims/config", json={"slaEnabled": enabled})
    assert answer.status_code == status, answer.text


async def a_policy(api: Any, **changes: Any) -> dict[str, Any]:
    answer = await api.http.post("/api/v1/sla-policies", json={**POLICY, **changes})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def create(api: Any, status: str = "NEW", **changes: Any) -> dict[str, Any]:
    answer = await api.http.post(TICKETS, json={"title": "Down", "priority": "CRITICAL", "status": status, **changes})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def patch(api: Any, ticket: dict[str, Any], **changes: Any) -> Any:
    return await api.http.patch(f"{TICKETS}/{ticket['id']}", json=changes)


async def turn(api: Any, ticket: dict[str, Any], *statuses: str) -> dict[str, Any]:
    for status in statuses:
        answer = await patch(api, ticket, status=status)
        assert answer.status_code == 200, answer.text
        ticket = answer.json()
    return ticket


async def get(api: Any, ticket: dict[str, Any]) -> dict[str, Any]:
    answer = await api.http.get(f"{TICKETS}/{ticket['id']}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def listed(api: Any, **params: Any) -> list[dict[str, Any]]:
    answer = await api.http.get(TICKETS, params=params)
    assert answer.status_code == 200, answer.text
    assert int(answer.headers["x-total-count"]) >= len(answer.json())
    return list(answer.json())


async def stored(api: Any, ticket: dict[str, Any]) -> StoredTicket:
    found: StoredTicket = await api.dependencies.store.tickets.get(api.organization, ticket["id"])
    return found


async def instance(api: Any, ticket: dict[str, Any]) -> dict[str, Any]:
    answer = await api.get(f"/instances/inst_sla_ticket_{ticket['id']}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def told(api: Any, ticket: dict[str, Any], count: int) -> list[Event]:
    """The events of the ticket's instance, once the store has so many; none are on their way then."""

    async def recorded() -> list[Event]:
        loaded = await api.dependencies.store.instances.load(api.organization, f"inst_sla_ticket_{ticket['id']}")
        return [] if loaded is None else list(loaded.events)

    events: list[Event] = await eventually(recorded, lambda events: len(events) >= count)
    assert len(events) == count, events
    return events


async def workflows(api: Any) -> int:
    handles = [f"sla/{api.organization}/inst_sla_ticket_{ticket['id']}" for ticket in await listed(api, limit=100)]
    running = [await api.dependencies.engine.is_running(*handle.split("/")[1:]) for handle in handles]
    return sum(running)


@pytest.fixture
async def desk(api: Any) -> Any:
    """Measuring is on, CRITICAL has a policy, a worker is there."""
    await a_policy(api)
    await switch(api, True)
    await api.with_worker()
    return api


async def test_a_ticket_is_new_and_knows_its_targets_before_its_timers_start(desk: Any) -> None:
    answer = await desk.http.post(TICKETS, json={"title": "Down", "description": "All of it", "priority": "CRITICAL"})
    ticket = answer.json()
    assert (answer.status_code, answer.headers["location"]) == (201, f"{TICKETS}/{ticket['id']}")
    assert ticket.keys() == FIELDS
    assert (ticket["title"], ticket["description"], ticket["status"]) == ("Down", "All of it", "NEW")
    assert ticket["id"].startswith("tick_")
    assert (ticket["slaResponseTimeMinutes"], ticket["slaResolveTimeMinutes"]) == (15, 60)
    assert ticket["slaPolicyId"].startswith("pol_")
    assert {ticket[name] for name in TIMED} == {None}
    assert (ticket["slaBreachType"], ticket["openedAt"]) == ("NONE", None)
    assert await get(desk, ticket) == ticket
    assert await workflows(desk) == 0


async def test_the_timers_start_when_the_ticket_becomes_open(desk: Any) -> None:
    ticket = await create(desk)
    opened = await turn(desk, ticket, "OPEN")
    at = parse(opened["openedAt"])
    assert at > parse(opened["createdAt"])
    assert opened["slaResponseDueAt"] == render(Instant(at + 15 * MINUTE))
    assert opened["slaResolveDueAt"] == render(Instant(at + HOUR))
    assert opened["instanceId"] == f"inst_sla_ticket_{ticket['id']}"
    assert {name: opened[name] for name in MEASURED} == {name: ticket[name] for name in MEASURED}
    assert await get(desk, ticket) == opened


async def test_a_ticket_may_be_created_open(desk: Any) -> None:
    ticket = await create(desk, "OPEN")
    assert (ticket["status"], ticket["slaBreachType"]) == ("OPEN", "NONE")
    assert ticket["slaResponseDueAt"] == render(Instant(parse(ticket["openedAt"]) + 15 * MINUTE))
    assert await workflows(desk) == 1


async def test_a_ticket_needs_a_title_and_is_of_medium_priority_unless_it_says_otherwise(desk: Any) -> None:
    answer = await desk.http.post(TICKETS, json={"title": "Slow"})
    ticket = answer.json()
    assert (answer.status_code, ticket["priority"], ticket["description"]) == (201, "MEDIUM", "")
    assert (await desk.http.post(TICKETS, json={})).status_code == 422


async def test_an_open_ticket_is_an_instance_like_any_other_under_a_policy_that_v2_reads(desk: Any) -> None:
    ticket = await create(desk, "OPEN")
    seen = await instance(desk, ticket)
    assert (seen["ticket_id"], seen["policy_id"]) == (ticket["id"], ticket["slaPolicyId"])
    assert seen["targets"]["first_response"]["due_at"] == ticket["slaResponseDueAt"]
    assert seen["targets"]["resolution"]["due_at"] == ticket["slaResolveDueAt"]
    names = [one["name"] for one in seen["targets"]["resolution"]["milestones"]]
    assert names == ["halfway", "breached"]


@pytest.mark.parametrize(("before", "after"), list(product(TicketStatus, repeat=2)))
async def test_every_status_follows_those_that_the_table_says_and_no_other(
    desk: Any, before: TicketStatus, after: TicketStatus
) -> None:
    ticket = await turn(desk, await create(desk), *WAY[before])
    answer = await patch(desk, ticket, status=after.value)
    if after is before:
        assert (answer.status_code, answer.json()) == (200, ticket)
    elif after in TRANSITIONS[before]:
        assert (answer.status_code, answer.json()["status"]) == (200, after)
    else:
        problem = answer.json()
        assert (answer.status_code, problem["field"], problem["value"]) == (409, "status", after)
        assert before in problem["detail"]
        assert after in problem["detail"]
        assert await get(desk, ticket) == ticket


LIVES = [
    ((OPEN,), ("opened",), (None, None)),
    ((OPEN, ACKNOWLEDGED), ("opened", "acknowledged"), (True, None)),
    ((OPEN, ACKNOWLEDGED, RESOLVED), ("opened", "acknowledged", "resolved"), (True, True)),
    ((OPEN, RESOLVED), ("opened", "resolved"), (True, True)),
    ((OPEN, RESOLVED, CLOSED), ("opened", "resolved"), (True, True)),
    ((OPEN, RESOLVED, OPEN), ("opened", "resolved", "reopened"), (True, None)),
    (
        (OPEN, RESOLVED, OPEN, ACKNOWLEDGED, RESOLVED, CLOSED),
        ("opened", "resolved", "reopened", "acknowledged", "resolved"),
        (True, True),
    ),
    ((OPEN, CLOSED), ("opened", "cancelled"), (None, None)),
    ((OPEN, ACKNOWLEDGED, CLOSED), ("opened", "acknowledged", "cancelled"), (True, None)),
]


@pytest.mark.parametrize(("way", "kinds", "met"), LIVES, ids=[" ".join(way) for way, _, _ in LIVES])
async def test_the_clocks_are_told_each_status_at_the_instant_that_the_ticket_keeps(
    desk: Any, way: tuple[TicketStatus, ...], kinds: tuple[str, ...], met: tuple[bool | None, ...]
) -> None:
    ticket = await turn(desk, await create(desk), *way)
    events = await told(desk, ticket, len(kinds))
    assert [event.kind for event in events] == list(kinds)
    history = (await stored(desk, ticket)).history
    assert [one.status for one in history] == [NEW, *way]
    silent = len(way) - len(kinds)
    assert [event.occurred_at for event in events] == [one.at for one in history[1 : len(history) - silent]]
    targets = (await instance(desk, ticket))["targets"]
    assert (targets["first_response"]["met"], targets["resolution"]["met"]) == met
    assert ticket["slaBreachType"] == "NONE"


async def test_a_ticket_shows_when_it_was_acknowledged_and_resolved_until_it_is_reopened(desk: Any) -> None:
    ticket = await turn(desk, await create(desk, "OPEN"), "ACKNOWLEDGED", "RESOLVED")
    assert ticket["openedAt"] < ticket["acknowledgedAt"] < ticket["resolvedAt"] <= ticket["updatedAt"]
    reopened = await turn(desk, ticket, "OPEN")
    assert (reopened["resolvedAt"], reopened["openedAt"]) == (None, ticket["openedAt"])
    assert reopened["acknowledgedAt"] == ticket["acknowledgedAt"]
    assert reopened["slaResolveDueAt"] > ticket["slaResolveDueAt"]
    closed = await turn(desk, reopened, "RESOLVED", "CLOSED")
    assert closed["resolvedAt"] > ticket["resolvedAt"]


async def test_a_new_ticket_that_is_closed_had_no_clocks(desk: Any) -> None:
    ticket = await turn(desk, await create(desk), "CLOSED")
    assert {ticket[name] for name in TIMED} == {None}
    assert await workflows(desk) == 0


async def test_words_change_beside_a_status_and_what_is_left_out_stays(desk: Any) -> None:
    ticket = await create(desk, "OPEN", description="All of it")
    changed = (await patch(desk, ticket, title="Half down", status="ACKNOWLEDGED")).json()
    assert (changed["title"], changed["description"], changed["status"]) == ("Half down", "All of it", "ACKNOWLEDGED")
    assert changed["updatedAt"] > ticket["updatedAt"]
    for nothing in ({}, {"title": "Half down", "priority": "CRITICAL", "description": "All of it"}):
        assert (await patch(desk, ticket, **nothing)).json() == changed
    assert (await stored(desk, ticket)).version == 3


async def test_a_changed_priority_keeps_the_original_targets(desk: Any) -> None:
    await a_policy(desk, priority="LOW", responseTimeMinutes=1, resolveTimeMinutes=2)
    for ticket in (await create(desk), await create(desk, "OPEN")):
        changed = (await patch(desk, ticket, priority="LOW")).json()
        assert changed["priority"] == "LOW"
        assert {name: changed[name] for name in MEASURED} == {name: ticket[name] for name in MEASURED}
        opened = await turn(desk, changed, "OPEN")
        assert opened["slaResponseDueAt"] == render(Instant(parse(opened["openedAt"]) + 15 * MINUTE))


async def test_a_ticket_whose_priority_has_no_policy_has_no_targets_and_gets_none(desk: Any) -> None:
    ticket = await create(desk, "OPEN", priority="HIGH")
    assert (ticket["status"], ticket["slaBreachType"]) == ("OPEN", "NONE")
    assert {ticket[name] for name in (*MEASURED, *TIMED)} == {None}
    await a_policy(desk, priority="HIGH")
    await switch(desk, True)
    changed = (await patch(desk, ticket, priority="CRITICAL", status="ACKNOWLEDGED")).json()
    assert {changed[name] for name in (*MEASURED, *TIMED)} == {None}
    assert await turn(desk, changed, "RESOLVED", "OPEN", "CLOSED")
    assert await workflows(desk) == 0


async def test_a_policy_that_changes_or_goes_leaves_the_targets_of_a_ticket_alone(desk: Any) -> None:
    ticket = await create(desk)
    path = f"/api/v1/sla-policies/{ticket['slaPolicyId']}"
    changed = await desk.http.put(path, json={**POLICY, "responseTimeMinutes": 1, "resolveTimeMinutes": 2})
    assert changed.status_code == 200
    assert (await desk.http.delete(path)).status_code == 204
    opened = await turn(desk, ticket, "OPEN")
    assert {name: opened[name] for name in MEASURED} == {name: ticket[name] for name in MEASURED}
    assert opened["slaResolveDueAt"] == render(Instant(parse(opened["openedAt"]) + HOUR))


async def test_a_policy_whose_clocks_run_is_not_deleted(desk: Any) -> None:
    ticket = await create(desk, "OPEN")
    path = f"/api/v1/sla-policies/{ticket['slaPolicyId']}"
    refused = await desk.http.delete(path)
    assert (refused.status_code, refused.json()["field"], refused.json()["value"]) == (409, "openInstances", 1)
    await turn(desk, ticket, "RESOLVED")
    await told(desk, ticket, 2)
    assert (await desk.http.delete(path)).status_code == 204
    assert (await get(desk, ticket))["slaPolicyId"] == ticket["slaPolicyId"]


async def test_business_hours_that_v2_gave_the_policy_count(desk: Any) -> None:
    """Open on one day of the week only, which is three days ahead."""
    day = (datetime.now(UTC) + timedelta(days=3)).date()
    week = {f"{day:%a}".lower(): [["09:00", "17:00"]]}
    hours = await desk.post("/business-hours", {"name": "Seldom", "timezone": "UTC", "weekly_hours": week})
    policy = (await desk.http.get("/api/v1/sla-policies")).json()[0]["id"]
    given = await desk.http.patch(f"/api/v2/sla/policies/{policy}", json={"business_hours_id": hours.json()["id"]})
    assert given.status_code == 200, given.text
    ticket = await create(desk, "OPEN")
    assert (ticket["slaResponseDueAt"], ticket["slaResolveDueAt"]) == (f"{day}T09:15:00Z", f"{day}T10:00:00Z")


async def test_windows_that_have_passed_show_at_once_in_the_ticket_and_in_the_list(desk: Any) -> None:
    """Nobody has recorded a breach: the clock of the API is simply later."""
    ticket = await create(desk, "OPEN")
    unmeasured = await create(desk, "OPEN", priority="LOW")
    opened = parse(ticket["openedAt"])
    for minutes, type_ in ((14, "NONE"), (15, "RESPONSE_BREACH"), (59, "RESPONSE_BREACH"), (60, "BOTH")):
        desk.use(now=lambda minutes=minutes: Instant(opened + minutes * MINUTE))
        assert (await get(desk, ticket))["slaBreachType"] == type_
        shown = {one["id"]: one["slaBreachType"] for one in await listed(desk)}
        assert shown == {ticket["id"]: type_, unmeasured["id"]: "NONE"}
        for wanted in ("NONE", "RESPONSE_BREACH", "RESOLVE_BREACH", "BOTH"):
            found = {one["id"] for one in await listed(desk, slaBreachType=wanted)}
            assert found == {id_ for id_, breach in shown.items() if breach == wanted}


async def test_a_ticket_acknowledged_in_time_and_never_resolved_breaches_the_resolve_window_only(desk: Any) -> None:
    ticket = await turn(desk, await create(desk, "OPEN"), "ACKNOWLEDGED")
    await told(desk, ticket, 2)
    later = Instant(parse(ticket["openedAt"]) + HOUR)
    desk.use(now=lambda: later)
    assert (await get(desk, ticket))["slaBreachType"] == "RESOLVE_BREACH"
    assert [one["id"] for one in await listed(desk, slaBreachType="RESOLVE_BREACH")] == [ticket["id"]]


async def test_a_withdrawn_ticket_neither_meets_nor_misses_unless_it_was_breached_before(desk: Any) -> None:
    ticket = await turn(desk, await create(desk, "OPEN"), "CLOSED")
    later = Instant(parse(ticket["openedAt"]) + 2 * HOUR)
    desk.use(now=lambda: later)
    assert (await get(desk, ticket))["slaBreachType"] == "NONE"
    assert (await instance(desk, ticket))["status"] == "cancelled"


async def test_tickets_are_listed_newest_first_page_by_page_and_narrowed(desk: Any) -> None:
    ids = [(await create(desk, priority=priority))["id"] for priority in ("LOW", "HIGH", "LOW")]
    await turn(desk, {"id": ids[0]}, "OPEN")
    assert [one["id"] for one in await listed(desk)] == ids[::-1]
    page = await desk.http.get(TICKETS, params={"limit": 1, "offset": 1})
    assert ([one["id"] for one in page.json()], page.headers["x-total-count"]) == ([ids[1]], "3")
    assert [one["id"] for one in await listed(desk, priority="LOW")] == [ids[2], ids[0]]
    assert [one["id"] for one in await listed(desk, priority="LOW", status="OPEN")] == [ids[0]]


async def test_a_list_shows_what_each_ticket_shows(desk: Any) -> None:
    opened = await turn(desk, await create(desk, "OPEN"), "ACKNOWLEDGED")
    await told(desk, opened, 2)
    new = await create(desk)
    assert await listed(desk) == [new, opened]


async def test_without_temporal_no_status_is_taken_and_the_ticket_stays_as_it_was(desk: Any) -> None:
    new, opened = await create(desk), await create(desk, "OPEN")
    rows = [await stored(desk, ticket) for ticket in (new, opened)]
    await desk.lose_temporal()
    for ticket, status in ((new, "OPEN"), (opened, "ACKNOWLEDGED"), (opened, "RESOLVED"), (opened, "CLOSED")):
        refused = await patch(desk, ticket, status=status, title="Changed")
        assert (refused.status_code, refused.json()["code"]) == (503, "temporal_unavailable")
    assert [await stored(desk, ticket) for ticket in (new, opened)] == rows
    assert (await get(desk, opened))["status"] == "OPEN"
    assert (await patch(desk, opened, title="Changed")).status_code == 200
    desk.find_everything()
    assert (await turn(desk, opened, "ACKNOWLEDGED"))["acknowledgedAt"] is not None


async def test_without_temporal_a_ticket_is_created_new_but_not_open(desk: Any) -> None:
    await desk.lose_temporal()
    refused = await desk.http.post(TICKETS, json={"title": "Down", "priority": "CRITICAL", "status": "OPEN"})
    assert (refused.status_code, refused.json()["code"]) == (503, "temporal_unavailable")
    assert await listed(desk) == []
    assert (await create(desk))["status"] == "NEW"
    assert (await create(desk, "OPEN", priority="LOW"))["status"] == "OPEN"


@dataclass(frozen=True, slots=True)
class Forgetful(Tickets):
    """Loses its next changes, as if the process ended between the clocks and the row."""

    to_lose: list[str] = field(default_factory=list)

    async def change(self, organization: str, changed: StoredTicket) -> StoredTicket | None:
        if self.to_lose:
            raise StoreUnavailable(self.to_lose.pop())
        # slots=True makes another class of this one, which `super()` does not know.
        return await Tickets.change(self, organization, changed)


def lose_next_change(api: Any) -> None:
    store = api.dependencies.store
    store.tickets = Forgetful(store.database, ["gone"])


@pytest.mark.parametrize(
    ("way", "status"),
    [
        ((), OPEN),
        ((OPEN,), ACKNOWLEDGED),
        ((OPEN,), RESOLVED),
        ((OPEN,), CLOSED),
        ((OPEN, ACKNOWLEDGED), RESOLVED),
        ((OPEN, RESOLVED), OPEN),
    ],
)
async def test_a_status_whose_row_was_lost_is_the_same_event_when_it_is_sent_again(
    desk: Any, way: tuple[TicketStatus, ...], status: TicketStatus
) -> None:
    ticket = await turn(desk, await create(desk), *way)
    lose_next_change(desk)
    assert (await patch(desk, ticket, status=status.value)).status_code == 503
    count = len(way) + 1
    before = await told(desk, ticket, count)
    assert (await stored(desk, ticket)).status == ticket["status"]
    again = await turn(desk, ticket, status.value)
    assert await told(desk, again, count) == before
    assert (await stored(desk, ticket)).history[-1] == StatusChange(status, before[-1].occurred_at)


async def test_the_same_status_from_several_at_once_is_one_event(desk: Any) -> None:
    ticket = await create(desk)
    for number, status in enumerate(("OPEN", "ACKNOWLEDGED", "RESOLVED", "OPEN"), start=1):
        answers = await asyncio.gather(*(patch(desk, ticket, status=status) for _ in range(4)))
        assert {(answer.status_code, answer.json()["status"]) for answer in answers} == {(200, status)}
        events = await told(desk, ticket, number)
        assert (await stored(desk, ticket)).history[-1].at == events[-1].occurred_at


@pytest.mark.parametrize(
    ("way", "wanted"),
    [((), ("OPEN", "CLOSED")), ((OPEN, RESOLVED), ("OPEN", "CLOSED")), ((OPEN,), ("ACKNOWLEDGED", "CLOSED"))],
)
async def test_of_two_statuses_at_once_both_follow_or_one_is_refused_and_a_closed_ticket_has_no_running_clock(
    desk: Any, way: tuple[TicketStatus, ...], wanted: tuple[str, str]
) -> None:
    for first in (0, 1):
        ticket = await turn(desk, await create(desk), *way)

        async def late(index: int, ticket: dict[str, Any] = ticket, first: int = first) -> Any:
            await asyncio.sleep(0.004 * (index != first))
            return await patch(desk, ticket, status=wanted[index])

        answers = await asyncio.gather(late(0), late(1))
        assert {answer.status_code for answer in answers} <= {200, 409}
        assert (await get(desk, ticket))["status"] == "CLOSED"
        await eventually(partial(is_quiet, desk, ticket))


async def is_quiet(api: Any, ticket: dict[str, Any]) -> bool:
    found = await api.get(f"/instances/inst_sla_ticket_{ticket['id']}")
    return found.status_code == 404 or found.json()["closed_at"] is not None


async def test_a_reopening_that_loses_against_a_closing_leaves_the_clocks_as_they_were(desk: Any) -> None:
    """The other one reads the ticket before the clocks run again, and writes it after."""
    ticket = await turn(desk, await create(desk, "OPEN"), "RESOLVED")
    await overtake(desk, ticket, CLOSED)
    assert await is_refused(desk, ticket, OPEN)
    assert (await get(desk, ticket))["status"] == "CLOSED"
    seen = await instance(desk, ticket)
    assert seen["closed_at"] is not None
    assert seen["targets"]["resolution"]["met"] is True


async def test_an_opening_that_loses_against_a_closing_is_withdrawn(desk: Any) -> None:
    ticket = await create(desk)
    await overtake(desk, ticket, CLOSED)
    assert await is_refused(desk, ticket, OPEN)
    assert (await instance(desk, ticket))["status"] == "cancelled"


@dataclass(frozen=True, slots=True)
class Overtaken(Tickets):
    """Somebody else writes the ticket just before its next change."""

    others: list[StoredTicket] = field(default_factory=list)

    async def change(self, organization: str, changed: StoredTicket) -> StoredTicket | None:
        if self.others:
            await Tickets.change(self, organization, self.others.pop())
        return await Tickets.change(self, organization, changed)


async def overtake(api: Any, ticket: dict[str, Any], status: TicketStatus) -> None:
    """The next change of the ticket finds that it has taken this status meanwhile."""
    store, row = api.dependencies.store, await stored(api, ticket)
    taken = StatusChange(status, api.dependencies.now())
    store.tickets = Overtaken(store.database, [replace(row, history=(*row.history, taken))])


async def is_refused(api: Any, ticket: dict[str, Any], status: TicketStatus) -> bool:
    answer = await patch(api, ticket, status=status.value)
    return (answer.status_code, answer.json().get("field")) == (409, "status")


async def test_without_a_worker_a_status_lasts_and_is_applied_later(api: Any) -> None:
    await a_policy(api)
    await switch(api, True)
    ticket = await turn(api, await create(api, "OPEN"), "ACKNOWLEDGED")
    assert ticket["status"] == "ACKNOWLEDGED"
    await api.with_worker()
    events = await told(api, ticket, 2)
    assert (await stored(api, ticket)).history[-1].at == events[-1].occurred_at
    assert (await instance(api, ticket))["targets"]["first_response"]["met"] is True


async def test_a_creation_under_its_key_makes_one_ticket_and_one_instance(desk: Any) -> None:
    body, headers = {"title": "Down", "priority": "CRITICAL", "status": "OPEN"}, {"Idempotency-Key": "k"}
    lose_next_change(desk)
    broken = await desk.http.post(TICKETS, json=body, headers=headers)
    left = await listed(desk)
    assert (broken.status_code, broken.json()["field"], broken.json()["value"]) == (503, "id", left[0]["id"])
    assert [one["status"] for one in left] == ["NEW"]
    first, again = [await desk.http.post(TICKETS, json=body, headers=headers) for _ in range(2)]
    assert (first.status_code, first.json()["status"]) == (201, "OPEN")
    assert (again.headers["idempotency-replayed"], again.json()) == ("true", first.json())
    assert [one["id"] for one in await listed(desk)] == [first.json()["id"]]
    assert len(await told(desk, first.json(), 1)) == 1


@pytest.mark.parametrize(
    ("body", "field", "value"),
    [
        ({}, "title", None),
        ({"title": ""}, "title", ""),
        ({"title": " "}, "title", " "),
        ({"title": 1}, "title", 1),
        ({"title": None}, "title", None),
        ({"title": "x", "priority": "critical"}, "priority", "critical"),
        ({"title": "x", "priority": None}, "priority", None),
        ({"title": "x", "status": "ACKNOWLEDGED"}, "status", "ACKNOWLEDGED"),
        ({"title": "x", "status": "open"}, "status", "open"),
        ({"title": "x", "description": None}, "description", None),
        ({"title": "x", "id": "tick_1"}, "id", "tick_1"),
        ({"title": "x", "slaResponseTimeMinutes": 1}, "slaResponseTimeMinutes", 1),
    ],
)
async def test_a_ticket_that_cannot_be_is_refused_with_field_and_value(
    api: Any, body: dict[str, Any], field: str, value: Any
) -> None:
    answer = await api.http.post(TICKETS, json=body)
    assert (answer.status_code, answer.json()["field"], answer.json()["value"]) == (422, field, value)
    assert await listed(api) == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": "x" * 501}, "title"),
        ({"description": "x" * 20_001}, "description"),
        ({"status": ""}, "status"),
        ({"status": None}, "status"),
        ({"priority": "URGENT"}, "priority"),
        ({"slaBreachType": "NONE"}, "slaBreachType"),
        ({"title": "Changed", "status": "PENDING"}, "status"),
    ],
)
async def test_a_change_that_cannot_be_is_refused_with_its_field_and_changes_nothing(
    api: Any, body: dict[str, Any], field: str
) -> None:
    ticket = await create(api)
    answer = await patch(api, ticket, **body)
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert await get(api, ticket) == ticket


@pytest.mark.parametrize(
    ("name", "value"),
    [("status", "open"), ("priority", "x"), ("slaBreachType", "x"), ("limit", "0"), ("limit", "101"), ("offset", "-1")],
)
async def test_a_list_that_cannot_be_is_refused_with_its_parameter(api: Any, name: str, value: str) -> None:
    answer = await api.http.get(TICKETS, params={name: value})
    assert (answer.status_code, answer.json()["field"]) == (422, name)


async def test_a_ticket_that_is_not_there_is_not_found(api: Any) -> None:
    for answer in (
        await api.http.get(f"{TICKETS}/tick_1"),
        await api.http.patch(f"{TICKETS}/tick_1", json={"status": "OPEN"}),
    ):
        told = answer.json()
        assert (answer.status_code, told["code"], told["field"], told["value"]) == (
            404,
            "not_found",
            "ticketId",
            "tick_1",
        )


AT = parse("2026-03-02T09:00:00Z")
ROUTED = Firing(Key("resolution", 1, "escalation:auto"), 1, AT, Instant(AT + 7))
EARLIER = Firing(Key("first_response", 1, "escalation:auto"), 1, AT, Instant(AT + 5))


@pytest.mark.parametrize(
    ("ledger", "escalated"),
    [
        ((), (None, None)),
        ((ROUTED,), ("Tier1", "2026-03-02T09:00:00.000007Z")),
        ((ROUTED, EARLIER), ("Tier1", "2026-03-02T09:00:00.000005Z")),
        ((Firing(ROUTED.key, 1, AT, AT, skipped=True),), (None, None)),
        ((Firing(ROUTED.key, 1, AT, AT, withdrawn_at=AT),), (None, None)),
        ((Firing(Key("resolution", 1, "escalation:esc_1"), 1, AT, AT),), (None, None)),
        ((Firing(Key("resolution", 1, "breached"), 1, AT, AT),), (None, None)),
    ],
    ids=["none", "routed", "both", "skipped", "withdrawn", "another step", "a breach"],
)
def test_a_ticket_shows_whom_its_first_standing_escalation_went_to_and_when(
    ledger: tuple[Firing, ...], escalated: tuple[str | None, str | None]
) -> None:
    policy = Policy(
        "pol_1",
        "Critical",
        targets=(TargetRule("t", "resolution", None, HOUR),),
        origin=Origin.V1,
        escalation_contact="Tier1",
    )
    ticket = Ticket(instance_of("tick_1"), "CRITICAL", origin=Origin.V1)
    snapshot = Snapshot("default", ticket, policy, AROUND_THE_CLOCK, "2026a")
    row = StoredTicket(
        "tick_1", "Down", "", Priority.CRITICAL, (StatusChange(NEW, AT), StatusChange(OPEN, AT)), AT, AT, snapshot, AT
    )
    view = ticket_view(row, Seen(plan(snapshot, (Event(EventKind.OPENED, "1", AT, AT),)), ledger), AT)
    assert (view["escalatedTo"], view["escalatedAt"]) == escalated
    assert (view["slaResponseTimeMinutes"], view["slaResolveTimeMinutes"]) == (None, 60)


@dataclass
class Seen:
    plan: Any
    ledger: Any
