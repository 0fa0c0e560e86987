"""Lists by what the ticket is now: who has it, what is urgent; sorted by any column, and read on from a place."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import cache, partial
from typing import Any, cast

import pytest
from sqlalchemy import event

from domain.errors import InvalidValue
from domain.instants import MINUTE, Instant
from domain.plan.status import is_at_risk, is_overdue
from domain.ticket.events import EventKind
from domain.ticket.timeline import ticket_after
from store.instances.filters import Filters
from store.instances.order import NEXT_DUE_FIRST, SORTABLE, Order
from store.store import Store
from tests.store.conftest import Fill, Filled
from tests.store.samples import OPENED, ORGANIZATION, after, an_event, an_opening

MARK = "inst_sla_ticket_"


def at(minutes: int) -> Instant:
    return Instant(OPENED + minutes * MINUTE)


async def listed(store: Store, minutes: int = 0, order: Order = NEXT_DUE_FIRST, **filters: Any) -> list[str]:
    found = await store.instances.page(
        ORGANIZATION, limit=100, order=order, as_of=at(minutes), **cast("Filters", filters)
    )
    assert found.total == len(found.rows)
    assert found.last is None
    return [one.id.removeprefix(MARK) for one in found.rows]


async def with_three_tickets(store: Store) -> None:
    """`a` is answered and handed to the network, `b` is paused, `c` is left alone; all are due in 1 h and in 8 h."""
    fields = {"a": {"subject": "No dial tone"}, "b": {"title": "Dial 100% slow", "assignee": "ada"}, "c": {}}
    for name, own in fields.items():
        await store.instances.apply(an_opening(name, fields=own, team_id="front"))
    told = replace(an_event("told", EventKind.UPDATED, 20), attributes={"assignee": "grace"})
    handed = replace(an_event("handed", EventKind.ASSIGNED, 30), team_id="network")
    await store.instances.apply(after(an_opening("a", fields=fields["a"]), 2, an_event("answer", minutes=10)))
    await store.instances.apply(after(an_opening("a"), 3, an_event("answer", minutes=10), told))
    await store.instances.apply(after(an_opening("a"), 4, an_event("answer", minutes=10), told, handed))
    await store.instances.apply(after(an_opening("b"), 2, an_event("hold", EventKind.PAUSED, 10)))


@pytest.fixture
async def filled(filled_by: Filled) -> Store:
    return await filled_by(with_three_tickets)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"team_id": "network"}, ["a"]),
        ({"team_id": "front"}, ["b", "c"]),
        ({"assignee": ["ada", "grace"]}, ["a", "b"]),
        ({"policy_name": "Policy sla_1"}, ["a", "b", "c"]),
        ({"policy_name": "sla_1"}, []),
        ({"search": "DIAL"}, ["a", "b"]),
        ({"search": "100%"}, ["b"]),
        ({"search": "%"}, ["b"]),
        ({"search": "C"}, ["c"]),
        ({"search": "_"}, []),
    ],
)
async def test_lists_go_by_what_the_ticket_is_now(filled: Store, filters: dict[str, Any], expected: list[str]) -> None:
    assert sorted(await listed(filled, **filters)) == expected


async def test_what_changed_the_ticket_last_counts_whichever_record_comes_first(store: Store) -> None:
    early = replace(an_event("early", EventKind.UPDATED, 10), attributes={"assignee": "ada"})
    late = replace(an_event("late", EventKind.UPDATED, 20), attributes={"assignee": "grace", "subject": "Gone"})
    opening = an_opening("a", team_id="front")
    await store.instances.apply(after(opening, 2, late))
    await store.instances.apply(after(opening, 3, late, early))
    await store.instances.apply(opening)
    found = await store.instances.get(ORGANIZATION, f"{MARK}a")
    assert found is not None
    assert (found.ticket.assignee, found.ticket.title, found.ticket.team_id) == ("grace", "Gone", "front")
    assert await listed(store, assignee="grace", team_id="front", search="gone") == ["a"]


@pytest.mark.parametrize("seed", range(12))
async def test_the_ticket_is_that_of_all_its_events_in_whatever_order_they_are_recorded(
    store: Store, seed: int
) -> None:
    chance = random.Random(seed)
    changes = [
        replace(an_event(f"e{number}", EventKind.UPDATED, chance.randrange(4)), attributes={name: f"{number}"})
        for number, name in enumerate(chance.choices(("assignee", "subject", "url"), k=6))
    ]
    handed = [replace(an_event(f"h{number}", EventKind.ASSIGNED, number), team_id=f"t{number}") for number in range(3)]
    events, opening = [*changes, *handed], an_opening("a", fields={"assignee": "0"}, team_id="front")
    chance.shuffle(events)
    steps = [opening, *(after(opening, place, *events[: place - 1]) for place in range(2, len(events) + 2))]
    for step in chance.sample(steps, len(steps)) if seed % 2 else steps:
        await store.instances.apply(step)
    found = await store.instances.get(ORGANIZATION, f"{MARK}a")
    assert found is not None
    expected = ticket_after(found.snapshot.ticket, events)
    assert found.ticket == expected
    assert await listed(store, team_id=expected.team_id, assignee=expected.assignee) == ["a"]


@pytest.mark.parametrize("minutes", [0, 30, 44, 45, 59, 60, 61, 300, 361, 479, 480, 10_000])
async def test_at_risk_and_overdue_are_listed_as_they_are_shown_at_every_instant(filled: Store, minutes: int) -> None:
    every = (await filled.instances.list(ORGANIZATION, limit=9, offset=0))[0]
    for name, is_so in (("at_risk", is_at_risk), ("is_overdue", is_overdue)):
        yes, no = cast("Any", {name: True}), cast("Any", {name: False})
        expected = {one.id.removeprefix(MARK) for one in every if is_so(one.plan, at(minutes))}
        assert set(await listed(filled, minutes, **yes)) == expected
        assert set(await listed(filled, minutes, **no)) == {"a", "b", "c"} - expected
    assert await listed(filled, 60, is_overdue=True) == ["c"]
    assert await listed(filled, 45, at_risk=True) == ["c"]


@cache
def with_many_tickets(seed: str) -> Fill:
    return partial(_apply_many, chance=random.Random(seed))


async def _apply_many(store: Store, chance: random.Random) -> None:
    for name in range(17):
        own = {"subject": chance.choice("abc"), "assignee": chance.choice(("ada", "grace", None))}
        given: Any = {
            "priority": chance.choice(("high", "low", None)),
            "fields": own,
            "team_id": chance.choice(("t", None)),
        }
        opening = an_opening(f"{name:02}", opened_at=at(-chance.randrange(5)), **given)
        due = chance.choice((None, at(chance.randrange(6))))
        await store.instances.apply(replace(opening, next_due_at=due, closed_at=None if due else at(1)))


@pytest.mark.parametrize("name", [f"{sign}{name}" for name in SORTABLE for sign in ("", "-")])
async def test_pages_from_place_to_place_hold_each_instance_once_in_any_order(filled_by: Filled, name: str) -> None:
    store = await filled_by(with_many_tickets(name))
    order, place, found = Order.by(name), None, []
    whole = await listed(store, order=order)
    for _ in range(4):
        page = await store.instances.page(ORGANIZATION, limit=5, order=order, after=place, as_of=OPENED)
        assert page.total == 17
        found += [one.id.removeprefix(MARK) for one in page.rows]
        place = page.last
    assert (place, found) == (None, whole)
    assert len(set(found)) == 17


async def test_a_list_is_sorted_by_a_column_with_what_has_none_last_in_both_directions(filled: Store) -> None:
    assert await listed(filled, order=Order.by("assignee")) == ["b", "a", "c"]
    assert await listed(filled, order=Order.by("-assignee")) == ["a", "b", "c"]
    assert await listed(filled, order=Order.by("subject")) == ["b", "a", "c"]
    assert await listed(filled, order=Order.by("-id")) == ["c", "b", "a"]
    assert await listed(filled, order=Order.by("next_due_at")) == await listed(filled)
    with pytest.raises(InvalidValue, match="next_due_at"):
        Order.by("colour")


async def test_what_does_not_move_is_seen_once_while_other_instances_come_and_go(store: Store) -> None:
    """Read on from a place, a list shows what stays where it is once, whatever changes meanwhile."""
    for number in range(30):
        await store.instances.apply(an_opening(f"{number:02}", opened_at=at(number)))
    by_offset, by_place, place = [], [], None
    for number in range(0, 30, 6):
        page = await store.instances.page(ORGANIZATION, limit=6, after=place, as_of=OPENED)
        by_place += [one.id.removeprefix(MARK) for one in page.rows]
        place = page.last
        by_offset += [
            one.id.removeprefix(MARK) for one in (await store.instances.list(ORGANIZATION, limit=6, offset=number))[0]
        ]
        done = an_event("done", EventKind.RESOLVED, 100)
        await store.instances.apply(after(an_opening(f"{number:02}", opened_at=at(number)), 2, done))
    moved = {f"{number:02}" for number in range(0, 30, 6)}
    still = [name for name in by_place if name not in moved]
    assert sorted(still) == [f"{number:02}" for number in range(30) if f"{number:02}" not in moved]
    assert len([name for name in by_offset if name not in moved]) < len(still)


async def test_the_order_of_opening_shows_every_instance_once_whatever_happens_to_them(store: Store) -> None:
    order, place, found = Order.by("opened_at"), None, []
    for number in range(12):
        await store.instances.apply(an_opening(f"{number:02}", opened_at=at(number)))
    for number in (0, 11, 5):
        page = await store.instances.page(ORGANIZATION, limit=4, order=order, after=place)
        found += [one.id.removeprefix(MARK) for one in page.rows]
        place = page.last
        done = an_event("done", EventKind.RESOLVED, 100)
        await store.instances.apply(after(an_opening(f"{number:02}", opened_at=at(number)), 2, done))
        await store.instances.apply(an_opening(f"new-{number}", opened_at=at(-1)))
    assert found == [f"{number:02}" for number in range(12)]


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("filters", "counted", "read"),
    [
        (Filters(team_id="network"), "COVERING INDEX ix_instances_of_team_id", "INDEX ix_instances_of_team_id"),
        (Filters(assignee="ada"), "COVERING INDEX ix_instances_of_assignee", "INDEX ix_instances_of_assignee"),
        (Filters(is_overdue=True), "COVERING INDEX ix_instances_running", "INDEX ix_instances_"),
        (Filters(at_risk=True), "COVERING INDEX ix_instances_running", "INDEX ix_instances_"),
    ],
    ids=str,
)
async def test_what_is_urgent_and_whose_it_is_is_counted_and_read_on_an_index(
    filled: Store, filters: Filters, counted: str, read: str
) -> None:
    steps: list[list[str]] = []

    def heard(_conn: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if "FROM instances" in statement:
            steps.append([row[3] for row in cursor.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)])

    event.listen(filled.database.engine, "before_cursor_execute", heard)
    # Behind the last one, for a page that has it is counted by itself.
    await filled.instances.list(ORGANIZATION, limit=2, offset=100, **filters)
    (page, *sorting), (count,) = steps
    assert f"USING {counted} " in count
    assert f"USING {read}" in page
    assert "USE TEMP B-TREE FOR ORDER BY" not in sorting or "ix_instances_running" in page


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize("sign", ["", "-"], ids=["up", "down"])
@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("subject", "title"),
        ("priority", "priority"),
        ("policy_name", "policy_name"),
        ("closed_at", "closed_at"),
        ("recorded_at", "recorded_at"),
        ("opened_at", "opened_at"),
    ],
)
async def test_a_page_sorted_by_a_column_is_found_and_read_on_upon_an_index(
    filled_by: Filled, name: str, column: str, sign: str
) -> None:
    store = await filled_by(with_many_tickets(name))
    pages: list[list[str]] = []

    def heard(_conn: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if "status_then" in statement and "ORDER BY" in statement:
            pages.append([row[3] for row in cursor.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)])

    order = Order.by(f"{sign}{name}")
    first = await store.instances.page(ORGANIZATION, limit=2, order=order)
    event.listen(store.database.engine, "before_cursor_execute", heard)
    await store.instances.page(ORGANIZATION, limit=2, order=order)
    (begun, *rest), *_ = pages
    assert column in begun
    assert not any(step.endswith("FOR ORDER BY") for step in rest)
    pages.clear()
    assert first.last is not None
    await store.instances.page(ORGANIZATION, limit=2, order=order, after=first.last)
    (on, *rest), *_ = pages
    assert f" AND {column}{'<' if sign else '>'}?" in on
    assert not any(step.endswith("FOR ORDER BY") for step in rest)
