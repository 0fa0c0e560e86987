"""The page of deliveries over HTTP, and the notices of a ticket on its own page."""

from __future__ import annotations

import csv
import io
from html import unescape
from typing import Any

import pytest

from domain.access.scopes import READ, WRITE
from domain.record.records import DEAD, DELIVERED
from tests.store.deliveries.test_the_log import key_of, sent, told
from tests.web.conftest import Board, BoardMaker

RECEIVER = {"name": "Duty <desk>", "channel": "webhook", "address": "https://hooks.example.com/sla"}


async def logged(board: Board, channel: str = "webhook:rcv_gone", status: str = DEAD, subject: str = "42") -> Any:
    stub = sent({"id": ""}, channel=channel, status=status)
    store = board.api.dependencies.store
    notice = await told(store, stub, subject=subject, organization=board.api.organization)
    return key_of(notice, channel)


async def test_without_a_notice_the_page_says_so(board: Board) -> None:
    page = await board.get("/deliveries")
    assert (page.status_code, "No notice yet" in page.text) == (200, True)
    assert "No receiver: nobody is told." in page.text


async def test_dead_letters_stand_before_what_was_taken_and_receivers_go_by_their_names(board: Board) -> None:
    receiver = (await board.api.http.post("/api/v2/sla/receivers", json=RECEIVER)).json()["id"]
    dead = await logged(board, f"webhook:{receiver}")
    taken = await logged(board, "log", DELIVERED, "43")
    text = (await board.get("/deliveries")).text
    assert text.index(dead.id) < text.index(taken.id)
    assert "Duty &lt;desk&gt;" in text
    assert "answered 400" in text
    assert f'href="/settings/receivers/{receiver}"' in text
    narrowed = (await board.get("/deliveries?state=dead&channel=&ticket_id=42")).text
    assert (dead.id in narrowed, taken.id in narrowed) == (True, False)
    assert "Nothing matches" in (await board.get("/deliveries?ticket_id=44")).text
    table = await board.get("/deliveries/deliveries.csv?ticket_id=43")
    assert [row["state"] for row in csv.DictReader(io.StringIO(table.text))] == ["delivered"]


async def test_the_part_that_moves_has_each_sessions_own_token(board: Board, make_board: BoardMaker) -> None:
    dead = await logged(board)
    another, stranger = await make_board(board.api), await make_board()
    boards = (board, another, stranger)
    parts = [(await one.get("/deliveries?ticket_id=42", headers={"HX-Request": "true"})).text for one in boards]
    assert [dead.id in one for one in parts] == [True, True, False]
    for own, part in zip(boards, parts, strict=True):
        assert [one.csrf in part for one in boards] == [one is own and own is not stranger for one in boards]
        assert "<html" not in part


