"""What business hours come to on each date, which versions they had, and the public holidays they may hold."""

from __future__ import annotations

from typing import Any

import pytest

from service.business_hours.days import MAX_DAYS

LUNCH = [["09:00", "12:00"], ["13:00", "17:00"]]
BERLIN: dict[str, Any] = {
    "name": "Support, Berlin",
    "timezone": "Europe/Berlin",
    "weekly_hours": dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sun"), LUNCH),
    "holidays": [
        {"date": "12-24", "name": "Christmas Eve", "closed": [["12:00", "24:00"]]},
        {"from": "12-27", "to": "01-02", "name": "Works holidays"},
    ],
    "special_openings": {"2026-12-28": [["10:00", "14:00"]]},
}


async def hours(api: Any, **change: Any) -> dict[str, Any]:
    answer = await api.post("/business-hours", {**BERLIN, **change})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def days(api: Any, made: dict[str, Any], first: str, last: str, **params: Any) -> dict[str, Any]:
    query = "&".join(f"{name}={value}" for name, value in {"from": first, "to": last, **params}.items())
    answer = await api.http.get(f"/api/v2/sla/business-hours/{made['id']}/days?{query}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def patched(api: Any, made: dict[str, Any], **change: Any) -> Any:
    return await api.http.patch(f"/api/v2/sla/business-hours/{made['id']}", json=change)


async def test_all_kinds_of_holidays_come_back_as_they_were_given(api: Any) -> None:
    created = await hours(api)
    assert {name: created[name] for name in BERLIN} == BERLIN
    assert (await api.get(f"/business-hours/{created['id']}")).json() == created


async def test_each_date_shows_its_windows_on_the_wall_and_in_utc_and_why_it_is_closed(api: Any) -> None:
    answer = await days(api, await hours(api), "2026-12-24", "2026-12-28")
    assert (answer["version"], answer["timezone"], answer["working_minutes"]) == (1, "Europe/Berlin", 180 + 420 + 240)
    eve, friday, saturday, works, opened = answer["days"]
    assert eve["open"] == [
        {"from": "09:00", "to": "12:00", "opens_at": "2026-12-24T08:00:00Z", "closes_at": "2026-12-24T11:00:00Z"}
    ]
    assert eve["holidays"] == [{"name": "Christmas Eve", "closed": [["12:00", "24:00"]]}]
    assert [(window["from"], window["to"]) for window in friday["open"]] == [tuple(pair) for pair in LUNCH]
    assert (saturday["weekday"], saturday["open"], saturday["holidays"]) == ("sat", [], [])
    assert (works["open"], works["holidays"]) == ([], [{"name": "Works holidays", "closed": None}])
    assert (opened["working_minutes"], opened["special"], opened["holidays"][0]["name"]) == (
        240,
        True,
        "Works holidays",
    )


async def test_holidays_may_apply_to_the_shifts_that_begin_on_them(api: Any) -> None:
    nights = {"weekly_hours": {day: [["22:00", "06:00"]] for day in ("wed", "thu", "fri")}, "special_openings": {}}
    made = await hours(api, **nights, holidays=["2026-12-24"], holidays_apply_to="shift")
    assert made["holidays_apply_to"] == "shift"

    async def opens() -> list[list[tuple[str, str]]]:
        shown = (await days(api, made, "2026-12-24", "2026-12-25"))["days"]
        return [[(one["from"], one["to"]) for one in day["open"]] for day in shown]

    assert await opens() == [[("00:00", "06:00")], [("22:00", "24:00")]]
    changed = await patched(api, made, holidays_apply_to="date")
    assert changed.json()["holidays_apply_to"] == "date"
    assert await opens() == [[], [("00:00", "06:00"), ("22:00", "24:00")]]
    refused = await patched(api, made, holidays_apply_to="week")
    assert (refused.status_code, refused.json()["field"]) == (422, "holidays_apply_to")


async def test_a_date_on_which_the_clocks_change_says_so_and_counts_real_minutes(api: Any) -> None:
    made = await hours(api, weekly_hours={"sun": [["00:00", "24:00"]]}, holidays=[])
    (spring,) = (await days(api, made, "2026-03-29", "2026-03-29"))["days"]
    assert spring["working_minutes"] == 23 * 60
    assert spring["clock_changes"] == [
        {"at": "2026-03-29T01:00:00Z", "offset_minutes_before": 60.0, "offset_minutes_after": 120.0}
    ]


async def test_the_days_of_an_earlier_version_are_still_shown(api: Any) -> None:
    made = await hours(api)
    assert (await patched(api, made, holidays=[])).status_code == 200
    before = await days(api, made, "2026-12-24", "2026-12-24", version=1)
    now = await days(api, made, "2026-12-24", "2026-12-24")
    assert [(one["version"], one["working_minutes"]) for one in (before, now)] == [(1, 180), (2, 420)]


@pytest.mark.parametrize(
    ("query", "status", "field"),
    [
        ("from=2026-12-24", 422, "to"),
        ("from=2026-12-24&to=2026-12-23", 422, "to"),
        ("from=2026-01-01&to=2027-02-05", 422, "to"),
        ("from=24.12.2026&to=2026-12-24", 422, "from"),
        ("from=2026-02-30&to=2026-12-24", 422, "from"),
        ("from=1969-12-31&to=1970-01-01", 422, "from"),
        ("from=2100-12-31&to=2101-01-01", 422, "to"),
        ("from=2026-12-24&to=2026-12-24&version=9", 404, "version"),
        ("from=2026-12-24&to=2026-12-24&version=0", 422, "version"),
    ],
)
async def test_days_that_cannot_be_shown_are_refused(api: Any, query: str, status: int, field: str) -> None:
    answer = await api.http.get(f"/api/v2/sla/business-hours/{(await hours(api))['id']}/days?{query}")
    assert (answer.status_code, answer.json()["field"]) == (status, field), answer.text


async def test_as_many_days_as_are_promised_are_shown(api: Any) -> None:
    answer = await days(api, await hours(api), "2026-01-01", "2027-02-04")
    assert len(answer["days"]) == MAX_DAYS


async def test_every_version_says_who_made_it_when_and_what_it_was(api: Any) -> None:
    made = await hours(api)
    changed = (await patched(api, made, name="Renamed")).json()
    answer = (await api.get(f"/business-hours/{made['id']}/versions")).json()
    first, second = answer["data"]
    assert answer["total"] == 2
    assert (first["version"], second["version"]) == (1, 2)
    assert (first["changed_at"], second["changed_at"]) == (made["created_at"], changed["updated_at"])
    assert first["changed_by"].startswith("key_")
    assert first["changed_by_name"]
    assert {name: first["business_hours"][name] for name in BERLIN} == BERLIN
    assert second["business_hours"] == {**first["business_hours"], "name": "Renamed"}


async def test_the_first_version_of_the_default_was_made_by_the_system(api: Any) -> None:
    [default] = (await api.get("/business-hours")).json()["data"]
    [first] = (await api.get(f"/business-hours/{default['id']}/versions")).json()["data"]
    assert (first["changed_by"], first["changed_by_name"]) == ("system", None)


async def test_public_holidays_are_kept_as_they_were_known_when_they_were_set(api: Any) -> None:
    created = await hours(api, public_holidays=[{"country": "DE", "subdivision": "BE"}])
    [kept] = created["public_holidays"]
    assert (kept["country"], kept["subdivision"]) == ("DE", "BE")
    assert kept["to_year"] - kept["from_year"] == 6
    assert {"date": f"{kept['to_year']}-10-03", "name": "German Unity Day"} in kept["holidays"]
    womens_day = f"{kept['from_year']}-03-08"
    (day,) = (await days(api, created, womens_day, womens_day))["days"]
    assert (day["open"], day["holidays"]) == ([], [{"name": "Women's Day", "closed": None}])


async def test_another_change_leaves_the_kept_public_holidays_alone(api: Any) -> None:
    [kept] = (await hours(api, public_holidays=[{"country": "DE"}]))["public_holidays"]
    older = {**kept, "release": "0.1", "holidays": kept["holidays"][:1]}
    made = await hours(api, public_holidays=[older])
    assert (await patched(api, made, name="Renamed")).json()["public_holidays"] == [older]
    assert (await patched(api, made, public_holidays=[{"country": "DE"}])).json()["public_holidays"] == [kept]


@pytest.mark.parametrize(
    ("entry", "field", "named"),
    [
        ({"country": "XX"}, "country", "AD, AE"),
        ({"country": "DE", "subdivision": "CA"}, "subdivision", "BB, BE, BW"),
        ({"country": "MC", "subdivision": "X"}, "subdivision", "there are no parts"),
        ({"subdivision": "BE"}, "country", "AD, AE"),
        ({"country": ["DE"]}, "country", "AD, AE"),
        ({"country": "DE", "year": 2026}, "year", "is not known here"),
    ],
)
async def test_a_country_that_nobody_knows_is_refused_with_some_that_are(
    api: Any, entry: dict[str, Any], field: str, named: str
) -> None:
    answer = await api.post("/business-hours", {**BERLIN, "public_holidays": [entry]})
    assert (answer.status_code, answer.json()["field"]) == (422, f"public_holidays[0].{field}"), answer.text
    assert named in answer.json()["detail"]


async def test_the_same_country_twice_and_too_many_are_refused(api: Any) -> None:
    for entries in ([{"country": "DE"}] * 2, [{"country": "DE"}] * 21):
        answer = await api.post("/business-hours", {**BERLIN, "public_holidays": entries})
        assert answer.status_code == 422
        assert answer.json()["field"].startswith("public_holidays")


async def test_what_a_country_would_give_can_be_seen_before(api: Any) -> None:
    answer = (await api.get("/public-holidays", country="DE", subdivision="BE", year=2026)).json()
    assert {"date": "2026-03-08", "name": "Women's Day"} in answer["holidays"]
    assert all(one["date"].startswith("2026-") for one in answer["holidays"])
    countries = (await api.get("/public-holidays")).json()["countries"]
    assert "BE" in next(one["subdivisions"] for one in countries if one["country"] == "DE")


@pytest.mark.parametrize(
    ("query", "field"), [("country=XX", "country"), ("subdivision=BE", "country"), ("country=DE&year=1492", "year")]
)
async def test_a_question_about_no_country_is_refused(api: Any, query: str, field: str) -> None:
    answer = await api.http.get(f"/api/v2/sla/public-holidays?{query}")
    assert (answer.status_code, answer.json()["field"]) == (422, field)


async def test_hours_that_grow_larger_than_a_snapshot_are_refused(api: Any) -> None:
    name = "x" * 9000
    kept = {"country": "DE", "release": "1", "from_year": 2026, "to_year": 2026}
    many = {**kept, "holidays": [{"date": f"2026-01-{day:02}", "name": name} for day in range(1, 27)]}
    made = await hours(api, public_holidays=[many])
    answer = await patched(api, made, holidays=[{"date": f"2026-02-{day:02}", "name": name} for day in range(1, 7)])
    assert (answer.status_code, answer.json()["field"]) == (422, "holidays")
