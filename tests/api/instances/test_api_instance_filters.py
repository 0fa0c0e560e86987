from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest

from domain.access.subscriptions import Subscription
from domain.instants import HOUR, Instant, parse, render
from domain.plan.status import InstanceStatus

NINE = parse("2026-03-09T09:00:00Z")


def at(hours: float) -> str:
    return render(Instant(NINE + round(hours * HOUR)))


@dataclass
class Clock:
    """The API's clock, which stands until it is moved."""

    hours: float = 0

    def __call__(self) -> Instant:
        return parse(at(self.hours))


async def opened(api: Any, subject: str, hours: float) -> None:
    """Due an hour and four hours later."""
    answer = await api.post("/instances", {"ticket_id": subject, "priority": "urgent", "occurred_at": at(hours)})
    assert answer.status_code == 201, answer.text


async def listed(api: Any, **filters: Any) -> list[str]:
    page = (await api.get("/instances", **filters)).json()
    assert page["total"] == len(page["data"])
    return [one["ticket_id"] for one in page["data"]]


@pytest.fixture
async def desk(api: Any) -> Any:
    """Three tickets, opened at 7, 8 and 9 o'clock; it is 9 o'clock."""
    api.use(now=Clock())
    await api.policy(targets=[{"type": "resolution", "hours": 4}])
    for subject, hours in (("seven", -2), ("eight", -1), ("nine", 0)):
        await opened(api, subject, hours)
    return api


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"due_after": at(3)}, ["eight", "nine"]),
        ({"due_after": at(3.001)}, ["nine"]),
        ({"due_before": at(3)}, ["seven"]),
        ({"due_after": at(2), "due_before": at(4)}, ["seven", "eight"]),
        ({"due_after": at(2), "due_before": at(2.001)}, ["seven"]),
        ({"opened_after": at(-1)}, ["eight", "nine"]),
        ({"opened_before": at(-1)}, ["seven"]),
        ({"opened_after": at(-2), "opened_before": at(0)}, ["seven", "eight"]),
        ({"opened_after": "2026-03-09T09:00:00+01:00", "due_before": at(3.5)}, ["eight"]),
        ({"opened_after": at(1)}, []),
        ({"due_after": at(3), "status": "active", "priority": "urgent", "kind": "sla", "ticket_id": "nine"}, ["nine"]),
        ({"status": "untracked"}, []),
        ({"ticket_id": ["nine", "seven"]}, ["seven", "nine"]),
        ({"status": ["breached", "active"], "priority": ["low", "urgent"]}, ["seven", "eight", "nine"]),
        ({"status": ["breached", "paused"]}, []),
        ({"kind": ["ola", "sla"], "due_before": at(3)}, ["seven"]),
    ],
)
async def test_a_list_is_narrowed_by_when_it_is_due_and_when_it_was_opened(
    desk: Any, filters: dict[str, Any], found: list[str]
) -> None:
    assert await listed(desk, **filters) == found


async def test_what_is_due_no_more_is_listed_last_and_outside_every_due_range(desk: Any) -> None:
    await desk.with_worker()
    desk.use(now=Clock(1))
    assert (await desk.post("/instances/inst_sla_ticket_seven/resolve", {"occurred_at": at(0)})).status_code == 200
    for _ in range(100):
        if await listed(desk, status="met") == ["seven"]:
            break
        await asyncio.sleep(0.05)
    assert await listed(desk) == ["eight", "nine", "seven"]
    assert await listed(desk, due_after=at(-100), due_before=at(100)) == ["eight", "nine"]


async def test_the_filter_and_the_status_shown_agree_at_every_instant(desk: Any) -> None:
    """No worker records anything: only the clock moves."""
    clock = Clock()
    desk.use(now=clock)
    for hours, breached in ((1.999999, 0), (2, 1), (3, 2), (3.999999, 2), (4, 3)):
        clock.hours = hours
        for status in InstanceStatus:
            page = (await desk.get("/instances", status=status.value)).json()
            expected = {"breached": breached, "active": 3 - breached}.get(status, 0)
            assert (page["total"], len(page["data"])) == (expected, expected)
            assert all(one["status"] == status for one in page["data"])
            assert all((one["targets"]["resolution"]["met"] is False) == (status == "breached") for one in page["data"])


@pytest.mark.parametrize(
    ("filters", "field"),
    [
        ({"status": "open"}, "status"),
        ({"status": ["active", "open"]}, "status"),
        ({"kind": "xla"}, "kind"),
        ({"due_after": "yesterday"}, "due_after"),
        ({"due_before": "2026-03-09T09:00:00"}, "due_before"),
        ({"opened_after": "2026-02-30T09:00:00Z"}, "opened_after"),
        ({"opened_before": "1"}, "opened_before"),
        ({"due_after": at(1), "due_before": at(1)}, "due_before"),
        ({"opened_after": at(1), "opened_before": at(0)}, "opened_before"),
        ({"ticket_id": "1", "incident_id": "1"}, "incident_id"),
        ({"due_after": [at(1), at(2)]}, "due_after"),
        ({"limit": 101}, "limit"),
        ({"offset": -1}, "offset"),
    ],
)
async def test_a_filter_that_makes_no_sense_is_refused_and_named(api: Any, filters: dict[str, Any], field: str) -> None:
    answer = await api.get("/instances", **filters)
    assert (answer.status_code, answer.json()["field"]) == (422, field)


async def test_below_enterprise_the_kind_ola_needs_the_plan(api: Any) -> None:
    await api.dependencies.store.organizations.change(api.organization, subscription=Subscription.PROFESSIONAL)
    answers = [
        await api.get("/instances", kind="ola"),
        await api.post("/instances", {"ticket_id": "1", "kind": "ola", "priority": "urgent"}),
    ]
    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(403, "plan_required")}
    assert (await api.get("/instances", kind="sla")).status_code == 200