async def test_the_log_goes_on_behind_its_cursor(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.pages.deliveries.reading.PAGE", 2)
    for number in range(3):
        await logged(board, subject=str(number), status=DELIVERED)
    first = (await board.get("/deliveries")).text
    following = unescape(first.partition('rel="next" href="')[2].partition('"')[0])
    page = await board.get(following)
    assert (page.status_code, "First page" in page.text) == (200, True)
    assert ("/tickets/inst_sla_ticket_0" in first, "/tickets/inst_sla_ticket_0" in page.text) == (False, True)


@pytest.mark.parametrize("asked", ["state=lost", "since=soon", "cursor=WyJ4Il0", "status=dead", "instance_id=42"])
async def test_an_address_that_makes_no_sense_is_refused_by_name(board: Board, asked: str) -> None:
    for path in ("/deliveries", "/deliveries/deliveries.csv"):
        if path.endswith("csv") and asked.startswith("cursor"):
            continue
        page = await board.get(f"{path}?{asked}")
        assert (page.status_code, asked.partition("=")[0] in page.text) == (422, True), path


async def test_a_dead_letter_is_sent_again_once_from_the_log_or_from_its_ticket(board: Board) -> None:
    dead = await logged(board)
    for back, lands in (("/tickets/inst_sla_ticket_42", "/tickets/inst_sla_ticket_42"), ("//evil", "/deliveries")):
        answer = await board.send(f"/deliveries/{dead.id}/resend", back=back)
        assert (answer.status_code, answer.headers["location"]) == (303, lands)
    text = (await board.get("/deliveries")).text
    assert "the notice is on its way already" in text
    assert "sent again 1 time<" in text
    assert (await board.api.get("/deliveries", state="pending")).json()["total"] == 1
    assert (await board.send("/deliveries/dlv_AAAA/resend")).status_code == 404


async def test_a_ticket_shows_to_whom_it_was_told_after_how_many_attempts_and_sends_it_again(
    make_board: Any, board: Board
) -> None:
    receiver = (await board.api.http.post("/api/v2/sla/receivers", json=RECEIVER)).json()["id"]
    dead = await logged(board, f"webhook:{receiver}")
    place = "/tickets/inst_sla_ticket_42"
    text = (await board.get(place)).text
    for said in ("Duty &lt;desk&gt;", "1 attempt<", "answered 400", f'action="/deliveries/{dead.id}/resend"'):
        assert said in text, said
    assert (await board.send(f"/deliveries/{dead.id}/resend", back=place)).headers["location"] == place
    assert "sent again 1 time<" in (await board.get(place)).text
    reader = await make_board(board.api, scopes=(READ,))
    assert "/resend" not in (await reader.get(place)).text


async def test_the_dead_letters_of_a_receiver_are_sent_again(board: Board) -> None:
    for number in range(2):
        await logged(board, subject=str(number))
    for fields, said in (
        ({"receiver": "rcv_gone", "since": ""}, "since: must be a text"),
        ({"receiver": "", "since": "2026-03-02T09:00"}, "receiver: must"),
        ({"receiver": "rcv_gone", "since": "2026-03-02T09:00"}, "2 notices are sent once more"),
        ({"receiver": "rcv_gone", "since": "2026-03-02T09:00"}, "Nothing was given up"),
    ):
        assert (await board.send("/deliveries/resend", **fields)).status_code == 303
        assert said in (await board.get("/deliveries")).text, fields


async def test_a_receiver_is_tried_and_the_page_says_what_came_of_it(board: Board) -> None:
    body = {**RECEIVER, "address": "http://127.0.0.1:9/sla"}
    receiver = (await board.api.http.post("/api/v2/sla/receivers", json=body)).json()["id"]
    assert (await board.send("/deliveries/test", receiver=receiver)).status_code == 303
    assert "The sample was not taken" in (await board.get("/deliveries")).text
    await board.send("/deliveries/test", receiver=receiver, type="solved")
    assert "type: must be one of" in (await board.get("/deliveries")).text
    assert (await board.send("/deliveries/test", receiver="rcv_none")).status_code == 404


async def test_who_may_only_read_sends_nothing_again_and_who_may_write_tries_no_receiver(make_board: Any) -> None:
    board = await make_board(scopes=(READ,))
    dead = await logged(board)
    assert "Send again" not in (await board.get("/deliveries")).text
    for path in (f"/deliveries/{dead.id}/resend", "/deliveries/resend", "/deliveries/test"):
        assert (await board.send(path, receiver="x", since="2026-03-02T09:00")).status_code == 403, path
    board = await make_board(board.api, scopes=(READ, WRITE))
    assert (await board.send("/deliveries/test", receiver="x")).status_code == 403


async def test_nothing_of_another_organization_is_shown_or_sent_again(make_board: Any) -> None:
    ours, theirs = await make_board(), await make_board()
    dead = await logged(ours)
    assert "No notice yet" in (await theirs.get("/deliveries")).text
    assert (await theirs.send(f"/deliveries/{dead.id}/resend")).status_code == 404
    await theirs.send("/deliveries/resend", receiver="rcv_gone", since="2026-03-02T09:00")
    assert (await ours.api.get("/deliveries", state="dead")).json()["total"] == 1
