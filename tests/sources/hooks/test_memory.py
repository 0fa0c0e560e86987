"""What is remembered of a ticket, for systems that never say what was before, and do not send in order."""

from __future__ import annotations

from itertools import pairwise, permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.instants import DAY, Instant, parse, render
from domain.ticket.events import Event
from domain.ticket.order import in_order
from domain.ticket.timeline import ticket_after
from sources.hooks import Outcome, Remembered, Source
from sources.hooks.language.states import Standing, State, steps
from sources.hooks.memory import KEPT
from tests.sources.hooks.mappings import NOW, a_source, tell, told
from tests.support.builders import a_ticket
from tests.support.examples import examples

STATES = {
    "new": "new",
    "active": "in_progress",
    "open": "open",
    "user": "pending",
    "vendor": "pending",
    "done": "solved",
    "gone": "closed",
}
SNAPSHOTS: dict[str, Any] = {
    "state": {"from": "body.status", "table": STATES},
    "sequence": "body.count",
    "ticket": {
        "id": "body.ticket",
        "opened_at": "body.opened",
        "team_id": "body.team",
        "fields": {"subject": "body.subject"},
    },
    "events": {"now": ["state", "changes"]},
}


def snapshot(count: int, status: str, subject: str = "x", team: str = "a") -> dict[str, Any]:
    return {
        "ticket": "7",
        "event": "now",
        "id": f"s{count}",
        "count": count,
        "status": status,
        "subject": subject,
        "team": team,
        "at": f"2026-03-02T08:{count:02}:00.000Z",
        "opened": "2026-03-02T08:00:00.000Z",
    }


def events_of(source: Source, bodies: list[dict[str, Any]]) -> list[Event]:
    """The events of bodies that arrive in this order, each id once, as the engine keeps them."""
    known: dict[str, Remembered] = {}
    kept: dict[str, Event] = {}
    for arrival, one in enumerate(bodies):
        for event in tell(source, known, one).events:
            kept.setdefault(event.event_id, event.event(Instant(NOW + arrival), "desk"))
    return list(in_order(kept.values()))


def life(events: list[Event]) -> list[str]:
    """What the engine makes of events: those that change nothing are left out."""
    standing, acknowledged, lived = Standing(State.NEW), False, []
    fields: dict[str, Any] = {}
    team: str | None = "a"
    for event in events:
        text = f"{event.kind} {event.cause}".strip() + render(event.occurred_at)[13:17]
        if event.kind == "acknowledged":
            counts, acknowledged = not acknowledged, True
        elif event.kind == "updated":
            counts = any(fields.get(name) != value for name, value in event.attributes.items() if value is not None)
            fields |= event.attributes
        elif event.kind == "assigned":
            counts, team = event.team_id != team, event.team_id
        else:
            before, standing = standing, _after(standing, event)
            counts = before != standing
        if counts:
            lived.append(text)
    return lived


def _after(standing: Standing, event: Event) -> Standing:
    if event.kind == "reopened":
        return Standing(State.OPEN) if standing.has_ended else standing
    if event.kind in ("resolved", "cancelled"):
        return standing if standing.has_ended else Standing(State.SOLVED)
    if event.kind == "paused":
        return Standing(State.PENDING, event.cause)
    if event.kind == "resumed" and standing.waits and standing.cause == event.cause:
        return Standing(State.OPEN)
    return standing


@pytest.mark.parametrize("order", [*permutations(range(4))])
def test_states_that_arrive_in_any_order_come_to_the_same_life(order: tuple[int, ...]) -> None:
    bodies = [snapshot(count, status) for count, status in enumerate(["new", "user", "done", "active"])]
    expected = ["paused user:01:", "resumed user:02:", "resolved:02:", "reopened:03:"]
    lived = life(events_of(a_source(**SNAPSHOTS), [bodies[place] for place in order]))
    assert [one for one in lived if "acknowledged" not in one and "updated" not in one] == expected


