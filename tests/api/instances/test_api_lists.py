"""The list of instances as people use it: the ticket's own words, cursors, sorting, searching, and exports."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from domain.instants import HOUR, Instant, parse, render
from service.tools.cursors import cursor_of, place_of

NINE = parse("2026-03-09T09:00:00Z")
CSV, NDJSON = {"Accept": "text/csv"}, {"Accept": "application/x-ndjson"}


def at(hours: float) -> str:
    return render(Instant(NINE + round(hours * HOUR)))


async def opened(api: Any, subject: str, hours: float = 0, **ticket: Any) -> dict[str, Any]:
    body = {"ticket_id": subject, "priority": "urgent", "occurred_at": at(hours), **ticket}
    answer = await api.post("/instances", body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


@pytest.fixture
async def desk(api: Any) -> Any:
    """It is nine o'clock; what is resolved is promised in four hours."""
    api.use(now=lambda: NINE)
    await api.policy(name="Standard", conditions=[], targets=[{"type": "resolution", "hours": 4}])
    return api


async def listed(api: Any, **query: Any) -> list[str]:
    return [one["ticket_id"] for one in (await api.get("/instances", **query)).json()["data"]]


async def test_an_instance_shows_what_the_ticket_says_of_itself_and_what_is_urgent(desk: Any) -> None:
    fields = {"subject": "No dial tone", "url": "https://desk.example.com/1", "assignee": "ada", "plan": {"tier": 1}}
    instance = await opened(desk, "1", -3, fields=fields, team_id="front")
    shown = (await desk.get(f"/instances/{instance['id']}")).json()
    expected = {"subject": "No dial tone", "url": fields["url"], "assignee": "ada", "team_id": "front"}
    urgency = {"policy_name": "Standard", "next_due_at": at(1), "at_risk": True, "is_overdue": False}
    assert {name: shown[name] for name in (*expected, *urgency)} == {**expected, **urgency}
    assert shown["fields"] == fields
    desk.use(now=lambda: Instant(NINE + HOUR))
    (late,) = (await desk.get("/instances", is_overdue=True, policy_name="Standard", team_id="front")).json()["data"]
    assert (late["at_risk"], late["is_overdue"], late["status"], late["subject"]) == (
        False, True, "breached", "No dial tone"
    )  # fmt: skip
    assert "fields" not in late


async def test_a_list_shows_the_fields_that_are_chosen(desk: Any) -> None:
    await opened(desk, "1", fields={"plan": "gold", "customer": {"country": "DE"}, "secret": 1})
    (one,) = (await desk.get("/instances", fields="plan, customer.country,none")).json()["data"]
    assert one["fields"] == {"plan": "gold", "customer.country": "DE", "none": None}
    refused = await desk.get("/instances", fields="plan,,x")
    assert (refused.status_code, refused.json()["field"]) == (422, "fields")


async def test_an_event_changes_what_the_instance_shows(desk: Any) -> None:
    instance = await opened(desk, "1", fields={"subject": "No dial tone", "assignee": "ada"}, team_id="front")
    await desk.with_worker()
    for body in ({"type": "updated", "fields": {"assignee": "grace"}}, {"type": "assigned", "team_id": "network"}):
        answer = await desk.post("/events", {"ticket_id": "1", "occurred_at": at(0), **body})
        assert answer.status_code == 200, answer.text
    shown = (await desk.get(f"/instances/{instance['id']}")).json()
    assert (shown["subject"], shown["assignee"], shown["team_id"]) == ("No dial tone", "grace", "network")
    assert await listed(desk, assignee="grace", team_id="network") == ["1"]
    assert await listed(desk, assignee="ada") == []
    live = (await desk.get(f"/instances/{instance['id']}", live=True)).json()
    assert (live["source"], live["assignee"]) == ("workflow", "grace")


