"""What is due next: in which group, in which order, with which figures, and whose."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from domain.instants import HOUR, Instant, render
from domain.plan.planning import plan
from domain.plan.status import instance_status
from domain.record.ledger import Firing, Key
from domain.ticket.timeline import ticket_after
from store.instances.instances import StoredInstance
from tests.support.builders import OFFICE, a_snapshot, a_ticket, at, opened, paused, promise, resolved
from web.pages.due_next.view import AT_RISK_GROUP, BREACHED, LATER, PAUSED, TODAY, row_of


def stored(*events: Any, minutes: int = 60, now: str = "09:30") -> StoredInstance:
    """With a promise of so many minutes in the office hours of the week of 2 March."""
    snapshot = a_snapshot(promise(minutes=minutes), calendar=OFFICE, ticket=a_ticket("high", subject="42"))
    planned = plan(snapshot, events)
    ticket = ticket_after(snapshot.ticket, events)
    status = instance_status(planned, at(now))
    due = min((one.due_at for one in planned.targets if one.is_open and one.due_at), default=None)
    return StoredInstance(
        "inst_sla_ticket_42",
        snapshot,
        ticket,
        planned,
        (),
        status,
        1,
        planned.opened_at,
        planned.closed_at,
        due,
        at(now),
    )


@pytest.mark.parametrize(
    ("minutes", "now", "group"),
    [
        (60, "09:10", TODAY),
        (60, "09:50", AT_RISK_GROUP),
        (60, "10:01", BREACHED),
        (900, "09:30", LATER),
        (900, "tue 09:01", TODAY),
    ],
)
def test_a_ticket_stands_where_its_first_due_is(minutes: int, now: str, group: str) -> None:
    assert row_of(stored(opened("09:00"), minutes=minutes, now=now), at(now), "UTC", {}).group == group


def test_days_are_those_of_the_organizations_zone() -> None:
    one = stored(opened("16:30"), minutes=60)
    assert row_of(one, at("16:40"), "UTC", {}).group == LATER
    assert row_of(one, at("tue 09:01"), "UTC", {}).group == TODAY


def test_a_paused_ticket_says_how_much_is_left_and_does_not_tick() -> None:
    held = stored(opened("09:00"), paused("09:20", "customer"), minutes=60)
    row = row_of(held, at("09:50"), "UTC", {})
    assert row.group == PAUSED
    assert row.left is not None
    assert (row.left.text, row.left.until) == ("40 min", None)
    assert row.bar is not None
    assert "paused" in row.bar.text


def test_time_left_ticks_while_the_office_is_open_and_stands_still_when_it_is_not() -> None:
    one = stored(opened("16:00"), minutes=120)
    open_, closed = row_of(one, at("16:30"), "UTC", {}).left, row_of(one, at("20:00"), "UTC", {}).left
    assert open_ is not None
    assert closed is not None
    assert (open_.text, open_.until) == ("1 h 30 min", render(at("17:00")))
    assert (closed.text, closed.until) == ("1 h", None)


@pytest.mark.parametrize("order", [1, -1])
def test_of_notices_that_fired_together_the_last_is_the_one_that_was_planned_last(order: int) -> None:
    late = stored(opened("09:00"), minutes=60, now="10:30")
    (target,) = late.plan.targets
    planned = [(one, one.planned_at) for one in target.milestones if one.planned_at is not None]
    fired = [Firing(Key.of(target, one), 1, instant, at("10:30")) for one, instant in planned]
    assert row_of(replace(late, ledger=tuple(fired[::order])), at("10:30"), "UTC", {}).last_notice == "breached"


def test_a_promise_that_is_kept_is_not_due() -> None:
    kept = stored(opened("09:00"), resolved("09:20"))
    assert row_of(kept, at("09:30"), "UTC", {}).promise == ""


async def test_the_page_groups_counts_and_leads_to_tickets(board: Any) -> None:
    await board.api.policy()
    await board.api.ticket(
        "one", fields={"subject": "Late", "url": "https://desk.example.com/1"}, occurred_at=ago(board, 5)
    )
    await board.api.ticket("two", fields={"subject": "<b>Now</b>"})
    page = (await board.get("/")).text
    figures = re.findall(r'class="value[^"]*">(\d+)</span><span class="name">([^<]+)', page)
    assert figures[:2] == [("1", "Breached and open"), ("0", "At risk")]
    assert page.index("Breached <span") < page.index("Late") < page.index("&lt;b&gt;Now")
    assert 'href="https://desk.example.com/1"' in page
    for id_ in re.findall(r'href="(/tickets/[^"]+)"', page):
        assert (await board.get(id_)).status_code == 200


def ago(board: Any, hours: int) -> str:
    return render(Instant(board.api.dependencies.now() - hours * HOUR))


async def test_filters_stand_in_the_address_and_narrow_figures_too(board: Any) -> None:
    await board.api.policy()
    for subject in ("red", "blue"):
        await board.api.ticket(subject, fields={"subject": subject})
    page = (await board.get("/?q=red")).text
    assert ("red" in page, "blue" in page) == (True, False)
    assert 'value="red"' in page
    assert 'hx-get="/?q=red"' in page
    assert "Nothing matches" in (await board.get("/?q=green")).text
    assert "Nothing matches" in (await board.get("/?team=nobody&priority=low&policy=x&assignee=y")).text


async def test_a_long_list_is_read_page_by_page(board: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.pages.due_next.reading.PAGE", 2)
    await board.api.policy()
    for number in range(5):
        await board.api.ticket(f"t{number}", fields={"subject": f"Ticket {number}"}, occurred_at=ago(board, 1))
    path, seen = "/", []
    while path:
        page = (await board.get(path)).text
        seen += re.findall(r">(Ticket \d)<", page)
        found = re.search(r'rel="next" href="([^"]+)"', page)
        path = found.group(1).replace("&amp;", "&") if found else ""
    assert sorted(seen) == [f"Ticket {number}" for number in range(5)]
    assert (await board.get("/?cursor=nonsense")).status_code == 422


async def test_another_organizations_tickets_are_not_shown(board: Any, make_board: Any) -> None:
    await board.api.policy()
    await board.api.ticket("one", fields={"subject": "Secret"})
    stranger = await make_board()
    page = (await stranger.get("/")).text
    assert ("Secret" in page, "No policy yet" in page) == (False, True)
    assert "Secret" not in (await stranger.get("/", headers={"HX-Request": "true"})).text


async def test_who_has_policies_and_no_receiver_is_told_that_nobody_is_told(board: Any) -> None:
    await board.api.policy()
    assert "nobody is told" in (await board.get("/")).text


async def test_while_nothing_is_due_today_the_page_says_from_when_on(board: Any) -> None:
    await board.api.policy(targets=[{"type": "resolution", "priority": "urgent", "hours": 400}])
    await board.api.ticket("one")
    assert "Nothing is due before" in (await board.get("/")).text


async def test_a_receiver_that_the_engine_has_switched_off_is_counted(board: Any) -> None:
    made = await board.api.post("/receivers", {"name": "Ops", "channel": "webhook", "address": "http://127.0.0.1:9/"})
    assert made.status_code == 201, made.text
    receivers = board.api.dependencies.store.receivers
    await receivers.switch_off(board.api.organization, made.json()["id"], 1, "gone")
    assert re.search(r">1</span><span class=.name.>Receivers failing", (await board.get("/")).text)


async def test_a_part_that_is_fetched_shows_what_has_changed(board: Any) -> None:
    await board.api.policy()
    part = {"HX-Request": "true"}
    assert "Nothing is due" in (await board.get("/", headers=part)).text
    await board.api.ticket("one", fields={"subject": "Fresh"})
    await hub_told(board)
    assert "Fresh" in (await board.get("/", headers=part)).text


async def hub_told(board: Any) -> None:
    """As if the hub had seen the change."""
    app = await board.api.app.state.board.app()
    app.state.live._turns[board.api.organization] += 1
