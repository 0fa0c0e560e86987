"""Scrubbe's analytics of a small desk whose every figure can be checked by hand, in the first days of March 2026."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import sqlalchemy as sa

from domain.ids import InstanceId, Kind, SubjectType
from domain.instants import parse
from domain.ticket.origins import Origin
from domain.ticket.tickets import Ticket
from service.instances.open_ticket import open_instance
from store.database.types import moment
from store.schema.tables import tickets

ANALYTICS = "/api/v1/sla-policies/analytics"
PERIOD = {"startDate": "2026-03-01", "endDate": "2026-03-08"}
NOW = "2026-03-11T00:00:00Z"
NOTHING = {"CRITICAL": 0, "HIGH": 0, "MEDIUM": 0, "LOW": 0}
POLICIES = (
    {"priority": "LOW", "responseTimeMinutes": 60, "resolveTimeMinutes": 600},
    {
        "priority": "CRITICAL",
        "responseTimeMinutes": 15,
        "resolveTimeMinutes": 60,
        "uptimeTarget": 99.9,
        "responseThreshold": 50,
        "resolveThreshold": 66.67,
    },
)

# Each opened at 9:00 on a day of March, with minutes until it was acknowledged and resolved.
TICKETS: dict[str, tuple[str, int, int | None, int | None]] = {
    "both kept": ("CRITICAL", 2, 10, 40),
    "answered late": ("CRITICAL", 3, 20, 50),
    "nothing kept": ("CRITICAL", 4, 30, 90),
    "nobody answers": ("LOW", 5, None, None),
    "after the period": ("CRITICAL", 9, 1, 2),
}


async def happens(api: Any, subject: str, priority: str, day: int, *minutes: int | None) -> None:
    """Until the store knows all of it."""
    ticket = Ticket(InstanceId(Kind.SLA, SubjectType.TICKET, subject), priority, origin=Origin.V1)
    await open_instance(api.dependencies, api.organization, ticket, at(day, 0))
    told = 1
    for command, minute in zip(("acknowledge", "resolve"), minutes, strict=True):
        if minute is not None:
            body = {"occurred_at": at(day, minute), "event_id": f"{command} {subject}"}
            answer = await api.post(f"/instances/{ticket.instance}/{command}", body)
            assert answer.status_code in (200, 202), answer.text
            told += 1
    for _ in range(200):
        loaded = await api.dependencies.store.instances.load(api.organization, str(ticket.instance))
        if loaded is not None and len(loaded.events) == told and loaded.is_complete:
            return
        await asyncio.sleep(0.05)
    raise AssertionError("the store does not follow")


def at(day: int, minute: int) -> str:
    return f"2026-03-{day:02}T{9 + minute // 60:02}:{minute % 60:02}:00Z"


async def row(api: Any, id_: str, priority: str, *turns: tuple[str, str]) -> None:
    """A ticket's row with the statuses it took and when."""
    values = {
        "organization": api.organization,
        "id": id_,
        "title": id_,
        "description": "",
        "priority": priority,
        "status": turns[-1][0],
        "version": len(turns),
        "history": [{"status": status, "at": when} for status, when in turns],
        "created_at": moment(parse(turns[0][1])),
        "updated_at": moment(parse(turns[-1][1])),
    }
    await api.dependencies.store.database.write(lambda conn: conn.execute(sa.insert(tickets).values(values)))


async def created(api: Any, **changes: Any) -> str:
    answer = await api.http.post("/api/v1/sla-policies", json={"name": changes["priority"].capitalize(), **changes})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def analytics(api: Any, **params: str) -> dict[str, Any]:
    answer = await api.http.get(ANALYTICS, params=params)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def all_of_it(api: Any) -> None:
    for policy in POLICIES:
        await created(api, **policy)
    for subject, told in TICKETS.items():
        await happens(api, subject, *told)


@pytest.fixture
async def desk(filled: Any) -> Any:
    """All of `TICKETS`; asked in the first instant of 11 March."""
    api = await filled(all_of_it)
    api.use(now=lambda: parse(NOW))
    return api


async def test_breaches_are_counted_by_priority_and_by_window(desk: Any) -> None:
    found = await analytics(desk, **PERIOD)
    assert found["period"] == {**PERIOD, "timezone": "UTC"}
    assert found["responseBreachesByPriority"] == {**NOTHING, "CRITICAL": 2, "LOW": 1}
    assert found["resolveBreachesByPriority"] == {**NOTHING, "CRITICAL": 1, "LOW": 1}
    assert found["breachesByPriority"] == {**NOTHING, "CRITICAL": 3, "LOW": 2}


