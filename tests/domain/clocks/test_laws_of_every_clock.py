"""Laws that hold for every kind of clock, budget and change of the ticket, under any history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from itertools import pairwise
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from domain.calendar import Calendar
from domain.ids import InstanceId, Kind, SubjectType
from domain.instants import MINUTE, Instant
from domain.plan.planning import plan
from domain.plan.plans import Plan, TargetPlan
from domain.plan.walk import TicketWalk
from domain.policy.catalog import Catalog
from domain.policy.clocks.clocks import CLOCKS, CUSTOM, ClockState, OnReopen, Span
from domain.policy.policies import OnChange, Policy, RetargetBreaches
from domain.policy.snapshot import CalendarVersion, Snapshot
from domain.policy.targets import TargetRule
from domain.ticket.conditions.conditions import Condition
from domain.ticket.conditions.criteria import Criteria
from domain.ticket.events import AUTHORS, EXCUSES, Event, EventKind
from domain.ticket.excuses import Covers
from domain.ticket.order import in_order
from domain.ticket.tickets import Ticket
from tests.support.builders import ALWAYS, a_snapshot, promise
from tests.support.strategies import calendars, deterministic, histories, instants, kinds_with_resets

PENDING = Criteria((Condition("status", "in", ("pending", "on_hold")),))
WITH_VENDOR = Criteria((Condition("status", "eq", "vendor"),))
OPEN = Criteria((Condition("status", "eq", "open"),))
BUDGETS: list[dict[str, Any]] = [
    {"minutes": 45},
    {"minutes": 200},
    {"hours": 5},
    {"days": 1},
    {"days": 2, "end_of_day": True},
    {"by": {"weekday": "wed", "time": "12:00"}},
    {"by": {"field": "due_date"}},
]
CHANGES: list[dict[str, Any]] = [
    {"priority": "high"},
    {"priority": "low"},
    {"status": "pending"},
    {"status": "vendor"},
    {"status": "open", "plan": "gold"},
    {"plan": None},
    {"due_date": "2026-03-04"},
    {"due_date": "2026-03-02T15:30:00Z"},
    {"due_date": "2026-02-27T09:00:00Z", "plan": "gold"},
    {"due_date": "soon"},
]


budgets = st.sampled_from(BUDGETS)
pauses = st.sampled_from((None, PENDING.to_json()))
reopenings = st.sampled_from((None, None, *OnReopen))
own_conditions = st.sampled_from(
    [
        {"starts_when": starts.to_json(), "stops_when": None if stops is None else stops.to_json()}
        for starts, stops in ((WITH_VENDOR, PENDING), (WITH_VENDOR, None), (OPEN, WITH_VENDOR), (PENDING, OPEN))
    ]
)
own_events: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [
        {"starts_on": ["customer_replied"], "stops_on": ["agent_replied", "resolved"]},
        {"starts_on": ["agent_replied", "reopened"], "stops_on": ["customer_replied"]},
        {"starts_on": [{"event": "updated", "by": ["agent", "bot"]}], "renews_on": ["acknowledged"]},
        {"starts_on": ["assigned"], "starts_when": OPEN.to_json(), "stops_on": ["agent_replied"]},
        {"stops_on": ["acknowledged"], "stops_when": PENDING.to_json(), "cancels_on": ["paused"]},
    ]
)
own_clocks = own_conditions | own_events
ANYBODY = {"event": "agent_replied", "by": ["agent", "bot", "system"]}
OVERRIDES: list[dict[str, Any]] = [
    {"starts_on": ["customer_replied"], "stops_on": [ANYBODY]},
    {"starts_when": OPEN.to_json()},
    {"stops_on": [ANYBODY, "resolved"], "cancels_on": ["assigned"]},
    {"stops_on": ["acknowledged"], "stops_when": WITH_VENDOR.to_json()},
    {"cancels_when": WITH_VENDOR.to_json()},
    {"cancels_on": [{"event": "updated", "by": ["system", "bot"]}]},
]
HELD = {"pauses_on": ["agent_replied"], "resumes_on": ["customer_replied", "updated"]}
own_of_built_in = st.sampled_from(({}, {}, {}, *OVERRIDES))
own_pauses = st.sampled_from(({}, {}, HELD))


@cache
@st.composite
def rules(draw: st.DrawFn, name: str, priority: str | None, label: str | None = None) -> TargetRule:
    budget = draw(budgets)
    held = {} if "by" in budget else {"pauses_when": draw(pauses)}
    own = draw(overrides(name, "by" not in budget)) if name in CLOCKS else draw(own_clocks)
    follows = CLOCKS.get(name, CUSTOM).follows_reopen and "reopened" not in own.get("starts_on", ())
    reopening = {"on_reopen": draw(reopenings)} if follows else {}
    named = {"id": f"{name}-{label}-{priority}", "type": name, "name": label, "priority": priority}
    document = {**named, **budget, **held, **own, **reopening}
    return TargetRule.from_json(document)


@cache
@st.composite
def overrides(draw: st.DrawFn, name: str, may_pause: bool) -> dict[str, Any]:
    """What a target of a built-in type says itself of its clock; mostly nothing."""
    own = draw(own_of_built_in)
    if "stops_on" in own and CLOCKS[name].renews_on:
        own = {**own, "renews_on": ["paused"]}
    return {**own, **(draw(own_pauses) if may_pause else {})}


labels_of_targets = st.sampled_from(((None,), (None,), (None, "workaround")))
on_changes = st.sampled_from((OnChange.RETARGET, OnChange.RETARGET, OnChange.RESTART, OnChange.KEEP))
on_reopens = st.sampled_from(OnReopen)
kinds_of_promise = st.sampled_from(Kind)
priorities = st.sampled_from((None, "low"))


@cache
@st.composite
def policies(
    draw: st.DrawFn, id_: str, conditions: tuple[Condition, ...], lists_of_types: st.SearchStrategy[list[str]]
) -> Policy:
    types = draw(lists_of_types)
    labels = draw(labels_of_targets)
    targets = [draw(rules(name, priority, label)) for name in types for label in labels for priority in ("low", None)]
    modes = {
        "on_change": draw(on_changes),
        "on_reopen": draw(on_reopens),
    }
    return Policy(id_, id_, conditions=conditions, targets=tuple(targets), business_hours=True, **modes)


few_types = st.sampled_from((["resolution"], ["first_response", "resolution"], ["total_resolution", "vendor"]))
some_types = st.lists(st.sampled_from((*CLOCKS, "vendor")), min_size=1, max_size=4, unique=True)


@cache
@st.composite
def snapshots(draw: st.DrawFn, lists_of_types: st.SearchStrategy[list[str]] = some_types) -> Snapshot:
    gold = draw(policies("sla_gold", (Condition("plan", "eq", "gold"),), lists_of_types))
    others = draw(policies("sla_any", (), lists_of_types))
    kind, calendar = draw(kinds_of_promise), CalendarVersion(draw(calendars), "bh", 1)
    ticket = Ticket(InstanceId(kind, SubjectType.TICKET, "1"), draw(priorities), team_id="network")
    mine = [replace(policy, kind=kind) for policy in (gold, others)]
    made = Catalog("default", tuple(mine), {"bh": calendar}, "bh").snapshot(ticket, "t")
    assert made is not None
    return made


short_histories = histories(most=5)
closing_first = st.sampled_from(((EventKind.RESOLVED, EventKind.REOPENED), (EventKind.REOPENED, EventKind.RESOLVED)))


@st.composite
def histories_of_a_ticket_that_closes(draw: st.DrawFn) -> tuple[Event, ...]:
    """A ticket that closes and is reopened in turn."""
    opening, *others = draw(short_histories)
    kinds = draw(closing_first)
    last = opening.received_at
    told = [opening]
    for index, event in enumerate(others):
        last = Instant(max(last + 1, event.received_at))
        told.append(
            replace(event, kind=kinds[index % 2], team_id=None, cause="", received_at=last, excuse=None, target=None)
        )
    return tuple(told)


told_histories = histories(kinds=kinds_with_resets) | histories_of_a_ticket_that_closes()
one_of_four = st.sampled_from(range(4))
steps_back = st.sampled_from((0, 0, 0, 60))
changes = st.sampled_from(CHANGES)
are_updates = st.booleans()


@st.composite
def stories(draw: st.DrawFn) -> tuple[Event, ...]:
    """A history in which about every other event is an update of the fields that policies look at, many at the instant
    of another one, and many dated before the opening."""
    opening, *others = draw(told_histories)
    dated = [opening]
    for event in others:
        again = (event, dated[-1], dated[-1], opening)[draw(one_of_four)].occurred_at
        occurred_at = Instant(again - draw(steps_back) * MINUTE)
        dated.append(replace(event, occurred_at=occurred_at, received_at=Instant(max(occurred_at, event.received_at))))
    return (opening, *(update(event, draw(changes)) if draw(are_updates) else event for event in dated[1:]))


closings = st.sampled_from((EventKind.RESOLVED, EventKind.RESOLVED, EventKind.CANCELLED))
gaps = st.just(0) | st.integers(1, 300)
last_changes: st.SearchStrategy[dict[str, Any]] = st.sampled_from(({"plan": "gold"}, {"plan": None}))


@st.composite
def stories_of_reopened_tickets(draw: st.DrawFn) -> tuple[Event, ...]:
    """Short stories in which the ticket closes, is reopened and then comes under another policy."""
    opened_at = draw(instants)
    told = [Event(EventKind.OPENED, "0", opened_at, opened_at)]
    closing = draw(closings)
    for kind in (EventKind.UPDATED, closing, EventKind.UPDATED, EventKind.REOPENED, EventKind.UPDATED):
        occurred_at = Instant(told[-1].occurred_at + draw(gaps) * MINUTE)
        event = Event(kind, str(len(told)), occurred_at, Instant(occurred_at + len(told)))
        told.append(update(event, draw(changes)) if kind is EventKind.UPDATED else event)
    return (*told[:-1], replace(told[-1], attributes=draw(last_changes)))


def update(event: Event, change: dict[str, Any]) -> Event:
    return replace(event, kind=EventKind.UPDATED, attributes=change, team_id=None, cause="", excuse=None, target=None)


@deterministic
@given(snapshots(), stories(), st.randoms(use_true_random=False))
def test_any_order_of_arrival_and_any_duplicate_give_the_same_plan(
    snapshot: Snapshot, events: tuple[Event, ...], random: Any
) -> None:
    shuffled = [*events, *random.sample(events, len(events) // 2)]
    random.shuffle(shuffled)
    assert plan(snapshot, shuffled) == plan(snapshot, events)


def forgiving(snapshot: Snapshot) -> Snapshot:
    """The same rules under policies that take breaches back under a longer target."""

    def changed(policy: Policy) -> Policy:
        return replace(policy, retarget_breaches=RetargetBreaches.FORGIVE)

    alternatives = tuple(replace(one, policy=changed(one.policy)) for one in snapshot.alternatives)
    return replace(snapshot, policy=changed(snapshot.policy), alternatives=alternatives)


@deterministic
@given(snapshots(), stories(), st.randoms(use_true_random=False))
def test_forgiven_breaches_depend_on_no_order_of_arrival_and_are_the_only_difference(
    snapshot: Snapshot, events: tuple[Event, ...], random: Any
) -> None:
    strict, mild = plan(snapshot, events), plan(forgiving(snapshot), events)
    shuffled = [*events]
    random.shuffle(shuffled)
    assert plan(forgiving(snapshot), shuffled) == mild
    for before, after in zip(strict.targets, mild.targets, strict=True):
        assert (before.name, before.cycle, before.state, before.used) == (
            after.name,
            after.cycle,
            after.state,
            after.used,
        )
        if before.breached_at != after.breached_at:
            assert before.breached_at is not None
            assert after.breached_at is None or after.breached_at > before.breached_at
            assert after.policy is not None or after.deadline is not None
        else:
            assert before == after


@deterministic
@given(snapshots(), stories())
def test_an_excuse_moves_nothing(snapshot: Snapshot, events: tuple[Event, ...]) -> None:
    """A plan with excuses is the plan without them, but for what is excused: all of it breached or ended since."""
    planned = plan(snapshot, events)
    without = plan(snapshot, [event for event in events if event.kind not in EXCUSES])
    assert replace(planned, targets=tuple(replace(one, excuse=None) for one in planned.targets)) == without
    for target in planned.targets:
        if (excuse := target.excuse) is not None:
            assert target.started_at is not None
            assert target.started_at <= excuse.at
            assert excuse.covers is Covers.RESULT or (target.breached_at or excuse.at + 1) <= excuse.at


@deterministic
@given(snapshots(), stories())
def test_a_snapshot_and_its_plan_read_back_the_same(snapshot: Snapshot, events: tuple[Event, ...]) -> None:
    assert Snapshot.from_json(snapshot.to_json()) == snapshot
    planned = plan(snapshot, events)
    assert Plan.from_json(planned.to_json()) == planned


@deterministic
@given(snapshots(), stories())
def test_what_has_happened_stays_as_later_events_come_in_order(snapshot: Snapshot, events: tuple[Event, ...]) -> None:
    """Nothing undoes a milestone that lies before it, or adds one there: neither a new target nor a new beginning."""
    later_events_move_nothing(snapshot, in_time(events))


@deterministic
@given(snapshots(lists_of_types=st.just(["resolution", "vendor"])), stories_of_reopened_tickets())
def test_another_policy_after_a_reopening_moves_nothing_that_was_before(
    snapshot: Snapshot, events: tuple[Event, ...]
) -> None:
    """Neither what it says about reopenings, nor when it lets clocks start and stop, counts for what came before it."""
    later_events_move_nothing(snapshot, events)


def later_events_move_nothing(snapshot: Snapshot, told: Sequence[Event]) -> None:
    for count in range(1, len(told)):
        before, after = (plan(snapshot, told[:size]) for size in (count, count + 1))
        assert happened(before, told[count].occurred_at) == happened(after, told[count].occurred_at)


def in_time(events: Sequence[Event]) -> list[Event]:
    opening, *others = events
    told = [opening, *sorted(others, key=lambda event: (event.occurred_at, event.received_at))]
    return [replace(event, received_at=Instant(index)) for index, event in enumerate(told)]


def happened(planned: Plan, before: Instant) -> set[tuple[str, int, str, Instant]]:
    return {
        (target.name, target.cycle, mark.name, mark.planned_at)
        for target in planned.targets
        for mark in target.milestones
        if mark.planned_at is not None and mark.planned_at < before
    }


@deterministic
@given(snapshots(lists_of_types=few_types), stories() | stories_of_reopened_tickets())
def test_a_clock_that_stopped_unbreached_had_stayed_within_what_was_promised(
    snapshot: Snapshot, events: tuple[Event, ...]
) -> None:
    for target in plan(snapshot, events).targets:
        if target.state is ClockState.STOPPED and target.breached_at is None:
            assert target.budget is None or target.used <= target.budget


@deterministic
@given(snapshots(), stories())
def test_the_cycles_of_a_clock_are_numbered_and_follow_one_another(
    snapshot: Snapshot, events: tuple[Event, ...]
) -> None:
    planned = plan(snapshot, events)
    for name in {target.name for target in planned.targets}:
        cycles = [target for target in planned.targets if target.name == name]
        assert [target.cycle for target in cycles] == list(range(1, len(cycles) + 1))
        for earlier, later in pairwise(cycles):
            assert earlier.stopped_at is not None
            assert later.started_at is not None
            assert earlier.stopped_at <= later.started_at


@deterministic
@given(snapshots(), stories())
def test_the_pauses_of_a_clock_are_the_union_of_what_held_it(snapshot: Snapshot, events: tuple[Event, ...]) -> None:
    for measured in TicketWalk.of(snapshot, events).cycles:
        holds = [hold.span for hold in measured.cycle.held]
        assert union(holds) == union(measured.cycle.paused)


def union(spans: Sequence[Span]) -> list[tuple[int, int]]:
    """Sorted and merged where they touch or overlap; one that goes on ends at the end of time."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted((span.start, 10**18 if span.end is None else span.end) for span in spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


