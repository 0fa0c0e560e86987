"""The page of a ticket over HTTP: what it shows, what can be done, and who may."""

from __future__ import annotations

import re
from typing import Any

import pytest
import sqlalchemy as sa

from domain.access.scopes import READ
from domain.instants import DAY, HOUR, SECOND, Instant, parse, render
from store.lists.listed import ListPart


@pytest.fixture
async def ticket(board: Any) -> dict[str, Any]:
    await board.api.policy()
    return dict(await board.api.ticket("42", fields={"subject": "No dial tone", "url": "javascript:alert(1)"}))


async def test_a_ticket_shows_its_clocks_and_why_it_got_its_policy(board: Any, ticket: dict[str, Any]) -> None:
    answer = await board.get(f"/tickets/{ticket['id']}")
    assert answer.status_code == 200
    for words in ("No dial tone", "First response", "Resolution", "every condition holds", "opened", "<svg"):
        assert words in answer.text
    assert "javascript:" not in answer.text


async def test_what_was_done_stands_in_the_record_with_its_reason_and_who_did_it(
    board: Any, ticket: dict[str, Any]
) -> None:
    await board.api.with_worker()
    place = f"/tickets/{ticket['id']}"
    keys = (await board.api.dependencies.store.keys.list(board.api.organization, ListPart(10))).rows
    for action, said, fields in (
        ("acknowledge", "Acknowledged.", {}),
        ("pause", "Paused.", {"cause": "vendor", "hours": "2"}),
        ("resume", "Resumed.", {}),
        ("assign", "Assigned.", {"team": ""}),
        ("resolve", "Resolved.", {}),
    ):
        answer = await board.send(f"{place}/{action}", reason=f"because of {action}", **fields)
        assert (answer.status_code, answer.headers["location"]) == (303, place)
        page = (await board.get(place)).text
        assert said in page
        assert f"because of {action}" in page
        assert said not in (await board.get(place)).text
    events = (await board.api.get(f"/instances/{ticket['id']}/explain")).json()["events"]
    assert {one["actor"] for one in events[1:]} == {next(one.id for one in keys if one.name == "a test")}


async def test_a_breach_is_excused_with_a_reason_and_not_without(board: Any) -> None:
    await board.api.policy()
    await board.api.with_worker()
    opened = render(Instant(board.api.dependencies.now() - DAY))
    ticket = await board.api.ticket("late", occurred_at=opened)
    place = f"/tickets/{ticket['id']}"
    await board.send(f"{place}/excuse", target="resolution")
    assert "must be given" in (await board.get(place)).text
    await board.send(f"{place}/excuse", target="resolution", reason="storm")
    page = (await board.get(place)).text
    assert "Excused." in page
    assert "storm" in page


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"hours": "-1"}, "must be greater than zero"),
        ({"hours": "soon"}, "must be a number"),
        ({"until": "tomorrow"}, "must be a date and a time"),
        ({"until": "2020-01-01T00:00"}, "must come after"),
        ({"hours": "1", "until": "2030-01-01T00:00"}, "must not be given together"),
    ],
)
async def test_a_pause_that_cannot_be_says_why_and_changes_nothing(
    board: Any, ticket: dict[str, Any], fields: dict[str, str], fault: str
) -> None:
    place = f"/tickets/{ticket['id']}"
    await board.send(f"{place}/pause", **fields)
    assert fault in (await board.get(place)).text


async def test_without_a_worker_an_action_is_kept_and_the_page_says_so(board: Any, ticket: dict[str, Any]) -> None:
    await board.send(f"/tickets/{ticket['id']}/acknowledge")
    assert "recorded as soon as a worker answers" in (await board.get(f"/tickets/{ticket['id']}")).text


async def test_a_key_that_may_only_read_sees_no_action_and_does_none(
    board: Any, ticket: dict[str, Any], make_board: Any
) -> None:
    reader = await make_board(board.api, scopes=(READ,))
    page = (await reader.get(f"/tickets/{ticket['id']}")).text
    assert "Acknowledge</h2>" not in page
    for action in ("acknowledge", "pause", "resume", "assign", "resolve", "excuse", "share"):
        answer = await reader.send(f"/tickets/{ticket['id']}/{action}", reason="x", target="resolution", days="1")
        assert (answer.status_code, "scope sla:write" in answer.text) == (403, True), action


async def test_another_organizations_ticket_is_not_there_and_nothing_is_done_to_it(
    board: Any, ticket: dict[str, Any], make_board: Any
) -> None:
    stranger = await make_board()
    before = (await board.api.get(f"/instances/{ticket['id']}/explain")).json()["events"]
    for path in ("", "/verify", "/record", "?as_of=" + ticket["opened_at"]):
        answer = await stranger.get(f"/tickets/{ticket['id']}{path}")
        assert (answer.status_code, "dial tone" in answer.text) == (404, False), path
    for action in ("acknowledge", "pause", "resume", "assign", "resolve", "excuse", "share"):
        answer = await stranger.send(f"/tickets/{ticket['id']}/{action}", reason="x", target="resolution", days="1")
        assert answer.status_code == 404, action
    assert (await board.api.get(f"/instances/{ticket['id']}/explain")).json()["events"] == before


