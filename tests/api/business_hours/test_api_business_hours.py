from __future__ import annotations

import asyncio
from typing import Any

BERLIN = {
    "name": "Support, Berlin",
    "timezone": "Europe/Berlin",
    "weekly_hours": {"mon": [["09:00", "12:00"], ["13:00", "17:00"]], "fri": [["22:00", "06:00"]]},
    "holidays": ["2026-12-25", {"date": "2026-12-26", "name": "Boxing Day"}],
    "special_days": {"2026-12-24": [["09:00", "12:00"]]},
    "breaks": {"2026-03-02": [["15:00", "15:30"]]},
}


async def berlin(api: Any) -> dict[str, Any]:
    answer = await api.post("/business-hours", BERLIN)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def test_business_hours_come_back_as_they_were_given(api: Any) -> None:
    created = await berlin(api)
    assert created["id"].startswith("bh_")
    assert {name: created[name] for name in BERLIN} == BERLIN
    assert (created["version"], created["is_default"]) == (1, False)
    assert (await api.get(f"/business-hours/{created['id']}")).json() == created


async def test_a_new_organization_works_weekdays_nine_to_five_in_utc(api: Any) -> None:
    page = (await api.get("/business-hours")).json()
    [default] = page["data"]
    assert page["total"] == 1
    assert default["is_default"] is True
    assert default["timezone"] == "UTC"
    assert default["weekly_hours"] == {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}


async def test_a_patch_changes_only_what_it_names(api: Any) -> None:
    created = await berlin(api)
    answer = await api.http.patch(f"/api/v2/sla/business-hours/{created['id']}", json={"holidays": ["2027-01-01"]})
    changed = answer.json()
    assert answer.status_code == 200
    assert changed["holidays"] == ["2027-01-01"]
    assert changed["version"] == 2
    untouched = ("id", "name", "timezone", "weekly_hours", "special_days", "breaks", "created_at")
    assert {name: changed[name] for name in untouched} == {name: created[name] for name in untouched}


async def test_patches_of_different_fields_at_the_same_moment_all_count(api: Any) -> None:
    for _ in range(5):
        path = f"/api/v2/sla/business-hours/{(await berlin(api))['id']}"
        changes: list[dict[str, Any]] = [{"name": "Renamed"}, {"holidays": ["2027-01-01"]}, {"breaks": {}}]
        answers = await asyncio.gather(*(api.http.patch(path, json=change) for change in changes))
        assert [answer.status_code for answer in answers] == [200, 200, 200]
        changed = (await api.http.get(path)).json()
        assert changed["version"] == 4
        assert [{name: changed[name] for name in change} for change in changes] == changes


async def test_an_empty_patch_makes_no_version(api: Any) -> None:
    created = await berlin(api)
    answer = await api.http.patch(f"/api/v2/sla/business-hours/{created['id']}", json={})
    assert answer.json() == created


async def test_the_default_calendar_can_be_changed(api: Any) -> None:
    [default] = (await api.get("/business-hours")).json()["data"]
    hours = {"timezone": "Asia/Tokyo", "weekly_hours": {"sun": [["00:00", "24:00"]]}}
    answer = await api.http.patch(f"/api/v2/sla/business-hours/{default['id']}", json=hours)
    assert answer.json()["timezone"] == "Asia/Tokyo"
    assert answer.json()["weekly_hours"] == {"sun": [["00:00", "24:00"]]}


async def test_hours_may_become_round_the_clock_and_ordinary_again(api: Any) -> None:
    created = await berlin(api)
    path = f"/api/v2/sla/business-hours/{created['id']}"
    always = (await api.http.patch(path, json={"always": True})).json()
    again = (await api.http.patch(path, json={"timezone": "UTC", "weekly_hours": {"mon": [["09:00", "17:00"]]}})).json()
    assert (always["always"], always["weekly_hours"]) == (True, {})
    assert (again["always"], again["timezone"]) == (False, "UTC")


async def test_hours_without_working_time_are_refused(api: Any) -> None:
    answer = await api.post("/business-hours", {"name": "Never", "timezone": "UTC", "weekly_hours": {"mon": []}})
    assert (answer.status_code, answer.json()["field"]) == (422, "weekly_hours")


async def test_hours_whose_holidays_close_every_date_are_refused_where_they_are_made_and_changed(api: Any) -> None:
    whole_year = [{"from": "01-01", "to": "12-31"}]
    hours = {"name": "Never", "timezone": "UTC", "weekly_hours": {"mon": [["09:00", "17:00"]]}}
    made = await api.post("/business-hours", {**hours, "holidays": whole_year})
    assert (made.status_code, made.json()["field"], made.json()["value"]) == (422, "holidays", whole_year)
    path = f"/api/v2/sla/business-hours/{(await berlin(api))['id']}"
    changed = await api.http.patch(path, json={"holidays": whole_year})
    assert (changed.status_code, changed.json()["field"]) == (422, "holidays")


async def test_deleted_hours_are_gone(api: Any) -> None:
    created = await berlin(api)
    path = f"/api/v2/sla/business-hours/{created['id']}"
    assert (await api.http.delete(path)).status_code == 204
    assert (await api.http.get(path)).status_code == 404
    assert (await api.http.delete(path)).status_code == 404
    assert (await api.http.patch(path, json={"name": "x"})).status_code == 404


async def test_hours_that_a_policy_uses_are_kept(api: Any) -> None:
    created = await berlin(api)
    policy = await api.policy(business_hours_id=created["id"])
    answer = await api.http.delete(f"/api/v2/sla/business-hours/{created['id']}")
    assert answer.status_code == 409
    assert policy["id"] in answer.json()["detail"]


async def test_the_default_calendar_cannot_be_deleted(api: Any) -> None:
    [default] = (await api.get("/business-hours")).json()["data"]
    answer = await api.http.delete(f"/api/v2/sla/business-hours/{default['id']}")
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