async def test_averages_are_of_what_has_been_reached(desk: Any) -> None:
    found = await analytics(desk, **PERIOD)
    assert (found["averageResponseMinutes"], found["averageResolveMinutes"]) == (20.0, 60.0)
    critical, low = found["policies"]
    assert (critical["averageResponseMinutes"], critical["averageResolveMinutes"]) == (20.0, 60.0)
    assert (low["averageResponseMinutes"], low["averageResolveMinutes"]) == (None, None)


async def test_compliance_is_compared_with_the_thresholds_of_each_policy(desk: Any) -> None:
    critical, low = (await analytics(desk, **PERIOD))["policies"]
    ids = {one["priority"]: one["id"] for one in (await desk.http.get("/api/v1/sla-policies")).json()}
    assert (critical["policyId"], critical["name"], critical["priority"]) == (ids["CRITICAL"], "Critical", "CRITICAL")
    assert response(critical) == (33.33, 50, False)
    # Two of three are not two thirds and a bit.
    assert resolve(critical) == (66.67, 66.67, False)
    assert (low["policyId"], low["priority"]) == (ids["LOW"], "LOW")
    assert (response(low), resolve(low)) == ((0.0, None, None), (0.0, None, None))


def response(policy: dict[str, Any]) -> tuple[Any, ...]:
    return policy["responseCompliance"], policy["responseThreshold"], policy["responseCompliant"]


def resolve(policy: dict[str, Any]) -> tuple[Any, ...]:
    return policy["resolveCompliance"], policy["resolveThreshold"], policy["resolveCompliant"]


async def test_what_reaches_its_threshold_complies(desk: Any) -> None:
    (policy, _) = (await desk.http.get("/api/v1/sla-policies")).json()
    body = {name: policy[name] for name in ("name", "priority", "responseTimeMinutes", "resolveTimeMinutes")}
    path = f"/api/v1/sla-policies/{policy['id']}"
    await desk.http.put(path, json={**body, "responseThreshold": 33.3, "resolveThreshold": 66.66})
    critical, _ = (await analytics(desk, **PERIOD))["policies"]
    assert (response(critical), resolve(critical)) == ((33.33, 33.3, True), (66.67, 66.66, True))


async def test_a_period_in_which_nothing_ended_has_neither_rates_nor_averages(desk: Any) -> None:
    found = await analytics(desk, startDate="2026-03-06", endDate="2026-03-08")
    assert (found["breachesByPriority"], found["averageResponseMinutes"]) == (NOTHING, None)
    critical, _ = found["policies"]
    assert (response(critical), resolve(critical)) == ((None, 50, None), (None, 66.67, None))


async def test_without_a_period_it_is_the_last_thirty_days(desk: Any) -> None:
    found = await analytics(desk)
    assert found["period"] == {"startDate": "2026-02-10", "endDate": "2026-03-11", "timezone": "UTC"}
    critical, _ = found["policies"]
    assert (response(critical), critical["averageResponseMinutes"]) == ((50.0, 50, True), 15.25)


async def test_clocks_of_v2_do_not_count(desk: Any) -> None:
    await desk.with_worker()
    policy = await desk.policy(conditions=[], targets=[{"type": "resolution", "minutes": 1}])
    opening = {"ticket_id": "v2", "priority": "CRITICAL", "occurred_at": at(2, 0)}
    assert (await desk.post("/instances", opening)).status_code == 201
    summary = (await desk.get("/analytics/summary", start_date="2026-03-01", policy_id=policy["id"])).json()
    assert summary["counts"]["breached"] == 1
    assert (await analytics(desk, **PERIOD))["breachesByPriority"] == {**NOTHING, "CRITICAL": 3, "LOW": 2}


async def test_a_deleted_policy_is_not_listed_and_its_breaches_still_count(desk: Any) -> None:
    await desk.with_worker()
    low = (await desk.http.get("/api/v1/sla-policies")).json()[1]
    assert (await desk.post("/instances/inst_sla_ticket_nobody~20answers/resolve")).status_code == 200
    for _ in range(200):
        if (await desk.http.delete(f"/api/v1/sla-policies/{low['id']}")).status_code == 204:
            break
        await asyncio.sleep(0.05)
    found = await analytics(desk, **PERIOD)
    assert [policy["priority"] for policy in found["policies"]] == ["CRITICAL"]
    assert found["breachesByPriority"]["LOW"] == 2


