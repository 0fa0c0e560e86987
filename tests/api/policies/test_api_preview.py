from __future__ import annotations

from typing import Any

EVERY_DAY = {
    "timezone": "America/New_York",
    "weekly_hours": {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")},
}
SEED = {"start_at": "2026-03-08T09:00:00Z", "duration_minutes": 240}
ANSWER = {"deadline_at": "2026-03-08T17:00:00Z", "business_minutes": 240, "calendar_minutes": 480}


async def test_the_documented_preview_reproduces_exactly(api: Any) -> None:
    hours = (await api.post("/business-hours", {"name": "New York", **EVERY_DAY})).json()
    answer = await api.post("/preview-deadline", {**SEED, "business_hours_id": hours["id"]})
    assert answer.status_code == 200
    assert answer.text == '{"deadline_at":"2026-03-08T17:00:00Z","business_minutes":240,"calendar_minutes":480}'


async def test_hours_may_be_given_inline(api: Any) -> None:
    answer = await api.post("/preview-deadline", {**SEED, "business_hours": EVERY_DAY})
    assert answer.json() == ANSWER


async def test_without_hours_the_organizations_default_counts(api: Any) -> None:
    answer = await api.post("/preview-deadline", {"start_at": "2026-03-06T16:00:00Z", "duration_minutes": 120})
    assert answer.json() == {
        "deadline_at": "2026-03-09T10:00:00Z",
        "business_minutes": 120,
        "calendar_minutes": 66 * 60,
    }


async def test_fractional_minutes_are_exact(api: Any) -> None:
    body = {"business_hours": {"always": True}, "start_at": "2026-03-08T09:00:00+01:00", "duration_minutes": 0.25}
    answer = await api.post("/preview-deadline", body)
    assert answer.json() == {
        "deadline_at": "2026-03-08T08:00:15Z",
        "business_minutes": 0.25,
        "calendar_minutes": 0.25,
    }


async def test_unknown_hours_are_named(api: Any) -> None:
    answer = await api.post("/preview-deadline", {**SEED, "business_hours_id": "bh_abc123"})
    assert (answer.status_code, answer.json()["field"], answer.json()["value"]) == (
        422,
        "business_hours_id",
        "bh_abc123",
    )


async def test_an_id_and_inline_hours_contradict_each_other(api: Any) -> None:
    answer = await api.post("/preview-deadline", {**SEED, "business_hours_id": "bh_1", "business_hours": EVERY_DAY})
    assert (answer.status_code, answer.json()["field"]) == (422, "business_hours")


async def test_more_working_time_than_there_is_before_2101_is_refused(api: Any) -> None:
    answer = await api.post("/preview-deadline", {**SEED, "duration_minutes": 52_000_000})
    assert (answer.status_code, answer.json()["code"]) == (422, "working_time_exhausted")
    assert answer.json()["field"] == "business_hours"
    assert answer.json()["value"].startswith(f"{52_000_000 * 60} seconds from 20")
