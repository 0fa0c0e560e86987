"""Generated policies and histories for properties of the core; derandomized, so that a run can be repeated."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from functools import cache
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from domain.calendar import Calendar
from domain.ids import InstanceId, Kind, SubjectType
from domain.instants import DAY, LONGEST, MINUTE, Instant, Micros
from domain.policy.escalations import MOST_REPEATS, REPEATS_AT_MOST, EscalationRule, EscalationStatus, Trigger
from domain.policy.policies import Policy
from domain.policy.snapshot import CalendarVersion, Snapshot
from domain.policy.targets import TargetRule
from domain.ticket.authors import Role
from domain.ticket.conditions.conditions import OPERATORS, Condition, Match
from domain.ticket.events import EXCUSES, Event, EventKind
from domain.ticket.excuses import Covers, ExcuseScope
from domain.ticket.pauses import ENDING_EVENTS, PauseEnd
from domain.ticket.precision import Precision
from domain.ticket.tickets import Ticket
from tests.support.builders import ALWAYS, MONDAY, OFFICE, a_snapshot
from tests.support.examples import examples

deterministic = settings(derandomize=True, deadline=None, max_examples=examples(80))
brief = settings(deterministic, max_examples=examples(35))
"""For whole documents, which take long to draw."""

BERLIN = Calendar.from_json(
    {
        "timezone": "Europe/Berlin",
        "weekly_hours": {day: [["08:00", "12:00"], ["22:00", "02:00"]] for day in ("mon", "wed", "thu", "sun")},
        "holidays": ["2026-03-05"],
        "special_days": {"2026-03-03": [["10:00", "11:00"]]},
    }
)
calendars = st.sampled_from((ALWAYS, OFFICE, BERLIN))

# Few instants, so that ties happen; some off the grid, so that not everything is one.
minutes = st.one_of(st.integers(-2, 20).map(lambda step: step * 30), st.integers(-60, 4 * 24 * 60))
instants = minutes.map(lambda minute: Instant(MONDAY + 9 * 60 * MINUTE + minute * MINUTE))
causes = st.sampled_from(("", "customer", "vendor"))
sequences = st.sampled_from((None, None, 0, 1, 2))
roles = st.sampled_from((None, None, *Role))
precisions = st.sampled_from((None, None, *Precision))
teams = st.sampled_from((None, "network", "billing"))
_LATER = [kind for kind in EventKind if kind not in (EventKind.OPENED, EventKind.REPLANNED)]
later_kinds = st.sampled_from([kind for kind in _LATER if kind is not EventKind.RESET])
"""Under these a clock that begins once has one cycle."""
kinds_with_resets = st.sampled_from(_LATER)
texts = st.text(max_size=12)
letters = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
names = st.text(letters, min_size=1, max_size=12).filter(lambda text: text.strip() != "")
called = names.map(lambda text: f"{text}x")
"""Names with something to see in them."""
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts
documents = st.dictionaries(
    texts, st.recursive(scalars, lambda inner: st.lists(inner, max_size=2), max_leaves=4), max_size=3
)


@cache
def excuses(kind: EventKind) -> st.SearchStrategy[ExcuseScope]:
    """Of a target that the ticket may have, of any of its first cycles or of all."""
    covers = st.sampled_from(Covers) if kind is EventKind.EXCUSED else st.none()
    return st.builds(
        ExcuseScope, st.sampled_from(("first_response", "resolution")), st.sampled_from((None, 1, 2)), covers
    )


targets_of_resets = st.sampled_from((None, "resolution"))


@cache
@st.composite
def histories(draw: st.DrawFn, most: int = 9, kinds: st.SearchStrategy[EventKind] = later_kinds) -> tuple[Event, ...]:
    """An opening and what followed, each received strictly after the one before, some long after they happened."""
    opened_at = draw(instants)
    events = [Event(EventKind.OPENED, "0", opened_at, opened_at)]
    for index in range(1, draw(st.integers(0, most)) + 1):
        kind, occurred_at = draw(kinds), draw(instants)
        received_at = Instant(max(occurred_at, events[-1].received_at + 1))
        team_id = draw(teams) if kind is EventKind.ASSIGNED else None
        said: dict[str, Any] = (
            {"actor": "ada", "reason": "storm", "excuse": draw(excuses(kind))} if kind in EXCUSES else {}
        )
        if kind is EventKind.RESET:
            said = {"reason": "why", "target": draw(targets_of_resets)}
        event = Event(kind, str(index), occurred_at, received_at, cause=draw(causes), team_id=team_id, **said)
        events.append(replace(event, sequence=draw(sequences), precision=draw(precisions), role=draw(roles)))
    return tuple(events)


_ends_when = st.none() | st.lists(st.sampled_from(ENDING_EVENTS), max_size=2, unique=True).map(tuple)
_half_hours = st.integers(1, 20).map(lambda half: Micros(half * 30 * MINUTE))


def _end(draw: st.DrawFn, told: Event) -> Event:
    """A pause with an end of its own, maybe; any other event as it is."""
    if told.kind is not EventKind.PAUSED:
        return told
    end = PauseEnd(at=draw(st.none() | instants.filter(lambda at: at > told.occurred_at)), ends_when=draw(_ends_when))
    if end.at is None and draw(st.booleans()):
        end = replace(end, after=draw(_half_hours))
    # What says nothing of its end is no end.
    return told if end == PauseEnd() else replace(told, pause_end=end)


@st.composite
def histories_with_ends(draw: st.DrawFn, most: int = 9) -> tuple[Event, ...]:
    """Histories whose pauses may end by themselves. Every pause has a cause, so that it can be resumed alone."""
    named = (replace(told, cause=told.cause or "x") for told in draw(histories(most)))
    return tuple(_end(draw, told) for told in named)


_lengths = st.integers(1, 3 * DAY).map(Micros) | st.integers(1, 72).map(lambda half: Micros(half * 30 * MINUTE))
_percents = st.floats(0, 100, exclude_min=True, allow_subnormal=False).map(
    lambda share: Decimal(str(share)).normalize()
)
_leads = st.tuples(_lengths, st.none()) | st.tuples(st.none(), _percents)
_delays = st.just(Micros(0)) | _lengths
_maybe_lengths = st.none() | _lengths
_triggers = st.sampled_from(Trigger)
_target_types = st.sampled_from((None, "first_response", "resolution"))
_actions: st.SearchStrategy[tuple[dict[str, Any], ...]] = st.just(()) | st.just(({"type": "notify"},))
_statuses = st.sampled_from(EscalationStatus)
_maybe_names = st.none() | names
_are_named = st.sampled_from((False, True))


@cache
@st.composite
def escalations(draw: st.DrawFn, id_: str) -> EscalationRule:
    trigger = draw(_triggers)
    lead, percent = draw(_leads) if trigger is Trigger.APPROACHING_BREACH else (None, None)
    repeat = draw(_maybe_lengths)
    return EscalationRule(
        id=id_,
        trigger=trigger,
        lead=lead,
        percent=percent,
        delay=Micros(0) if trigger is Trigger.APPROACHING_BREACH else draw(_delays),
        target_type=draw(_target_types),
        actions=draw(_actions),
        status=draw(_statuses),
        hours=draw(_maybe_names),
        skip_if_nobody=draw(st.booleans()),
        despite_acknowledgement=draw(st.booleans()),
        name=f"Step {id_}" if draw(_are_named) else None,
        repeat=repeat,
        repeat_at_most=REPEATS_AT_MOST if repeat is None else draw(st.integers(1, MOST_REPEATS)),
    )


_operators = st.sampled_from(sorted(OPERATORS))
_candidates: st.SearchStrategy[Any] = scalars | st.lists(scalars, min_size=1, max_size=3).map(tuple)
_VALUES = {name: _candidates.filter(operator.accepts) for name, operator in OPERATORS.items()}
_maybe = st.none() | st.booleans()


@st.composite
def conditions(draw: st.DrawFn) -> Condition:
    operator = draw(_operators)
    value = draw(_VALUES[operator])
    if operator in ("is_set", "is_not_set"):
        return Condition(draw(names), operator)
    return Condition(draw(names), operator, value, draw(_maybe))


_few_conditions = st.lists(conditions(), max_size=2).map(tuple)
_pairs = st.sets(st.tuples(st.sampled_from(("first_response", "resolution")), st.sampled_from((None, "high"))))
_matches = st.sampled_from(Match)


@cache
@st.composite
def policies(draw: st.DrawFn, budgets: st.SearchStrategy[Micros] = _lengths) -> Policy:
    pairs = draw(_pairs)
    return Policy(
        id="sla_1",
        name=draw(called),
        conditions=draw(_few_conditions),
        match=draw(_matches),
        targets=tuple(
            TargetRule(f"t{index}", type_, priority, draw(budgets), draw(st.booleans()))
            for index, (type_, priority) in enumerate(sorted(pairs, key=str))
        ),
        escalations=tuple(draw(escalations(str(index))) for index in range(draw(st.integers(0, 3)))),
        at_risk_percent=draw(_percents),
        business_hours=draw(st.booleans()),
        business_hours_id=draw(_maybe_names),
        enabled=draw(st.booleans()),
        version=draw(st.integers(1, 10**6)),
    )


long_policies = policies(budgets=st.integers(1, LONGEST).map(Micros))


_subjects = names.filter(lambda text: len(text.encode()) <= 200)
_kinds = st.sampled_from(Kind)
_subject_types = st.sampled_from(SubjectType)
_priorities = st.sampled_from((None, "high", "low"))
_homes = st.sampled_from(("UTC", "Asia/Tokyo"))


@cache
@st.composite
def snapshots(draw: st.DrawFn, policy: st.SearchStrategy[Policy] | None = None) -> Snapshot:
    subject = draw(_subjects)
    instance = InstanceId(draw(_kinds), draw(_subject_types), subject)
    ticket = Ticket(instance, draw(_priorities), draw(documents))
    calendar = CalendarVersion(draw(calendars), draw(_maybe_names), draw(st.integers(1, 9)))
    home = draw(_homes)
    return Snapshot("default", ticket, draw(policy or policies()), calendar, "2026a", home_timezone=home)


_STEPS = (
    EscalationRule("a", Trigger.APPROACHING_BREACH, lead=Micros(30 * MINUTE)),
    EscalationRule("b", Trigger.APPROACHING_BREACH, percent=Decimal(90), target_type="resolution"),
    EscalationRule("c", Trigger.BREACHED, target_type="first_response"),
    EscalationRule("d", Trigger.BREACHED, delay=Micros(45 * MINUTE)),
)
STEP_HOURS = "bh_steps"
_LADDER = (
    *_STEPS,
    EscalationRule("e", Trigger.APPROACHING_BREACH, percent=Decimal(50), hours=STEP_HOURS),
    EscalationRule("f", Trigger.BREACHED, repeat=Micros(20 * MINUTE), repeat_at_most=3, hours=STEP_HOURS),
    EscalationRule("g", Trigger.BREACHED, repeat=Micros(15 * MINUTE), repeat_at_most=4, despite_acknowledgement=True),
)
budgets = st.integers(1, 40 * 60).map(lambda half: Micros(half * MINUTE // 2))


_shares = st.sampled_from((Decimal(10), Decimal(50), Decimal("66.67"), Decimal(100)))
_ladders = st.sampled_from((_STEPS, _LADDER))


@st.composite
def tracked_snapshots(draw: st.DrawFn) -> Snapshot:
    """A ticket that always has both clocks; quick to draw, for properties of its plan. Its ladder may have steps that
    repeat, and that are held until `STEP_HOURS` open."""
    targets = (
        TargetRule("t1", "first_response", None, draw(budgets), draw(st.booleans())),
        TargetRule("t2", "resolution", None, draw(budgets), draw(st.booleans())),
    )
    share = draw(_shares)
    ladder = draw(_ladders)
    snapshot = a_snapshot(*targets, calendar=draw(calendars), escalations=ladder, at_risk_percent=share)
    step_hours = {STEP_HOURS: CalendarVersion(draw(calendars), STEP_HOURS)}
    return snapshot if ladder is _STEPS else replace(snapshot, step_hours=step_hours)
