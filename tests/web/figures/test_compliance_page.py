"""The pages of compliance over HTTP: the figures of REST, narrowed, exported, and a month to print."""

from __future__ import annotations

import re
from typing import Any

import pytest

from domain.access.scopes import WRITE
from tests.api.organization.test_api_analytics import PERIOD
from tests.web.figures.test_breaches_page import DAYS, links, text_of
from web.pages.compliance.figures import rate
from web.pages.compliance.trend import named


async def test_figures_and_their_changes_are_those_of_the_analytics_over_rest(seen: Any, desk: Any) -> None:
    page = text_of((await seen.get(f"/compliance?{DAYS}")).text)
    told = (await desk.get("/analytics/summary", **PERIOD, group_by="assignee")).json()
    assert f"{rate(told['compliance_rate'])} Compliance \u221250 points" in page
    assert told["previous"]["change"]["compliance_rate"] == -50.0
    assert f"{told['counts']['breached']} Breached +{told['previous']['change']['counts']['breached']}" in page
    for part, name in (("by_target_type", "type"), ("by_priority", "priority"), ("by_team", "team_id")):
        for one in told[part]:
            title = str(one.get("team_name") or one[name] or "no team").replace("_", " ")
            title = one[name] if part == "by_team" and not one["team_name"] else title
            assert f"{title} {rate(one['compliance_rate'])} {one['met']} {one['breached']}" in page, (part, one)
    # Both responses took 60 minutes in the median, 50 more than in the days before.
    assert "First response 2 1 h 1 h 1 h 24 min" in page
    assert "+50 min" in page


async def test_the_trend_is_drawn_and_written(seen: Any, desk: Any) -> None:
    page = (await seen.get(f"/compliance?{DAYS}")).text
    told = (await desk.get("/analytics/trends", **PERIOD)).json()["data"]
    (drawing, counts) = re.findall(r'role="img" aria-label="([^"]+)"', page)
    assert drawing == "Compliance by day: 100 % on Mon 2 Mar 2026, 0 % on Fri 6 Mar 2026; lowest 0 % on Fri 6 Mar 2026."
    assert "at most 2" in counts
    for one in told:
        words = f"{named(one['label'])} {rate(one['compliance_rate'])} {one['met']} {one['breached']} {one['excused']}"
        assert words in text_of(page)


async def test_the_exports_are_those_of_rest(seen: Any, desk: Any) -> None:
    for ours, theirs in (("summary", "summary?group_by=assignee&"), ("trend", "trends?granularity=day&")):
        answer = await seen.get(f"/compliance/{ours}.csv?{DAYS}")
        told = await desk.http.get(f"/api/v2/sla/analytics/{theirs}{DAYS}", headers={"Accept": "text/csv"})
        assert answer.text == told.text


async def test_a_declared_dimension_can_be_grouped_by_and_another_cannot(seen: Any, desk: Any) -> None:
    told = await desk.http.patch("/api/v2/sla/organization", json={"dimensions": ["customer"]})
    assert told.status_code == 200
    page = (await seen.get(f"/compliance?{DAYS}&group_by=customer")).text
    assert "By customer" in page
    assert '<option value="customer" selected>customer</option>' in page
    answer = await seen.get(f"/compliance?{DAYS}&group_by=region")
    assert (answer.status_code, "must be a dimension" in answer.text) == (422, True)


async def test_a_group_leads_to_its_own_figures_and_its_breaches(seen: Any) -> None:
    page = (await seen.get(f"/compliance?{DAYS}&granularity=week")).text
    narrowed = next(href for href in links(page, "team_id=team_a") if href.startswith("/compliance?"))
    assert "75 % Compliance" in text_of((await seen.get(narrowed)).text)
    breaches = next(href for href in links(page, "team_id=team_a") if href.startswith("/breaches?"))
    answer = await seen.get(breaches)
    assert (answer.status_code, "1 of 1" in answer.text) == (200, True)


async def test_a_month_is_whole_and_says_as_of_when(seen: Any) -> None:
    page = (await seen.get("/compliance/month?month=2026-03")).text
    words = text_of(page)
    assert "promises in March 2026" in words
    assert "As of Fri 20 Mar 2026 12:00 UTC. The days are not over" in words
    assert "50 % Compliance \u221250 points" in words, "to February, which kept both of its promises"
    assert "Breaches (3)" in words
    assert "Excused (0)" in words
    assert "data-prints" in page
    (earlier,) = links(page, "month=2026-02")
    february = text_of((await seen.get(earlier)).text)
    assert "100 % Compliance" in february
    assert "The days are not over" not in february


async def test_a_month_is_narrowed_and_says_to_what(seen: Any) -> None:
    words = text_of((await seen.get("/compliance/month?month=2026-03&team_id=team_a")).text)
    assert "Narrowed to team Support ." in words
    assert "75 % Compliance" in words
    assert "promises in March 2026" in text_of((await seen.get("/compliance/month")).text)


@pytest.mark.parametrize(
    "month",
    ["2026-13", "2026-00", "march", "2026-3", "1969-12", "2101-01", "2026-03-01", "\uff12\uff10\uff12\uff16-03"],
)
async def test_what_is_no_month_is_refused(seen: Any, month: str) -> None:
    answer = await seen.get("/compliance/month", params={"month": month})
    assert (answer.status_code, "must be a month such as 2026-11" in answer.text) == (422, True)


@pytest.mark.parametrize("month", ["1970-01", "2100-12"])
async def test_the_first_and_the_last_month_are_months(seen: Any, month: str) -> None:
    answer = await seen.get(f"/compliance/month?month={month}")
    assert (answer.status_code, "No promise was broken" in answer.text) == (200, True)


async def test_a_desk_without_figures_is_told_what_counts(board: Any) -> None:
    assert "Nothing has ended" in (await board.get("/compliance")).text
    assert "Nothing matches" in (await board.get("/compliance?priority=urgent")).text


async def test_who_may_not_read_or_has_no_plan_for_it_sees_none(make_board: Any, make_api: Any) -> None:
    api = await make_api()
    board, writer = await make_board(api), await make_board(api, (WRITE,))
    for path in ("/compliance", "/compliance/month", "/compliance/summary.csv", "/compliance/trend.csv"):
        assert (await writer.get(path)).status_code == 403
        assert (await board.get(f"{path}?month=2026-03&nothing=1")).status_code == 422
        assert (await (await make_board(api, ())).get(path)).status_code == 303


async def test_another_organization_sees_other_figures(make_board: Any, make_api: Any, seen: Any) -> None:
    other = await make_board(await make_api())
    for path in (f"/compliance?{DAYS}", "/compliance/month?month=2026-03"):
        assert "conv" not in (await other.get(path)).text
        assert "team_a" not in (await other.get(path)).text
