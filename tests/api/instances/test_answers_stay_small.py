"""However often a clock has begun, an answer shows the latest lives of it and leads to the others page by page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from domain.ids import InstanceId, Kind, SubjectType
from domain.instants import Instant, from_datetime
from domain.plan.planning import plan
from domain.policy.clocks.clocks import OnReopen
from domain.policy.snapshot import CalendarVersion, Snapshot
from domain.record.records import first_record
from domain.record.views import MOST_SHOWN
from domain.ticket.events import Event, EventKind
from domain.ticket.tickets import Ticket
from tests.support.builders import ALWAYS, a_policy, promise

TIMES = 45


def minute(number: int) -> Instant:
    return from_datetime(datetime(2026, 3, 2, 9, 0, tzinfo=UTC) + timedelta(minutes=number))


def happened(kind: EventKind, number: int, **facts: Any) -> Event:
    return Event(kind, f"e{number}", minute(number), minute(number), **facts)


async def recorded(api: Any, kind: Kind, events: Sequence[Event]) -> str:
    """The path of an instance whose whole past the store has; no time passes any more."""
    api.use(now=lambda: minute(2 * TIMES))
    ticket = Ticket(InstanceId(kind, SubjectType.TICKET, "42"))
    policy = a_policy(promise(minutes=10), kind=kind, on_reopen=OnReopen.NEW_CYCLE)
    snapshot = Snapshot(api.organization, ticket, policy, CalendarVersion(ALWAYS), "2026a")
    record = first_record(snapshot.to_json(), plan(snapshot, events), events[0])
    await api.dependencies.store.instances.apply(record)
    return f"/instances/{ticket.instance}"


async def reopened_often(api: Any) -> str:
    """By a resolution that began `TIMES` times more."""
    turns = [EventKind.RESOLVED, EventKind.REOPENED] * TIMES
    opened = happened(EventKind.OPENED, 0)
    return await recorded(api, Kind.SLA, [opened, *(happened(kind, at) for at, kind in enumerate(turns, 1))])


async def test_an_instance_shows_the_latest_earlier_cycles_and_how_many_there_are(api: Any) -> None:
    path = await reopened_often(api)
    instance = (await api.get(path)).json()
    assert instance["targets"]["resolution"]["cycle"] == TIMES + 1
    assert [one.get("cycle", 1) for one in instance["earlier_cycles"]] == [*range(TIMES - MOST_SHOWN + 1, TIMES + 1)]
    assert instance["earlier_cycles_total"] == TIMES
    (listed,) = (await api.get("/instances")).json()["data"]
    assert len(listed["earlier_cycles"]) == MOST_SHOWN


async def test_the_pages_of_cycles_hold_each_of_them_once_in_the_order_they_began(api: Any) -> None:
    path = await reopened_often(api)
    pages = [(await api.get(f"{path}/cycles", limit=20, offset=offset)).json() for offset in (0, 20, 40)]
    cycles = [one for page in pages for one in page["data"]]
    assert [one.get("cycle", 1) for one in cycles] == [*range(1, TIMES + 1)]
    assert {(page["total"], page["limit"]) for page in pages} == {(TIMES, 20)}
    assert cycles[-MOST_SHOWN:] == (await api.get(path)).json()["earlier_cycles"]


async def test_cycles_are_read_on_and_sorted_and_exported(api: Any) -> None:
    path = await reopened_often(api)
    for sort, expected in (("started_at", range(1, TIMES + 1)), ("-cycle", range(TIMES, 0, -1))):
        page = (await api.get(f"{path}/cycles", limit=30, sort=sort)).json()
        rest = (await api.get(f"{path}/cycles", limit=30, sort=sort, cursor=page["next_cursor"])).json()
        assert [one.get("cycle", 1) for one in page["data"] + rest["data"]] == [*expected]
        assert rest["next_cursor"] is None
    exported = await api.http.get(f"/api/v2/sla{path}/cycles", headers={"Accept": "text/csv"})
    assert len(exported.text.splitlines()) == TIMES + 1
    refused = await api.get(f"{path}/cycles", sort="colour")
    assert (refused.status_code, refused.json()["field"]) == (422, "sort")


async def test_an_instance_that_has_begun_once_has_no_earlier_cycles_and_no_stints(api: Any) -> None:
    path = await recorded(api, Kind.SLA, [happened(EventKind.OPENED, 0)])
    assert {"earlier_cycles", "earlier_cycles_total", "stints"}.isdisjoint((await api.get(path)).json())
    for part in ("cycles", "stints"):
        assert (await api.get(f"{path}/{part}")).json() == {
            "data": [],
            "total": 0,
            "limit": 25,
            "offset": 0,
            "next_cursor": None,
        }
        assert (await api.get(f"/instances/inst_sla_ticket_none/{part}")).status_code == 404


async def test_the_stints_of_a_ticket_that_wanders_are_paged_as_well(api: Any) -> None:
    turns = [happened(EventKind.ASSIGNED, at, team_id=f"team_{at % 2}") for at in range(1, TIMES)]
    path = await recorded(api, Kind.OLA, [happened(EventKind.OPENED, 0), *turns])
    instance = (await api.get(path)).json()
    assert (len(instance["stints"]), instance["stints_total"]) == (MOST_SHOWN, TIMES)
    page = (await api.get(f"{path}/stints", limit=30, offset=20)).json()
    assert (page["total"], [one["event_id"] for one in page["data"]]) == (TIMES, [f"e{at}" for at in range(20, TIMES)])
    assert page["data"][-MOST_SHOWN:] == instance["stints"]
