"""Business hours that are made of others, over the API."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.business_hours.test_icalendar_files import file

LONDON = {"timezone": "Europe/London", "weekly_hours": {"mon": [["09:00", "17:00"]]}}
PACIFIC = {"timezone": "America/Los_Angeles", "weekly_hours": {"mon": [["09:00", "17:00"]]}}
OUTING = "DTSTART;VALUE=DATE:20260605"
MONDAY = {"from": "2026-03-02", "to": "2026-03-02"}


async def create(api: Any, name: str, **hours: Any) -> dict[str, Any]:
    answer = await api.post("/business-hours", {"name": name, **hours})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def both(api: Any, how: str = "union_of") -> tuple[str, str, dict[str, Any]]:
    london, pacific = (await create(api, "London", **LONDON))["id"], (await create(api, "Pacific", **PACIFIC))["id"]
    return london, pacific, await create(api, "Both", **{how: [london, pacific]})


async def minutes(api: Any, made: str, **days: Any) -> float:
    return float((await api.get(f"/business-hours/{made}/days", **(days or MONDAY))).json()["working_minutes"])


async def test_business_hours_may_name_others_that_they_are_made_of(api: Any) -> None:
    london, pacific, made = await both(api)
    assert (made["union_of"], made["intersection_of"], made["timezone"]) == ([london, pacific], [], "Europe/London")
    assert await minutes(api, made["id"]) == (8 + 7) * 60
    asked = {"business_hours_id": made["id"], "start_at": "2026-03-02T16:00:00Z", "duration_minutes": 120}
    assert (await api.post("/preview-deadline", asked)).json()["deadline_at"] == "2026-03-02T18:00:00Z"
    inline = {**asked, "business_hours": {"union_of": [london, pacific]}}
    del inline["business_hours_id"]
    assert (await api.post("/preview-deadline", inline)).json()["deadline_at"] == "2026-03-02T18:00:00Z"


async def test_a_change_of_a_member_is_a_new_version_of_what_is_made_of_it(api: Any) -> None:
    """A change of a member is a new version of what is made of it; instances keep the version they opened under."""
    london, pacific, made = await both(api)
    outer = await create(api, "Outer", union_of=[made["id"], pacific])
    changed = await api.http.patch(f"/api/v2/sla/business-hours/{london}", json={"holidays": ["2026-03-02"]})
    assert changed.status_code == 200, changed.text
    for one in (made, outer):
        shown = (await api.get(f"/business-hours/{one['id']}")).json()
        assert shown["version"] == 2
        assert await minutes(api, one["id"]) == 7 * 60
        assert await minutes(api, one["id"], **MONDAY, version=1) == 15 * 60


async def test_business_hours_are_never_made_of_themselves(api: Any) -> None:
    london, pacific, made = await both(api)
    answer = await api.http.patch(f"/api/v2/sla/business-hours/{london}", json={"union_of": [pacific, made["id"]]})
    body = answer.json()
    assert (answer.status_code, body["field"], body["value"]) == (422, "union_of[1]", made["id"])
    assert f"{london} -> {made['id']} -> {london}" in body["detail"]
    itself = await api.http.patch(f"/api/v2/sla/business-hours/{made['id']}", json={"union_of": [london, made["id"]]})
    assert f"{made['id']} -> {made['id']}" in itself.json()["detail"]


async def test_hours_that_are_never_open_together_are_refused_also_when_a_member_changes(api: Any) -> None:
    early = await create(api, "Early", timezone="UTC", weekly_hours={"mon": [["08:00", "12:00"]]})
    late = await create(api, "Late", timezone="UTC", weekly_hours={"mon": [["11:00", "17:00"]]})
    made = await create(api, "Shared", intersection_of=[early["id"], late["id"]])
    assert await minutes(api, made["id"]) == 60
    later = {"weekly_hours": {"mon": [["12:00", "17:00"]]}}
    answer = await api.http.patch(f"/api/v2/sla/business-hours/{late['id']}", json=later)
    assert (answer.status_code, answer.json()["field"]) == (422, "business_hours_id")
    assert made["id"] in answer.json()["detail"]
    assert (await api.get(f"/business-hours/{late['id']}")).json()["version"] == 1
    other = await create(api, "Later", timezone="UTC", **later)
    refused = await api.post("/business-hours", {"name": "x", "intersection_of": [early["id"], other["id"]]})
    assert (refused.status_code, refused.json()["field"]) == (422, "intersection_of")


async def test_a_member_is_not_deleted(api: Any) -> None:
    london, _, made = await both(api)
    answer = await api.http.delete(f"/api/v2/sla/business-hours/{london}")
    assert (answer.status_code, made["id"] in answer.json()["detail"]) == (409, True)
    assert (await api.http.delete(f"/api/v2/sla/business-hours/{made['id']}")).status_code == 204
    assert (await api.http.delete(f"/api/v2/sla/business-hours/{london}")).status_code == 204


async def test_a_union_and_an_intersection_at_once_are_refused_by_the_ids_that_were_given(api: Any) -> None:
    london, pacific, _ = await both(api)
    named = [london, pacific]
    refused = await api.post("/business-hours", {"name": "Both", "union_of": named, "intersection_of": named})
    assert (refused.status_code, refused.json()["field"]) == (422, "intersection_of")
    assert refused.json()["value"] == named


async def test_hours_may_change_from_rules_to_members_and_back(api: Any) -> None:
    london, pacific, made = await both(api)
    path = f"/api/v2/sla/business-hours/{made['id']}"
    zone = (await api.http.patch(path, json={"timezone": "UTC", "name": "All"})).json()
    assert (zone["union_of"], zone["timezone"], zone["name"]) == ([london, pacific], "UTC", "All")
    shared = (await api.http.patch(path, json={"intersection_of": [london, pacific]})).json()
    assert (shared["union_of"], shared["intersection_of"]) == ([], [london, pacific]), shared
    rules = (await api.http.patch(path, json={"weekly_hours": {"fri": [["09:00", "17:00"]]}})).json()
    assert (rules["union_of"], rules["intersection_of"], rules["timezone"]) == ([], [], "UTC")
    assert (await api.http.patch(path, json={"union_of": [london, pacific]})).json()["weekly_hours"] == {}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"union_of": "bh_default"}, "union_of"),
        ({"union_of": ["bh_default", "bh_nowhere"]}, "union_of[1]"),
        ({"union_of": ["bh_default"]}, "union_of"),
        ({"union_of": ["bh_default", "bh_default"]}, "union_of[1]"),
        ({"union_of": ["bh_default"] * 11}, "union_of"),
        ({"union_of": ["bh_default", 7]}, "union_of[1]"),
    ],
)
async def test_members_that_are_none_are_refused(api: Any, change: dict[str, Any], field: str) -> None:
    answer = await api.post("/business-hours", {"name": "x", **change})
    assert (answer.status_code, answer.json()["field"]) == (422, field)


async def test_holidays_are_imported_into_members(api: Any) -> None:
    _, _, made = await both(api)
    answer = await api.post(f"/business-hours/{made['id']}/holidays:import", {"ical": file(OUTING)})
    assert (answer.status_code, answer.json()["field"]) == (422, "business_hours_id")