async def test_a_list_is_sorted_searched_and_read_on_by_its_cursor(desk: Any) -> None:
    for number in range(7):
        await opened(desk, f"t-{number}", -number, fields={"subject": f"Printer {number % 3}"})
    assert await listed(desk, sort="-opened_at", limit=2) == ["t-0", "t-1"]
    assert await listed(desk, sort="subject", q="PRINTER 1") == ["t-1", "t-4"]
    assert await listed(desk, q="t-6") == ["t-6"]
    for sort in ({}, {"sort": "-subject"}):
        found, cursor = [], dict[str, str]()
        for size in (3, 3, 1):
            page = (await desk.get("/instances", limit=3, **sort, **cursor)).json()
            assert (len(page["data"]), page["total"], page["offset"]) == (size, 7, 0)
            found += [one["ticket_id"] for one in page["data"]]
            cursor = {"cursor": page["next_cursor"]}
        assert page["next_cursor"] is None
        assert found == await listed(desk, **sort)
    assert len(found) == len(set(found))


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"sort": "colour"}, "sort"),
        ({"sort": "opened_at,id"}, "sort"),
        ({"sort": ["id", "opened_at"]}, "sort"),
        ({"cursor": "nonsense"}, "cursor"),
        ({"cursor": "é"}, "cursor"),
        ({"cursor": cursor_of("-id", ("x",))}, "cursor"),
        ({"cursor": cursor_of("id", ("x", "y")), "sort": "id"}, "cursor"),
        ({"cursor": cursor_of("opened_at", ("noon", "x")), "sort": "opened_at"}, "cursor"),
        ({"cursor": cursor_of("", ("2026-03-09T09:00:00Z",))}, "cursor"),
        ({"cursor": cursor_of("id", ("x",)), "sort": "id", "offset": 1}, "offset"),
        ({"q": ""}, "q"),
        ({"at_risk": "perhaps"}, "at_risk"),
    ],
)
@pytest.mark.parametrize("accept", [{}, CSV], ids=["json", "csv"])
async def test_an_order_or_a_cursor_that_makes_no_sense_is_refused(
    api: Any, query: dict[str, Any], field: str, accept: dict[str, str]
) -> None:
    answer = await api.http.get("/api/v2/sla/instances", params=query, headers=accept)
    assert (answer.status_code, answer.json()["field"]) == (422, field)


async def test_a_list_is_exported_whole_as_csv_and_as_ndjson(desk: Any) -> None:
    for number in range(103):
        await opened(desk, f"{number:03}", -number / 100, fields={"subject": f"=SUM({number})", "tags": ["a"]})
    in_order = [f"{number:03}" for number in reversed(range(103))]
    answer = await desk.http.get("/api/v2/sla/instances", params={"fields": "tags"}, headers=CSV)
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["vary"] == "Accept"
    assert [row["ticket_id"] for row in rows] == in_order
    assert (rows[0]["subject"], rows[0]["fields.tags"], rows[0]["resolution_due_at"]) == (
        "'=SUM(102)", '["a"]', at(4 - 1.02)
    )  # fmt: skip
    lines = (await desk.http.get("/api/v2/sla/instances", params={"q": "SUM(1"}, headers=NDJSON)).text.splitlines()
    found = [json.loads(line) for line in lines]
    assert [one["ticket_id"] for one in found] == [name for name in in_order if name.lstrip("0").startswith("1")]
    assert found[0]["targets"]["resolution"]["state"] == "running"


async def test_an_export_with_a_limit_is_that_page(desk: Any) -> None:
    for number in range(4):
        await opened(desk, f"{number}", -number)
    query = {"limit": 2, "offset": 1, "sort": "id"}
    lines = (await desk.http.get("/api/v2/sla/instances", params=query, headers=NDJSON)).text.splitlines()
    assert [json.loads(line)["ticket_id"] for line in lines] == ["1", "2"]
    nothing = await desk.http.get("/api/v2/sla/instances", params={"priority": "low"}, headers=CSV)
    assert (nothing.status_code, len(nothing.text.splitlines())) == (200, 1)
    both = await desk.http.get("/api/v2/sla/instances", headers={"Accept": "application/json, text/csv"})
    assert both.json()["total"] == 4


@pytest.mark.parametrize("text", ["", "a", "ab", "abc", "abcd", "ünïcode", "?>~"])
def test_a_cursor_is_read_back_whatever_its_length(text: str) -> None:
    place = (text, None, "inst_sla_ticket_1")
    cursor = cursor_of("sort", place)
    assert place_of(cursor, "sort") == place
    assert "=" not in cursor