async def test_uptime_is_the_month_without_the_union_of_a_prioritys_incidents(api: Any) -> None:
    await created(api, **POLICIES[1])
    await created(api, priority="LOW", responseTimeMinutes=1, resolveTimeMinutes=1)
    await row(api, "1", "CRITICAL", ("OPEN", "2026-03-02T09:00:00Z"), ("RESOLVED", "2026-03-02T09:10:00Z"))
    await row(api, "2", "CRITICAL", ("OPEN", "2026-03-02T09:05:00Z"), ("ACKNOWLEDGED", "2026-03-02T09:06:00Z"))
    await row(api, "3", "HIGH", ("OPEN", "2026-02-02T09:05:00Z"), ("CLOSED", "2026-03-02T00:00:00Z"))
    api.use(now=lambda: parse("2026-03-02T09:12:00Z"))
    critical, high, medium, low = (await analytics(api))["uptime"]
    # Of 44,640 minutes a thousandth; of the 1,992 that have passed twelve were down.
    assert critical == {
        "priority": "CRITICAL",
        "uptimeTarget": 99.9,
        "uptime": 99.3975,
        "downtimeMinutes": 12.0,
        "allowedDowntimeMinutes": 44.64,
        "remainingDowntimeMinutes": 32.64,
        "targetMet": False,
        "excusedDowntimeMinutes": 0.0,
    }
    left = ("uptimeTarget", "allowedDowntimeMinutes", "remainingDowntimeMinutes", "targetMet")
    untold: dict[str, Any] = {**dict.fromkeys(left), "excusedDowntimeMinutes": 0.0}
    assert high == {"priority": "HIGH", "uptime": 27.7108, "downtimeMinutes": 1440.0, **untold}
    assert medium == {"priority": "MEDIUM", "uptime": 100.0, "downtimeMinutes": 0.0, **untold}
    assert low == {"priority": "LOW", "uptime": 100.0, "downtimeMinutes": 0.0, **untold}


async def test_a_ticket_is_an_incident_from_when_it_opens_until_it_is_resolved_and_again_once_reopened(
    api: Any,
) -> None:
    await api.with_worker()

    async def become(status: str, when: str) -> None:
        api.use(now=lambda: parse(when))
        answer = await api.http.patch(f"/api/v1/tickets/{ticket['id']}", json={"status": status})
        assert answer.status_code in (200, 202), answer.text

    api.use(now=lambda: parse("2026-03-10T08:00:00Z"))
    ticket = (await api.http.post("/api/v1/tickets", json={"title": "Down", "priority": "HIGH"})).json()
    await become("OPEN", "2026-03-10T09:00:00Z")
    await become("ACKNOWLEDGED", "2026-03-10T09:05:00Z")
    await become("RESOLVED", "2026-03-10T09:20:00Z")
    await become("OPEN", "2026-03-10T10:00:00Z")
    api.use(now=lambda: parse("2026-03-10T10:01:30Z"))
    assert (await analytics(api))["uptime"][1]["downtimeMinutes"] == 21.5


async def test_days_and_the_month_are_those_of_the_organizations_zone(api: Any) -> None:
    await created(api, **POLICIES[1])
    await row(api, "1", "CRITICAL", ("OPEN", "2026-03-31T20:00:00Z"), ("RESOLVED", "2026-03-31T23:00:00Z"))
    api.use(now=lambda: parse("2026-03-31T22:30:00Z"))
    assert (await analytics(api))["uptime"][0]["downtimeMinutes"] == 150.0
    await api.http.patch("/api/v2/sla/organization", json={"timezone": "Europe/Berlin"})
    found = await analytics(api)
    assert found["period"]["endDate"] == "2026-04-01"
    assert (found["uptime"][0]["downtimeMinutes"], found["uptime"][0]["uptime"]) == (30.0, 0.0)
    assert found["uptime"][0]["allowedDowntimeMinutes"] == 43.2


WRONG: list[tuple[dict[str, str], str]] = [
    ({"startDate": "yesterday"}, "startDate"),
    ({"endDate": "2026-02-30"}, "endDate"),
    ({"startDate": "1969-12-31"}, "startDate"),
    ({"startDate": "2026-03-08", "endDate": "2026-03-07"}, "endDate"),
    ({"startDate": "2100-01-01"}, "startDate"),
]


@pytest.mark.parametrize(("params", "field"), WRONG, ids=str)
async def test_a_period_that_is_none_is_refused_by_the_name_of_its_field(
    api: Any, params: dict[str, str], field: str
) -> None:
    answer = await api.http.get(ANALYTICS, params=params)
    assert (answer.status_code, answer.json()["field"], answer.json()["value"]) == (422, field, params[field])
    assert answer.json()["detail"].startswith(f"{field}: ")
