"""Holidays out of an iCalendar file, over the API."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.business_hours.test_icalendar_files import file

HOURS = {"name": "Support", "timezone": "Europe/Berlin", "weekly_hours": {"fri": [["09:00", "17:00"]]}}
OUTING = "DTSTART;VALUE=DATE:20260605\nSUMMARY:Outing"
EVE = "DTSTART:20201224T120000\nDURATION:PT12H\nRRULE:FREQ=YEARLY;UNTIL=20261231\nSUMMARY:Eve"


async def hours(api: Any, **change: Any) -> str:
    return str((await api.post("/business-hours", {**HOURS, "holidays": ["2026-01-02"], **change})).json()["id"])


async def imported(api: Any, made: str, **body: Any) -> Any:
    return await api.post(f"/business-hours/{made}/holidays:import", body)


async def test_imported_events_stand_beside_the_holidays_there_are(api: Any) -> None:
    made = await hours(api)
    answer = await imported(api, made, ical=file(OUTING, "DTSTART;VALUE=DATE:20260102"))
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert (body["imported"], body["skipped"], body["business_hours"]["version"]) == (2, 0, 2)
    assert body["business_hours"]["holidays"] == ["2026-01-02", {"date": "2026-06-05", "name": "Outing"}]
    assert (await api.get(f"/business-hours/{made}")).json() == body["business_hours"]
    (day,) = (await api.get(f"/business-hours/{made}/days", **{"from": "2026-06-05", "to": "2026-06-05"})).json()[
        "days"
    ]
    assert (day["open"], day["holidays"]) == ([], [{"name": "Outing", "closed": None}])


async def test_a_file_may_be_larger_than_other_bodies(api: Any) -> None:
    made = await hours(api)
    wordy = f"{OUTING}\nDESCRIPTION:" + "in every language " * 20_000
    answer = await imported(api, made, ical=file(wordy))
    assert (answer.status_code, answer.json()["imported"]) == (200, 1)
    beyond = await imported(api, made, ical=file(wordy + "x" * 1024 * 1024))
    assert (beyond.status_code, beyond.json()["code"]) == (413, "content_too_large")


async def test_the_same_file_again_makes_no_version(api: Any) -> None:
    made = await hours(api)
    for _ in range(2):
        answer = (await imported(api, made, ical=file(OUTING, EVE))).json()
        assert answer["business_hours"]["version"] == 2


async def test_an_import_may_replace_the_holidays_there_were(api: Any) -> None:
    made = await hours(api)
    answer = (await imported(api, made, ical=file(OUTING), replace=True)).json()
    assert answer["business_hours"]["holidays"] == [{"date": "2026-06-05", "name": "Outing"}]


async def test_an_event_that_cannot_be_read_is_named_and_the_others_are_taken(api: Any) -> None:
    made = await hours(api)
    answer = (await imported(api, made, ical=file(OUTING, "SUMMARY:Lost"))).json()
    assert (answer["imported"], answer["skipped"], answer["business_hours"]["version"]) == (1, 0, 2)
    assert answer["unread"] == [{"event": "event 2 (Lost)", "reason": "DTSTART must be given"}]


async def test_a_file_that_cannot_be_read_whole_changes_nothing_where_it_is_read_strictly(api: Any) -> None:
    made = await hours(api)
    answer = await imported(api, made, ical=file(OUTING, "SUMMARY:Lost"), strict=True)
    assert (answer.status_code, answer.json()["field"], answer.json()["value"]) == (422, "ical", "event 2 (Lost)")
    assert (await api.get(f"/business-hours/{made}")).json()["version"] == 1


@pytest.mark.parametrize("body", [{}, {"ical": 7}, {"ical": file(), "mode": "add"}])
async def test_a_body_without_a_file_is_refused(api: Any, body: dict[str, Any]) -> None:
    assert (await imported(api, await hours(api), **body)).status_code == 422


async def test_hours_around_the_clock_take_no_holidays(api: Any) -> None:
    made = (await api.post("/business-hours", {"name": "Always", "always": True})).json()["id"]
    answer = await imported(api, made, ical=file(OUTING))
    assert (answer.status_code, answer.json()["field"]) == (422, "business_hours_id")


async def test_the_import_says_who_made_it(api: Any) -> None:
    made = await hours(api)
    await imported(api, made, ical=file(OUTING))
    versions = (await api.get(f"/business-hours/{made}/versions")).json()["data"]
    assert [one["changed_by_name"] is not None for one in versions] == [True, True]
