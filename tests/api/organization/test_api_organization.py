from __future__ import annotations

from typing import Any

import pytest

WEEK = {"mon": [["09:00", "17:00"]]}


async def patched(api: Any, body: dict[str, Any]) -> Any:
    return await api.http.patch("/api/v2/sla/organization", json=body)


async def test_an_organization_starts_as_enterprise_in_utc_with_default_hours(api: Any) -> None:
    answer = await api.get("/organization")
    assert answer.status_code == 200
    assert answer.json() == {
        "id": api.organization,
        "name": api.organization,
        "plan": "enterprise",
        "timezone": "UTC",
        "default_business_hours_id": "bh_default",
        "quiet_before": None,
        "dimensions": [],
        "dimensions_ready": True,
    }


async def test_only_what_is_given_changes(api: Any) -> None:
    before = (await api.get("/organization")).json()
    assert (await patched(api, {})).json() == before
    answer = await patched(api, {"name": "Acme"})
    assert answer.json() == {**before, "name": "Acme"}
    answer = await patched(api, {"timezone": "Europe/Berlin"})
    assert (
        answer.json()
        == {**before, "name": "Acme", "timezone": "Europe/Berlin"}
        == ((await api.get("/organization")).json())
    )


async def test_other_default_hours_count_from_the_next_request_on(api: Any) -> None:
    question = {"start_at": "2026-03-03T10:00:00Z", "duration_minutes": 60}
    assert (await api.post("/preview-deadline", question)).json()["deadline_at"] == "2026-03-03T11:00:00Z"
    hours = (await api.post("/business-hours", {"name": "Mondays", "timezone": "UTC", "weekly_hours": WEEK})).json()
    await api.policy(business_hours=True)
    answer = await patched(api, {"default_business_hours_id": hours["id"]})
    assert answer.json()["default_business_hours_id"] == hours["id"]
    assert (await api.post("/preview-deadline", question)).json()["deadline_at"] == "2026-03-09T10:00:00Z"
    ticket = await api.ticket(occurred_at="2026-03-03T10:00:00Z")
    assert ticket["targets"]["first_response"]["due_at"] == "2026-03-09T10:00:00Z"
    deleted = await api.http.delete(f"/api/v2/sla/business-hours/{hours['id']}")
    assert deleted.status_code == 409
    assert (await api.http.delete("/api/v2/sla/business-hours/bh_default")).status_code == 204


async def test_default_hours_are_live_ones_of_the_organization(make_api: Any) -> None:
    ours, theirs = await make_api(), await make_api()
    body = {"name": "Mondays", "timezone": "UTC", "weekly_hours": WEEK}
    foreign = (await theirs.post("/business-hours", body)).json()["id"]
    deleted = (await ours.post("/business-hours", body)).json()["id"]
    await ours.http.delete(f"/api/v2/sla/business-hours/{deleted}")
    for hours in (foreign, deleted, "bh_unknown", ""):
        answer = await patched(ours, {"default_business_hours_id": hours, "name": "not this either"})
        assert answer.status_code == 422
        assert (answer.json()["field"], answer.json()["value"]) == ("default_business_hours_id", hours)
    assert (await ours.get("/organization")).json()["name"] == ours.organization


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("timezone", "Mars/Olympus_Mons"),
        ("timezone", ""),
        ("timezone", None),
        ("name", " "),
        ("name", "x" * 201),
        ("name", 5),
        ("plan", "enterprise"),
        ("id", "other"),
    ],
)
async def test_a_bad_change_names_field_and_value(api: Any, field: str, value: Any) -> None:
    answer = await patched(api, {field: value})
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    shown = answer.json()["value"]
    assert shown == value or value.startswith(shown.rstrip(".…"))