@deterministic
@given(snapshots(), stories())
def test_a_clock_runs_or_is_paused_from_its_start_to_its_stop_but_for_the_time_the_ticket_was_closed(
    snapshot: Snapshot, events: tuple[Event, ...]
) -> None:
    for measured in TicketWalk.of(snapshot, events).cycles:
        going = measured.cycle.going
        for earlier, later in pairwise(going):
            assert earlier.end is not None
            assert earlier.end <= later.start
        cycle = measured.cycle
        assert (cycle.started_at is None) == (not going)
        if going:
            assert (going[0].start, going[-1].end) == (cycle.started_at, cycle.stopped_at)
        assert union([*cycle.ran, *cycle.paused]) == union([span for span in going if span.start != span.end])


@deterministic
@given(calendars, histories(most=12, kinds=kinds_with_resets))
def test_what_bots_say_changes_no_built_in_clock(calendar: Calendar, events: tuple[Event, ...]) -> None:
    snapshot = a_snapshot(*(promise(name, 90) for name in CLOCKS), calendar=calendar)
    told = [replace(event, precision=None) for event in events]
    heard = [event for event in told if event.kind not in AUTHORS or event.is_told_by_usual_author]
    assert plan(snapshot, told).targets == plan(snapshot, heard).targets


@st.composite
def stories_of_closings_at_one_instant(draw: st.DrawFn) -> tuple[Event, ...]:
    """The ticket closes and is reopened in turn, on the grid of half hours: at the opening, at one instant, or later.
    What is dated before the opening comes first."""
    kinds = (EventKind.RESOLVED, EventKind.REOPENED)
    opened_at = draw(instants)
    steps = draw(st.lists(st.sampled_from((0, 0, 30, 90, 600, 2000)), min_size=1, max_size=8))
    early = draw(st.sampled_from((0, 45)))
    told = [Event(EventKind.OPENED, "0", opened_at, opened_at)]
    after = 0
    for index, step in enumerate(steps):
        after += step
        occurred_at = Instant(opened_at + (after or -early) * MINUTE)
        told.append(Event(kinds[index % 2], str(index + 1), occurred_at, Instant(opened_at + index + 1)))
    return tuple(told)


