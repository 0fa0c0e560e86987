"""Late events from the request to the reports: what they withdraw, what they prove, and what was known before them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

PERIOD = {"start_date": "2026-03-01", "end_date": "2026-03-08"}
OPENED, ON_TIME, DUE, TOO_LATE = (f"2026-03-02T{time}:00Z" for time in ("09:00", "09:40", "10:00", "15:00"))
PROMISE = [{"type": "resolution", "hours": 1}]


@pytest.fixture
async def desk(api: Any) -> Any:
    """It promises a resolution within an hour."""
    await api.policy(targets=PROMISE)
    await api.with_worker()
    return api


async def tells(api: Any, path: str, command: str, occurred_at: str, **body: Any) -> dict[str, Any]:
    answer = await api.post(f"{path}/{command}", {"occurred_at": occurred_at, **body})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def ended(api: Any, path: str) -> None:
    await api.ended(path.rpartition("/")[2])


async def recorded(api: Any, path: str, firings: int, withdrawn: int = 0) -> Any:
    """The instance in the store, once it holds so many firings."""
    for _ in range(200):
        loaded = await api.dependencies.store.instances.load(api.organization, path.rpartition("/")[2])
        ledger = () if loaded is None else loaded.ledger
        if (len(ledger), sum(not firing.stands for firing in ledger)) == (firings, withdrawn) and loaded.is_complete:
            return loaded
        await asyncio.sleep(0.05)
    raise AssertionError(f"the store holds {ledger}")


async def counts(api: Any) -> tuple[int, int]:
    summary = (await api.get("/analytics/summary", **PERIOD)).json()["counts"]
    return summary["met"], summary["breached"]


def now() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


async def test_an_event_late_by_days_for_a_finished_instance_withdraws_its_breach_and_the_reports_count_the_truth(
    desk: Any,
) -> None:
    path = f"/instances/{(await desk.ticket(occurred_at=OPENED))['id']}"
    await recorded(desk, path, firings=3)
    assert (await tells(desk, path, "resolve", TOO_LATE))["status"] == "breached"
    await ended(desk, path)
    assert await counts(desk) == (0, 1)
    believed = now()
    corrected = await tells(desk, path, "resolve", ON_TIME, event_id="days late")
    assert (corrected["status"], corrected["targets"]["resolution"]["breached_at"]) == ("met", None)
    await ended(desk, path)
    assert await counts(desk) == (1, 0)
    assert (await desk.get("/analytics/breaches", **PERIOD)).json()["total"] == 0
    kept = (await recorded(desk, path, firings=3, withdrawn=2)).ledger
    assert {firing.key.milestone: firing.stands for firing in kept} == {
        "halfway": True,
        "at_risk": False,
        "breached": False,
    }
    before = (await desk.get(path, as_of=believed)).json()
    assert (before["status"], before["targets"]["resolution"]["breached_at"]) == ("breached", DUE)
    assert [one["fired_at"] is None for one in before["targets"]["resolution"]["milestones"]] == [False, False, False]


async def test_a_late_event_that_proves_an_earlier_breach_records_it_at_its_true_instant(desk: Any) -> None:
    path = f"/instances/{(await desk.ticket(occurred_at='2026-03-02T23:30:00Z'))['id']}"
    await tells(desk, path, "pause", "2026-03-02T23:45:00Z", event_id="p")
    assert (await tells(desk, path, "resolve", "2026-03-04T12:00:00Z", event_id="s"))["status"] == "met"
    await ended(desk, path)
    assert await counts(desk) == (1, 0)
    proven = await tells(desk, path, "resume", "2026-03-02T23:50:00Z", event_id="it went on")
    assert (proven["status"], proven["targets"]["resolution"]["breached_at"]) == ("breached", "2026-03-03T00:35:00Z")
    await ended(desk, path)
    assert await counts(desk) == (0, 1)
    (breach,) = (await desk.get("/analytics/breaches", start_date="2026-03-03", end_date="2026-03-03")).json()["data"]
    assert breach["due_at"] == "2026-03-03T00:35:00Z"
    loaded = await desk.dependencies.store.instances.load(desk.organization, path.rpartition("/")[2])
    assert {one.key.milestone for one in loaded.ledger if one.stands} == {"halfway", "at_risk", "breached"}


async def test_a_late_event_and_a_reopening_continue_a_finished_instance_over_every_way_in(desk: Any) -> None:
    subject = "conv_again"
    path = f"/instances/{(await desk.ticket(subject, occurred_at=OPENED))['id']}"
    await tells(desk, path, "resolve", ON_TIME)
    await ended(desk, path)
    body = {"type": "reopened", "conversation_id": subject, "occurred_at": "2026-03-02T12:00:00Z", "event_id": "again"}
    again = await desk.post("/events", body)
    assert again.status_code == 200, again.text
    reopened = (await desk.get(path)).json()
    target = reopened["targets"]["resolution"]
    assert (reopened["closed_at"], target["due_at"]) == (None, "2026-03-02T12:20:00Z")
    assert (await tells(desk, path, "resolve", "2026-03-02T12:10:00Z", event_id="done"))["status"] == "met"
    await ended(desk, path)
    assert await counts(desk) == (1, 0)


async def test_what_was_known_grows_with_what_arrives(desk: Any) -> None:
    before = now()
    path = f"/instances/{(await desk.ticket(occurred_at=OPENED))['id']}"
    await recorded(desk, path, firings=3)
    opened = now()
    await tells(desk, path, "pause", "2026-03-02T09:10:00Z", cause="customer")
    paused = now()
    await tells(desk, path, "resolve", "2026-03-02T10:30:00Z")
    await ended(desk, path)
    unheard_of = await desk.get(path, as_of=before)
    assert (unheard_of.status_code, unheard_of.json()["field"]) == (404, "as_of")
    assert unheard_of.json()["value"] == before
    known = [(await desk.get(path, as_of=instant)).json() for instant in (opened, paused, now())]
    assert [one["status"] for one in known] == ["breached", "paused", "met"]
    assert [one["as_of"] for one in known][:2] == [opened, paused]
    assert known[1]["targets"]["resolution"]["elapsed_seconds"] == 600
    assert [one["closed_at"] for one in known] == [None, None, "2026-03-02T10:30:00Z"]


@pytest.mark.parametrize("as_of", ["yesterday", "2026-03-02", "2026-03-02T10:00:00", ""])
async def test_an_instant_that_is_none_is_refused(desk: Any, as_of: str) -> None:
    path = f"/instances/{(await desk.ticket())['id']}"
    refused = await desk.get(path, as_of=as_of)
    assert (refused.status_code, refused.json()["field"], refused.json()["value"]) == (422, "as_of", as_of)


async def test_nobody_knows_the_future_or_a_stranger(desk: Any) -> None:
    path = f"/instances/{(await desk.ticket())['id']}"
    ahead = (datetime.now(UTC) + timedelta(minutes=1)).isoformat()
    refused = await desk.get(path, as_of=ahead)
    assert (refused.status_code, refused.json()["field"]) == (422, "as_of")
    stranger = await desk.get("/instances/inst_sla_ticket_none", as_of=now())
    assert (stranger.status_code, stranger.json()["field"]) == (404, "instance_id")
