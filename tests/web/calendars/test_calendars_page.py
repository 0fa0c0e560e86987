"""The pages of business hours over HTTP: a month, holidays of countries and files, the form of the week, versions."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest

from domain.access.scopes import READ
from domain.instants import parse
from tests.web.conftest import Board
from tests.web.policies.test_policies_page import fields_of

DEFAULT = "/calendars/bh_default"
FRIDAY_EVENING = parse("2026-11-27T18:00:00Z")

FILE = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Example//EN\r\n"
    "BEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20260101T000000Z\r\nSUMMARY:Summer outing\r\n"
    "DTSTART;VALUE=DATE:20260605\r\nDTEND;VALUE=DATE:20260606\r\nEND:VEVENT\r\n"
    "BEGIN:VEVENT\r\nUID:2\r\nDTSTAMP:20260101T000000Z\r\nSUMMARY:Odd\r\n"
    "DTSTART;VALUE=DATE:20260701\r\nRDATE;VALUE=DATE:20260703\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


async def changed(board: Board, **document: Any) -> None:
    answer = await board.api.http.patch("/api/v2/sla/business-hours/bh_default", json=document)
    assert answer.status_code == 200, answer.text


async def stored(board: Board) -> dict[str, Any]:
    found: dict[str, Any] = (await board.api.http.get("/api/v2/sla/business-hours/bh_default")).json()
    return found


async def test_the_list_says_when_each_opens_next(board: Board) -> None:
    board.api.use(now=lambda: FRIDAY_EVENING)
    page = await board.get("/calendars")
    assert page.status_code == 200
    assert "Nothing is due before Mon 09:00" in page.text
    assert "Mon\u2013Fri 09:00\u201317:00" in page.text


async def test_a_month_shows_hours_holidays_and_clock_changes_as_rest_computes_them(board: Board) -> None:
    await changed(
        board,
        timezone="Europe/Berlin",
        weekly_hours={day: [["00:00", "24:00"]] for day in ("sat", "sun", "mon")},
        holidays=[{"date": "2026-03-02", "name": "Inventory & <count>"}],
        special_days={"2026-03-07": [["10:00", "12:00"]]},
    )
    text = (await board.get(f"{DEFAULT}?month=2026-03")).text
    days = (await board.api.http.get("/api/v2/sla/business-hours/bh_default/days?from=2026-03-01&to=2026-03-31")).json()
    assert f"{int(days['working_minutes'] // 60)} h of working time" in text
    assert "clocks go forward 60 min, to 03:00" in text
    assert "Inventory &amp; &lt;count&gt;" in text
    assert "10:00\u201312:00" in text
    assert "hours of its own" in text
    assert f"{DEFAULT}?month=2026-02" in text
    assert f"{DEFAULT}?month=2026-04" in text


@pytest.mark.parametrize("month", ["2026", "2026-13", "1969-12", "2101-01", "٢٠٢٦-١٢", "x"])
async def test_a_month_that_is_none_is_refused_by_name(board: Board, month: str) -> None:
    page = await board.get(f"{DEFAULT}?month={month}")
    assert (page.status_code, "month: must" in page.text) == (422, True)


async def test_the_first_and_the_last_month_have_no_neighbour_beyond(board: Board) -> None:
    assert 'rel="prev"' not in (await board.get(f"{DEFAULT}?month=1970-01")).text
    assert 'rel="next"' not in (await board.get(f"{DEFAULT}?month=2100-12")).text


async def test_the_form_saves_hours_that_were_not_touched_as_they_were(board: Board) -> None:
    await changed(
        board,
        weekly_hours={"mon": [["09:00", "12:00"], ["13:00", "17:00"]], "sat": [["22:00", "06:00"]]},
        holidays=["12-24", {"from": "12-27", "to": "01-02", "name": "Works, holidays", "closed": [["12:00", "24:00"]]}],
        special_days={"2026-12-23": []},
        special_openings={"2026-12-24": [["09:00", "10:00"]]},
        breaks={"2026-12-22": [["09:00", "10:00"]]},
        public_holidays=[{"country": "DE", "subdivision": "BE"}],
        holidays_apply_to="shift",
    )
    before = await stored(board)
    for form in (0, 1):
        page = await board.get(f"{DEFAULT}/edit")
        answer = await board.http.post(f"{DEFAULT}/edit", data=fields_of(page.text, form))
        assert (answer.status_code, answer.headers["location"]) == (303, DEFAULT)
    assert await stored(board) == before


async def test_a_change_of_the_week_leads_to_what_it_would_do_to_running_tickets(board: Board) -> None:
    typed = fields_of((await board.get(f"{DEFAULT}/edit")).text) | {"weekly.fri": "9-15", "weekly.sat": "closed"}
    answer = await board.http.post(f"{DEFAULT}/edit", data=typed)
    assert answer.headers["location"] == "/replans/new?business_hours_id=bh_default"
    assert (await stored(board))["weekly_hours"]["fri"] == [["09:00", "15:00"]]
    page = await board.get(answer.headers["location"])
    assert (page.status_code, "No running ticket is measured by it." in page.text) == (200, True)
    versions = (await board.get(f"{DEFAULT}/versions")).text
    assert "weekly_hours.fri" in versions


async def test_what_is_wrong_with_hours_is_said_at_its_field_and_stays(board: Board) -> None:
    typed = fields_of((await board.get(f"{DEFAULT}/edit")).text) | {
        "weekly.tue": "09:00-25:00",
        "timezone": "Europe/Berlin",
    }
    answer = await board.http.post(f"{DEFAULT}/edit", data=typed)
    assert (answer.status_code, 'id="said-weekly.tue"' in answer.text) == (422, True)
    assert fields_of(answer.text) | {"csrf": ""} == typed | {"csrf": ""}
    typed |= {"weekly.tue": "late"}
    assert "said-weekly.tue" in (await board.http.post(f"{DEFAULT}/edit", data=typed)).text
    typed |= {"weekly.tue": "", "timezone": "Europe/Atlantis"}
    assert "said-timezone" in (await board.http.post(f"{DEFAULT}/edit", data=typed)).text
    typed |= {"timezone": "UTC", "breaks.0.day": "2026-02-30", "breaks.0.windows": "10-11"}
    assert "2026-02-30" in (await board.http.post(f"{DEFAULT}/edit", data=typed)).text
    typed |= {"breaks.0.day": "2026-02-20", "breaks.1.day": "2026-02-20"}
    answer = await board.http.post(f"{DEFAULT}/edit", data=typed)
    assert (answer.status_code, "said-breaks.1.day" in answer.text) == (422, True)


async def test_hours_that_somebody_else_has_changed_meanwhile_are_not_overwritten_unseen(board: Board) -> None:
    typed = fields_of((await board.get(f"{DEFAULT}/edit")).text) | {"name": "Mine"}
    await changed(board, name="Theirs")
    answer = await board.http.post(f"{DEFAULT}/edit", data=typed)
    assert (answer.status_code, fields_of(answer.text)["name"]) == (412, "Mine")
    assert (await board.http.post(f"{DEFAULT}/edit", data=fields_of(answer.text))).status_code == 303


async def test_hours_are_made_and_deleted_and_the_default_stays(board: Board) -> None:
    typed = fields_of((await board.get("/calendars/new")).text) | {"name": "Nights", "weekly.mon": "22:00-06:00"}
    answer = await board.http.post("/calendars/new", data=typed)
    assert answer.status_code == 303
    assert "Nights" in (await board.get("/calendars")).text
    assert (await board.send(f"{answer.headers['location']}/delete")).headers["location"] == "/calendars"
    refused = await board.send(f"{DEFAULT}/delete")
    assert (refused.status_code, "default" in refused.text) == (409, True)


async def test_public_holidays_of_a_country_are_added_and_removed(board: Board) -> None:
    answer = await board.send(f"{DEFAULT}/public-holidays", country="de", subdivision="BE")
    assert answer.status_code == 303, answer.text
    assert (await stored(board))["public_holidays"][0]["subdivision"] == "BE"
    page = (await board.get(f"{DEFAULT}?month=2026-10")).text
    assert "German Unity Day" in page
    for country, part, said in (("xx", "", "country"), ("DE", "ZZ", "subdivision"), ("", "", "country")):
        refused = await board.send(f"{DEFAULT}/public-holidays", country=country, subdivision=part)
        assert (refused.status_code, f'id="said-{said}"' in refused.text) == (422, True), country
    await board.send(f"{DEFAULT}/public-holidays/remove", country="DE", subdivision="BE")
    assert (await stored(board))["public_holidays"] == []


async def test_a_file_is_taken_with_a_report_of_what_was_not(board: Board) -> None:
    async def sent(content: bytes, **fields: str) -> Any:
        files = {"file": ("outing.ics", content, "text/calendar")}
        return await board.http.post(f"{DEFAULT}/import", data={"csrf": board.csrf, **fields}, files=files)

    refused = await sent(FILE.encode(), strict="on")
    assert (refused.status_code, "RDATE" in refused.text) == (422, True)
    answer = await sent(FILE.encode())
    text = re.sub(r"\s+", " ", unescape(answer.text))
    assert answer.status_code == 200
    assert "Holidays taken from the file: 1." in text
    assert "Events that could not be read: 1." in text
    assert "event 2 (Odd): " in text
    assert (await stored(board))["holidays"] == [{"date": "2026-06-05", "name": "Summer outing"}]
    for content in (b"\xff\xfe", b"nonsense", b"x" * 300_000, b"BEGIN:VCALENDAR\x00"):
        answer = await sent(content)
        assert (answer.status_code, 'id="said-file"' in answer.text) == (422, True)
    answer = await board.send(f"{DEFAULT}/import")
    assert (answer.status_code, "choose an .ics file first" in answer.text) == (422, True)


async def test_hours_around_the_clock_are_shown_and_have_no_holidays(board: Board) -> None:
    answer = await board.send("/calendars/new", document='{"name": "Always", "always": true}')
    path = answer.headers["location"]
    text = (await board.get(path)).text
    assert "around the clock" in text
    assert (await board.send(f"{path}/public-holidays", country="DE")).status_code == 422
    typed = fields_of((await board.get(f"{path}/edit")).text)
    assert (await board.http.post(f"{path}/edit", data=typed)).headers["location"] == path


async def test_a_key_that_may_only_read_sees_calendars_and_changes_none(make_board: Any) -> None:
    board = await make_board(scopes=(READ,))
    assert (await board.get(DEFAULT)).status_code == 200
    for path in ("/calendars/new", f"{DEFAULT}/edit", f"{DEFAULT}/delete", f"{DEFAULT}/import"):
        answer = await board.send(path)
        assert (answer.status_code, "does not have the scope sla:write" in answer.text) == (403, True), path


async def test_hours_of_another_organization_are_not_there(make_board: Any, board: Board) -> None:
    answer = await board.send("/calendars/new", document='{"name": "Ours", "always": true}')
    path, other = answer.headers["location"], await make_board()
    for one in ("", "/edit", "/versions"):
        assert (await other.get(path + one)).status_code == 404
    for one in ("/edit", "/delete", "/public-holidays", "/public-holidays/remove", "/import"):
        assert (await other.send(path + one)).status_code == 404
