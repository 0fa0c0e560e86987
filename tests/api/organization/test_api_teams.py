from __future__ import annotations

from typing import Any

import pytest

TEAM = {"id": "team_escalation", "name": "Escalation", "lead": "ann@example.com", "business_hours_id": "bh_default"}


async def create(api: Any, **changes: Any) -> dict[str, Any]:
    answer = await api.post("/teams", {**TEAM, **changes})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def patch(api: Any, team_id: str, **changes: Any) -> Any:
    return await api.http.patch(f"/api/v2/sla/teams/{team_id}", json=changes)


async def test_a_team_comes_back_as_it_was_given(api: Any) -> None:
    answer = await api.post("/teams", TEAM)
    created = answer.json()
    assert (answer.status_code, answer.headers["location"]) == (201, "/api/v2/sla/teams/team_escalation")
    assert {name: created[name] for name in TEAM} == TEAM
    assert created["created_at"] == created["updated_at"]
    assert (await api.get("/teams/team_escalation")).json() == created


async def test_a_team_without_an_id_gets_one(api: Any) -> None:
    for body in ({"name": "One"}, {"name": "Two", "id": None}):
        created = (await api.post("/teams", body)).json()
        assert created["id"].startswith("team_")
        assert (created["lead"], created["business_hours_id"]) == (None, None)
    assert (await api.get("/teams")).json()["total"] == 2


async def test_teams_are_listed_page_by_page(api: Any) -> None:
    for id_ in ("one", "two", "three"):
        await create(api, id=id_)
    page = (await api.get("/teams", limit=2, offset=1)).json()
    assert [team["id"] for team in page["data"]] == ["two", "three"]
    assert (page["total"], page["limit"], page["offset"]) == (3, 2, 1)


async def test_the_id_of_a_team_is_taken_once(api: Any) -> None:
    await create(api)
    answer = await api.post("/teams", {**TEAM, "name": "Another"})
    assert answer.status_code == 409
    assert (answer.json()["field"], answer.json()["value"]) == ("id", TEAM["id"])


@pytest.mark.parametrize("id_", ["", "a b", "a/b", "ä", "x" * 101, ".", "..", "a\n"])
async def test_an_id_that_does_not_fit_into_a_path_is_refused(api: Any, id_: str) -> None:
    answer = await api.post("/teams", {**TEAM, "id": id_})
    assert (answer.status_code, answer.json()["field"], answer.json()["value"]) == (422, "id", id_)


async def test_a_patch_of_a_team_changes_only_what_it_names(api: Any) -> None:
    created = await create(api)
    answer = await patch(api, TEAM["id"], lead=None)
    assert answer.status_code == 200
    assert {**answer.json(), "updated_at": ""} == {**created, "lead": None, "updated_at": ""}
    emptied = await patch(api, TEAM["id"], business_hours_id=None, name="Second line")
    assert (emptied.json()["business_hours_id"], emptied.json()["name"]) == (None, "Second line")
    assert (await patch(api, TEAM["id"])).json() == emptied.json()


@pytest.mark.parametrize(
    ("field", "value"), [("name", ""), ("name", "x" * 201), ("business_hours_id", "bh_none"), ("id", "other")]
)
async def test_a_wrong_value_in_a_patch_is_named_and_changes_nothing(api: Any, field: str, value: str) -> None:
    created = await create(api)
    answer = await patch(api, TEAM["id"], **{"lead": "bob", field: value})
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert (await api.get(f"/teams/{TEAM['id']}")).json() == created


async def test_business_hours_of_a_new_team_must_exist(api: Any) -> None:
    answer = await api.post("/teams", {**TEAM, "business_hours_id": "bh_none"})
    assert answer.status_code == 422
    assert (answer.json()["field"], answer.json()["value"]) == ("business_hours_id", "bh_none")


async def test_a_deleted_team_is_gone_and_can_be_created_again(api: Any) -> None:
    await create(api)
    path = f"/api/v2/sla/teams/{TEAM['id']}"
    assert (await api.http.delete(path)).status_code == 204
    assert (await api.http.get(path)).status_code == 404
    assert (await api.http.delete(path)).status_code == 404
    assert (await patch(api, TEAM["id"], name="x")).status_code == 404
    assert (await api.get("/teams")).json()["total"] == 0
    assert (await create(api, name="Anew"))["name"] == "Anew"


async def test_hours_that_a_team_uses_are_kept(api: Any) -> None:
    hours = (await api.post("/business-hours", {"name": "Always", "always": True})).json()["id"]
    await create(api, business_hours_id=hours)
    answer = await api.http.delete(f"/api/v2/sla/business-hours/{hours}")
    assert answer.status_code == 409
    assert TEAM["id"] in answer.json()["detail"]