@given(st.lists(st.sampled_from([*STATES]), min_size=2, max_size=KEPT), st.randoms(use_true_random=False))
@settings(max_examples=examples(100))
def test_any_states_in_any_order_and_twice_come_to_the_same_life(statuses: list[str], random: Any) -> None:
    bodies = [snapshot(count, status) for count, status in enumerate(statuses)]
    shuffled = bodies + random.sample(bodies, len(bodies) // 2)
    random.shuffle(shuffled)
    source = a_source(**SNAPSHOTS)

    def states(events: list[Event]) -> list[str]:
        return [one for one in life(events) if "updated" not in one and "acknowledged" not in one]

    assert states(events_of(source, shuffled)) == states(events_of(source, bodies))


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["x", "y", None])), min_size=2, max_size=KEPT),
    st.randoms(use_true_random=False),
)
@settings(max_examples=examples(100))
def test_any_changes_in_any_order_leave_the_ticket_as_they_do_in_order(
    changes: list[tuple[str, str | None]], random: Any
) -> None:
    bodies = [{**snapshot(count, "open"), "subject": one, "team": team} for count, (one, team) in enumerate(changes)]
    shuffled = bodies + random.sample(bodies, len(bodies) // 2)
    random.shuffle(shuffled)
    left = ticket_after(a_ticket(), events_of(a_source(**SNAPSHOTS), [bodies[0], *shuffled]))
    assert (left.fields.get("subject", changes[0][0]), left.team_id) == (changes[-1][0], _team(changes))


def _team(changes: list[tuple[str, str | None]]) -> str | None:
    """The team of the last change, if a change told one: the first body opens the ticket with its own."""
    told_of = [team for (_, before), (_, team) in pairwise(changes) if team != before]
    return changes[-1][1] if told_of else None


def test_a_state_that_arrives_late_tells_what_lay_between_its_neighbours() -> None:
    source = a_source(**SNAPSHOTS)
    known: dict[str, Remembered] = {}
    tell(source, known, snapshot(1, "open"))
    assert told(tell(source, known, snapshot(9, "open"))) == []
    late = tell(source, known, snapshot(5, "user"))
    assert [f"{event.kind} {render(event.occurred_at)[14:16]}" for event in late.events] == ["paused 05", "resumed 09"]


def test_a_change_that_arrives_late_does_not_outlast_what_followed_it() -> None:
    source = a_source(**SNAPSHOTS)
    known: dict[str, Remembered] = {}
    tell(source, known, snapshot(1, "open", subject="a"))
    tell(source, known, snapshot(9, "open", subject="a"))
    late = tell(source, known, snapshot(5, "open", subject="b", team="z"))
    assert [(render(event.occurred_at)[14:16], event.team_id, event.attributes) for event in late.events] == [
        ("05", "z", {}),
        ("05", None, {"subject": "b"}),
        ("09", "a", {}),
        ("09", None, {"subject": "a"}),
    ]


def test_a_late_change_is_not_taken_back_by_what_followed_and_told_nothing_of_it() -> None:
    ticket = {"id": "body.ticket", "partial": True, "priority": "body.priority", "fields": {"subject": "body.subject"}}
    source = a_source(ticket=ticket)
    known: dict[str, Remembered] = {}

    def hear(minute: int, event: str, **parts: str) -> list[dict[str, Any]]:
        at = f"2026-03-02T08:{minute:02}:00Z"
        outcome = tell(
            source, known, {"ticket": "7", "event": event, "id": str(minute), "at": at, "by": "agent", **parts}
        )
        return [dict(one.attributes) for one in outcome.events if one.attributes]

    hear(1, "created", subject="a", priority="low")
    hear(5, "message")
    assert hear(6, "edited", priority="high") == [{"priority": "high"}]
    assert hear(7, "edited", subject="a") == []
    assert hear(3, "edited", subject="b") == [{"subject": "b"}, {"subject": "a"}]


def test_what_is_older_than_all_that_is_remembered_changes_nothing() -> None:
    source = a_source(**SNAPSHOTS)
    known: dict[str, Remembered] = {}
    for count in range(10, 12 + KEPT):
        tell(source, known, snapshot(count, "open"))
    assert len(known["7"].seen) == KEPT
    outcome = tell(source, known, {**snapshot(2, "done"), "subject": "x"})
    assert "resolved" not in told(outcome)


def test_many_messages_do_not_make_the_state_forgotten() -> None:
    source = a_source(events={"status": "state", "message": "reply"})
    known: dict[str, Remembered] = {}
    tell(
        source, known, {"ticket": "7", "event": "status", "status": "waiting", "id": "0", "at": "2026-03-02T08:00:00Z"}
    )
    for count in range(1, 2 * KEPT):
        tell(
            source,
            known,
            {"ticket": "7", "event": "message", "by": "agent", "id": str(count), "at": f"2026-03-02T08:{count:02}:00Z"},
        )
    last = {"ticket": "7", "event": "status", "status": "open", "id": "99", "at": "2026-03-02T09:00:00Z"}
    assert told(tell(source, known, last)) == ["resumed waiting"]


def test_a_delivery_that_is_interpreted_again_tells_the_same_though_others_came_since() -> None:
    source = a_source(**SNAPSHOTS)
    known: dict[str, Remembered] = {}
    outcomes = [tell(source, known, snapshot(count, status)) for count, status in enumerate(["user", "open", "done"])]
    for count, status in enumerate(["user", "open", "done"]):
        again = tell(source, known, snapshot(count, status))
        first = outcomes[count]
        assert [event.event_id for event in first.events] == [
            event.event_id for event in again.events if event.event_id in {one.event_id for one in first.events}
        ]
        assert {event.event_id for event in again.events} <= {
            event.event_id for one in outcomes for event in one.events
        }


def test_what_a_body_shows_beside_what_it_tells_is_left_for_the_one_that_tells_it() -> None:
    """A comment of GitHub shows the labels, too; that they were changed is told by another delivery, maybe later."""
    part = {"id": "body.ticket", "team_id": "body.team", "fields": {"subject": "body.subject"}}
    source = a_source(ticket=part)
    known: dict[str, Remembered] = {}
    at = "2026-03-02T08:00:00Z"
    tell(source, known, {"ticket": "7", "event": "created", "id": "1", "at": at, "subject": "a", "team": "x"})
    later = {"ticket": "7", "by": "agent", "at": "2026-03-02T09:00:00Z", "subject": "b", "team": "y"}
    assert told(tell(source, known, {**later, "event": "message", "id": "2"})) == ["agent_replied"]
    outcome = tell(source, known, {**later, "event": "edited", "id": "3"})
    assert told(outcome) == ["assigned", "updated"]
    assert outcome.events[1].attributes == {"subject": "b"}


def test_what_is_set_aside_leaves_the_memory_as_it_is() -> None:
    source = a_source(**SNAPSHOTS)
    known: dict[str, Remembered] = {}
    tell(source, known, snapshot(1, "open"))
    before = known["7"]
    outcome = tell(source, known, {**snapshot(2, "open"), "count": "two"})
    assert outcome.outcome is Outcome.SET_ASIDE
    assert known["7"] is before


def test_nothing_happens_between_two_ends_or_in_a_state_that_stays() -> None:
    for state in State:
        standing = Standing(state, "x" if state is State.PENDING else "")
        assert [*steps(standing, standing, acknowledged=False)] == []
    ends = [Standing(State.SOLVED), Standing(State.CLOSED), Standing(State.CANCELLED)]
    assert [step for one in ends for other in ends for step in steps(one, other, acknowledged=False)] == []


def test_a_wait_that_got_another_end_is_told_again() -> None:
    first, second = (Standing(State.PENDING, "x", Instant(parse("2026-03-02T09:00:00Z") + day * DAY)) for day in (0, 1))
    assert [step.until for step in steps(first, second, acknowledged=True)] == [second.until]