@deterministic
@given(
    st.sampled_from(("resolution", "total_resolution")),
    st.sampled_from(({"time": "16:00"}, {"weekday": "wed", "time": "12:17"})),
    st.sampled_from(OnReopen),
    stories_of_closings_at_one_instant(),
)
def test_events_at_one_instant_do_to_a_fixed_instant_what_they_do_a_microsecond_apart(
    type_: str, by: dict[str, Any], on_reopen: OnReopen, events: tuple[Event, ...]
) -> None:
    rule = TargetRule.from_json({"id": "t", "type": type_, "by": by})
    snapshot = a_snapshot(rule, calendar=ALWAYS, on_reopen=on_reopen)
    opened_at, told = events[0].occurred_at, in_order(events)
    apart = [replace(one, occurred_at=Instant(max(one.occurred_at, opened_at) + n)) for n, one in enumerate(told)]
    together, spread = (plan(snapshot, told).targets for told in (events, apart))
    dues = {target.due_at for target in together}
    assume(not dues & {event.occurred_at for event in events})
    assert [outcome(target) for target in together] == [outcome(target) for target in spread]


def outcome(target: TargetPlan) -> tuple[Any, ...]:
    """To the minute."""
    times = (target.started_at, target.stopped_at, target.breached_at, target.due_at, target.used)
    return (target.cycle, target.state, *(None if time is None else time // MINUTE for time in times))
