"""The page of breaches over HTTP: what is listed, narrowed, exported and excused."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from domain.access.scopes import READ, WRITE
from tests.api.organization.test_api_analytics import PERIOD

DAYS = "start_date=2026-03-01&end_date=2026-03-08"
LATE = "inst_sla_conversation_late"


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def links(page: str, word: str) -> list[str]:
    return [href.replace("&amp;", "&") for href in re.findall(r'href="([^"]+)"', page) if word in href]


async def test_breaches_are_listed_newest_first_with_their_overrun(seen: Any) -> None:
    page = (await seen.get(f"/breaches?{DAYS}")).text
    rows = re.findall(r'<tr id="row-([^"]+)"', page)
    assert rows == [
        "inst_sla_conversation_forgotten-resolution-1",
        "inst_sla_conversation_forgotten-first_response-1",
        f"{LATE}-first_response-1",
    ]
    assert "+30 min" in page
    assert "still open" in page
    assert "Most were due on Tuesday between 11:00 and 12:00: 1 of 3." in page


FRAGMENT = {"HX-Request": "true"}


async def test_the_part_that_moves_is_answered_alone_and_to_each_what_he_may(
    seen: Any, desk: Any, make_board: Any
) -> None:
    reader, stranger = await make_board(desk, scopes=(READ,)), await make_board()
    parts = [(await one.get(f"/breaches?{DAYS}", headers=FRAGMENT)).text for one in (seen, reader, stranger)]
    assert [LATE in one for one in parts] == [True, True, False]
    assert [f"/breaches/{LATE}/excuse" in one for one in parts] == [True, False, False]
    assert not any("<html" in one or "<h1" in one for one in parts)
    # The same again, from what was made a moment ago.
    assert (await reader.get(f"/breaches?{DAYS}", headers=FRAGMENT)).text == parts[1]


async def test_numbers_are_those_of_the_analytics_over_rest(seen: Any, desk: Any) -> None:
    page = (await seen.get(f"/breaches?{DAYS}")).text
    told = (await desk.get("/analytics/breaches", **PERIOD)).json()
    heat = (await desk.get("/analytics/heatmap", **PERIOD)).json()["breached"]
    cells = re.findall(r'<td class="h\d">(\d+)</td>', page)
    assert [int(one) for one in cells] == [count for day in heat for count in day]
    assert f'<span class="value text-bad">{told["total"]}</span>' in page
    for one in told["clusters"]["by_team"]:
        name = one["team_name"] or one["team_id"] or "no team"
        assert f"{name} {one['count']}" in text_of(page)


async def test_filters_in_the_address_narrow_the_list_and_its_links_keep_them(seen: Any) -> None:
    page = (await seen.get(f"/breaches?{DAYS}&team_id=team_a")).text
    assert re.findall(r'<tr id="row-([^"]+)"', page) == [f"{LATE}-first_response-1"]
    for href in links(page, "/breaches.csv"):
        assert parse_qs(urlsplit(href).query)["team_id"] == ["team_a"]
    assert '<option value="team_a" selected>Support</option>' in page
    assert "Nothing matches" in (await seen.get(f"/breaches?{DAYS}&type=periodic_update")).text


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("start_date=yesterday", "start_date"),
        ("start_date=2026-03-08&end_date=2026-03-01", "end_date"),
        ("cursor=nonsense", "cursor"),
        ("kind=none", "kind"),
        ("field=customer:acme", "declared none"),
        ("type=A%20B", "type"),
        ("excused=perhaps", "excused"),
        ("teamid=team_a", "teamid"),
        ("group_by=assignee", "group_by"),
    ],
)
async def test_what_the_page_does_not_know_is_refused_by_its_name(seen: Any, query: str, said: str) -> None:
    answer = await seen.get(f"/breaches?{query}")
    assert (answer.status_code, said in answer.text) == (422, True)


async def test_pages_follow_each_other_by_cursor(seen: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.pages.breaches.reading.PAGE", 2)
    first = (await seen.get(f"/breaches?{DAYS}")).text
    (following,) = links(first, "cursor=")
    last = (await seen.get(following)).text
    rows = [re.findall(r'<tr id="row-([^"]+)"', page) for page in (first, last)]
    assert [len(one) for one in rows] == [2, 1]
    assert not set(rows[0]) & set(rows[1])
    assert "First page" in last


async def test_the_export_is_that_of_rest(seen: Any, desk: Any) -> None:
    for ours, theirs in (("/breaches/breaches.csv", "breaches"), ("/breaches/heatmap.csv", "heatmap")):
        answer = await seen.get(f"{ours}?{DAYS}")
        told = await desk.http.get(f"/api/v2/sla/analytics/{theirs}?{DAYS}", headers={"Accept": "text/csv"})
        assert answer.text == told.text
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        assert "attachment" in answer.headers["content-disposition"]


async def test_an_export_needs_a_session(make_board: Any) -> None:
    board = await make_board(scopes=())
    for path in ("/breaches", "/breaches/breaches.csv", "/breaches/heatmap.csv"):
        assert (await board.get(path)).status_code == 303


async def test_a_breach_is_excused_with_a_reason_by_the_key_and_the_excuse_taken_back(seen: Any, desk: Any) -> None:
    await desk.with_worker()
    page = (await seen.get(f"/breaches?{DAYS}")).text
    (href,) = links(page, f"/{LATE}/excuse")
    form = (await seen.get(href)).text
    assert "Excuse a breach" in form
    assert "+30 min" in form
    said = {"target": "first_response", "cycle": "1", "back": f"/breaches?{DAYS}"}
    place = href.partition("?")[0]
    answer = await seen.send(place, **said, reason=" ")
    assert answer.headers["location"].startswith(place)
    answer = await seen.send(place, **said, reason="a storm")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/breaches?{DAYS}")
    page = (await seen.get(f"/breaches?{DAYS}")).text
    assert "Excused: it stays in the record" in page
    assert f"{LATE}-first_response-1" not in page
    excused = (await seen.get(f"/breaches?{DAYS}&excused=true")).text
    assert "a storm" in excused
    assert "a test" in excused, "the name of the key, for who has done it"
    month = (await seen.get("/compliance/month?month=2026-03")).text
    assert "a storm" in month
    (told,) = (await desk.get("/analytics/breaches", **PERIOD, excused="true")).json()["data"]
    assert told["excuse"]["reason"] == "a storm"
    await seen.send(f"{place}/undo", **said)
    assert f"{LATE}-first_response-1" in (await seen.get(f"/breaches?{DAYS}")).text


async def test_without_a_worker_an_excuse_is_kept_and_the_page_says_so(seen: Any) -> None:
    said = {"target": "first_response", "cycle": "1", "reason": "a storm"}
    answer = await seen.send(f"/breaches/{LATE}/excuse", **said)
    assert "recorded as soon as a worker answers" in (await seen.get(answer.headers["location"])).text


async def test_while_the_store_is_away_the_pages_say_so(seen: Any, tmp_path: Any) -> None:
    await seen.api.lose_store(tmp_path)
    for path in ("/breaches", "/compliance", "/compliance/month", "/breaches/breaches.csv"):
        answer = await seen.get(path)
        assert (answer.status_code, "Nothing is lost" in answer.text) == (503, True)


async def test_what_cannot_be_excused_is_said_on_the_list(seen: Any) -> None:
    kept = "/breaches/inst_sla_conversation_kept/excuse"
    answer = await seen.send(kept, target="resolution", cycle="1", reason="a storm")
    assert answer.status_code == 303
    assert "had no breach to excuse" in (await seen.get(answer.headers["location"])).text
    assert (await seen.get(f"{kept}?target=nothing")).status_code == 404
    assert (await seen.get(f"{kept}?target=resolution&cycle=none")).status_code == 422


@pytest.mark.parametrize("back", ["https://evil.example", "//evil.example", "/sign-out", "/\\evil"])
async def test_the_way_back_from_an_excuse_leads_to_figures(seen: Any, back: str) -> None:
    answer = await seen.send(
        "/breaches/inst_sla_conversation_kept/excuse", target="resolution", cycle="1", reason="x", back=back
    )
    assert answer.headers["location"] == "/breaches"


async def test_another_organization_sees_none_of_it(make_board: Any, make_api: Any, seen: Any) -> None:
    other = await make_board(await make_api())
    page = (await other.get(f"/breaches?{DAYS}")).text
    assert ("No breach" in page, LATE in page) == (True, False)
    place = f"/breaches/{LATE}/excuse"
    assert (await other.get(f"{place}?target=first_response")).status_code == 404
    assert (await other.send(place, target="first_response", cycle="1", reason="x")).status_code == 404
    assert (await other.send(f"{place}/undo", target="first_response", cycle="1")).status_code == 404


async def test_a_key_acts_and_reads_by_its_scopes(make_board: Any, desk: Any) -> None:
    reader, writer = await make_board(desk, (READ,)), await make_board(desk, (WRITE,))
    page = (await reader.get(f"/breaches?{DAYS}")).text
    assert links(page, "/excuse?") == []
    place = f"/breaches/{LATE}/excuse"
    assert (await reader.get(f"{place}?target=first_response")).status_code == 403
    assert (await reader.send(place, target="first_response", cycle="1", reason="x")).status_code == 403
    for path in ("/breaches", "/breaches/breaches.csv", "/breaches/heatmap.csv"):
        assert (await writer.get(path)).status_code == 403