async def test_a_ticket_is_shown_as_it_was_known(board: Any) -> None:
    await board.api.policy()
    ticket = await board.api.ticket("42")
    opened = parse(ticket["opened_at"])
    later = opened // SECOND + 3600
    board.api.use(now=lambda: Instant(opened + 2 * HOUR))
    page = (await board.get(f"/tickets/{ticket['id']}?as_of={later}")).text
    assert "As it was known on" in page
    assert "Acknowledge</h2>" not in page
    for as_of, status in ((render(Instant(opened + 3 * HOUR)), 422), ("soon", 422), ("12", 404), ("9" * 40, 422)):
        assert (await board.get(f"/tickets/{ticket['id']}?as_of={as_of}")).status_code == status, as_of


async def test_why_a_policy_was_chosen_is_said_in_the_words_of_the_policy_pages(board: Any) -> None:
    only = [{"field": "priority", "operator": "in", "value": ["urgent", "high"]}]
    await board.api.policy(name="Fast", conditions=only)
    await board.api.policy(name="All", conditions=[], targets=[{"type": "resolution", "hours": 4}])
    ticket = await board.api.ticket("42", priority="low")
    words = "priority is urgent or high does not hold: the ticket has low"
    assert words in (await board.get(f"/tickets/{ticket['id']}")).text
    assert words in (await board.get("/policies/try?priority=low")).text
    assert "priority is urgent or high" in (await board.get("/policies")).text
    explained = await board.api.get(f"/instances/{ticket['id']}/explain", format="text")
    assert words in explained.text


async def test_a_record_is_verified_and_kept(board: Any, ticket: dict[str, Any]) -> None:
    assert "Nothing was changed" in (await board.get(f"/tickets/{ticket['id']}/verify")).text
    kept = await board.get(f"/tickets/{ticket['id']}/record")
    assert kept.json()["instance_id"] == ticket["id"]
    assert "attachment" in kept.headers["content-disposition"]


async def shared_link(board: Any, ticket: dict[str, Any], days: int = 7) -> str:
    page = await board.send(f"/tickets/{ticket['id']}/share", days=str(days))
    found = re.search(r"http://board(/shared/[^<]+)<", page.text)
    assert found is not None
    return found.group(1)


async def test_a_link_shows_a_tickets_clocks_to_whoever_has_it_until_it_expires(
    board: Any, ticket: dict[str, Any], make_board: Any
) -> None:
    address, customer = await shared_link(board, ticket), await make_board(board.api, scopes=())
    answer = await customer.get(address)
    assert answer.status_code == 200
    assert "No dial tone" in answer.text
    for hidden in ("every condition holds", "Events", "csrf", "Acknowledge", "Sign out", board.api.organization):
        assert hidden not in answer.text
    assert answer.headers["x-robots-tag"] == "noindex"
    opened = board.api.dependencies.now()
    board.api.use(now=lambda: Instant(opened + 8 * DAY))
    assert (await customer.get(address)).status_code == 404


async def test_a_link_does_not_read_what_was_delivered_and_to_whom(
    board: Any, ticket: dict[str, Any], make_board: Any
) -> None:
    address, customer = await shared_link(board, ticket), await make_board(board.api, scopes=())
    statements: list[str] = []
    engine = board.api.dependencies.store.database.engine
    sa.event.listen(engine, "before_cursor_execute", heard := lambda *call: statements.append(call[2]))
    try:
        answer = await customer.get(address)
    finally:
        sa.event.remove(engine, "before_cursor_execute", heard)
    assert answer.status_code == 200
    read = {table for one in statements for table in re.findall(r"\b(?:FROM|JOIN) (\w+)", one)}
    assert "instances" in read
    assert not read & {"deliveries", "teams", "receivers", "contacts", "sources"}


async def test_a_link_names_nobody(board: Any, ticket: dict[str, Any], make_board: Any) -> None:
    await board.api.with_worker()
    await board.send(f"/tickets/{ticket['id']}/acknowledge")
    (key,) = [
        one.id
        for one in (await board.api.dependencies.store.keys.list(board.api.organization, ListPart(10))).rows
        if one.name == "a test"
    ]
    assert key in (await board.get(f"/tickets/{ticket['id']}")).text
    customer = await make_board(board.api, scopes=())
    shown = (await customer.get(await shared_link(board, ticket))).text
    assert key not in shown
    assert "acknowledged" not in shown


async def test_a_link_ends_with_the_key_that_made_it_and_cannot_be_made_by_hand(
    board: Any, ticket: dict[str, Any], make_board: Any
) -> None:
    address, customer = await shared_link(board, ticket), await make_board(board.api, scopes=())
    assert (await customer.get(address[:-2] + "xx")).status_code == 404
    assert (await customer.get("/shared/" + board.http.cookies["sla_session"].strip('"'))).status_code == 404
    for one in (await board.api.dependencies.store.keys.list(board.api.organization, ListPart(10))).rows:
        await board.api.dependencies.store.keys.revoke(one.id)
    assert (await customer.get(address)).status_code == 404


async def test_a_link_lasts_a_month_at_most(board: Any, ticket: dict[str, Any]) -> None:
    for days in ("0", "31", "many"):
        assert (await board.send(f"/tickets/{ticket['id']}/share", days=days)).status_code == 422
