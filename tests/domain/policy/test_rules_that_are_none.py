"""Rules that come with a signal may hold anything: they are read, or refused by the name of what is wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from copy import copy, deepcopy
from dataclasses import replace
from datetime import time
from decimal import Decimal
from typing import Any

import pytest

from domain.calendar import Calendar
from domain.errors import SlaError
from domain.ids import Kind
from domain.plan.planning import plan
from domain.policy.budgets import Deadline, WorkingDays
from domain.policy.catalog import Catalog
from domain.policy.clocks.triggers import Triggers
from domain.policy.escalations import EscalationRule, Trigger
from domain.policy.policies import OnChange
from domain.policy.snapshot import CalendarVersion, Snapshot
from domain.ticket.conditions.conditions import Condition
from domain.ticket.conditions.criteria import Criteria
from domain.ticket.events import Event, EventKind
from domain.ticket.teams import Team
from tests.support.builders import WEEKDAYS, a_policy, an_owned_ticket, assigned, at, opened, promise, updated

PART_DAYS = Calendar.from_json(
    {
        "timezone": "Europe/Berlin",
        "weekly_hours": {day: [["08:00", "12:00"], ["22:00", "02:00"]] for day in WEEKDAYS[:5]},
        "holidays": [
            "2026-03-05",
            {"from": "12-24", "to": "01-01", "name": "winter"},
            {"date": "2026-03-06", "closed": [["10:00", "11:00"]]},
        ],
        "special_days": {"2026-03-03": [["10:00", "11:00"]]},
        "breaks": {"2026-03-04": [["10:00", "11:00"]]},
        "special_openings": {"2026-03-07": [["10:00", "14:00"]]},
        "public_holidays": [
            {
                "country": "DE",
                "subdivision": "BE",
                "release": "0.60",
                "from_year": 2026,
                "to_year": 2027,
                "holidays": [{"date": "2026-05-01", "name": "Labour Day"}],
            }
        ],
    }
)
GOLD, SET = Condition("plan", "in", ("gold", "silver")), Condition("plan", "is_set")
CALENDARS = {"bh_1": CalendarVersion(PART_DAYS, "bh_1", 2), "bh_2": CalendarVersion(Calendar.always(), "bh_2")}
TEAMS = {"network": Team("network", "Network", "nora@example.com", "bh_2"), "billing": Team("billing", "Billing")}
STEPS = (
    EscalationRule(
        "e1", Trigger.APPROACHING_BREACH, percent=Decimal(50), actions=({"type": "notify_contact", "contact": "x"},)
    ),
    EscalationRule("e2", Trigger.BREACHED, target_type="resolution"),
)
OWN = replace(
    promise(), id="own", type="vendor", triggers=Triggers(starts_when=Criteria((GOLD,)), stops_when=Criteria((SET,)))
)
TARGETS = (
    promise(),
    replace(promise("first_response"), budget=WorkingDays(2), triggers=Triggers(pauses_when=Criteria((GOLD,)))),
    replace(promise("total_resolution"), budget=Deadline(time(16), "fri")),
    OWN,
)
COMMON: dict[str, Any] = {"kind": Kind.OLA, "business_hours": True, "on_change": OnChange.RETARGET}
STANDARD = a_policy(*TARGETS, escalations=STEPS, compliance={"uptime": Decimal(99)}, **COMMON)
OTHER = a_policy(promise(minutes=30), id="gold", conditions=(GOLD,), applicable_team="network", **COMMON)
EVENTS = [opened("09:00"), assigned("network", "09:30"), updated("10:00", plan="gold"), updated("11:00", plan="none")]

WRONG: Sequence[Any] = (
    None, True, False, 0, 5, -1, 10**400, 1.5, "", "x", "2026-03-02", "\ud800", [], [5], [[]], {}, {"x": 5}, {"x": {}}
)  # fmt: skip
"""Of each kind something, for whatever place it does not fit."""


def a_snapshot() -> Snapshot:
    made = Catalog("default", (OTHER, STANDARD), CALENDARS, "bh_1", TEAMS).snapshot(an_owned_ticket("billing"), "t")
    assert made is not None
    return made


SNAPSHOT = a_snapshot()
RULES = json.loads(json.dumps(SNAPSHOT.rules))


def places(document: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every path that leads somewhere in the document, the deepest too."""
    inner: Any = ()
    if isinstance(document, dict):
        inner = document.items()
    elif isinstance(document, list):
        inner = enumerate(document)
    for name, value in inner:
        yield (*path, name)
        yield from places(value, (*path, name))


def changed(path: tuple[Any, ...]) -> Iterator[tuple[Any, dict[str, Any]]]:
    """The rules with everything wrong in that place, and without it."""
    for wrong in ("left out", *WRONG):
        document = copy(RULES)
        holder: Any = document
        for name in path[:-1]:
            holder[name] = copy(holder[name])
            holder = holder[name]
        if wrong == "left out":
            del holder[path[-1]]
        else:
            holder[path[-1]] = wrong
        yield wrong, document


def planned(rules: dict[str, Any]) -> None:
    plan(SNAPSHOT, [*EVENTS, Event(EventKind.REPLANNED, "r", at("12:00"), at("12:00"), rules=rules)])


def refused(rules: dict[str, Any]) -> SlaError | None:
    try:
        planned(rules)
    except SlaError as refusal:
        return refusal
    return None


def test_rules_are_read_as_they_were_written() -> None:
    assert SNAPSHOT.under(RULES) == replace(SNAPSHOT, opening_rules=SNAPSHOT.rules)
    assert len(RULES) == len(("policy", "calendar", "teams", "team_calendars", "alternatives", "tzdata_version"))
    planned(RULES)


def test_other_rules_leave_the_ticket_and_its_opening_as_they_are() -> None:
    under = SNAPSHOT.under(RULES)
    kept = ("organization", "ticket", "auto_escalate", "matching")
    assert all(getattr(under, name) is getattr(SNAPSHOT, name) for name in kept)
    assert under.under(RULES).opening_rules is under.opening_rules


@pytest.mark.parametrize("part", RULES)
def test_whatever_rules_hold_they_are_read_or_refused_by_the_name_of_what_is_wrong(part: str) -> None:
    for path in [(part,), *((part, *deeper) for deeper in places(RULES[part]))]:
        for wrong, document in changed(path):
            refusal = refused(document)
            assert refusal is None or (refusal.field and refusal.field in refusal.message), (path, wrong)
    assert SNAPSHOT.rules == RULES


@pytest.mark.parametrize(
    ("wrong", "field", "value"),
    [
        ({"teams": 5}, "snapshot.teams", 5),
        ({"team_calendars": []}, "snapshot.team_calendars", []),
        ({"team_calendars": {"bh_2": 5}}, "snapshot.team_calendars.bh_2", 5),
        ({"alternatives": {}}, "snapshot.alternatives.calendars", None),
        ({"alternatives": {"calendars": [], "policies": {}}}, "snapshot.alternatives.policies", {}),
        ({"alternatives": {"calendars": [], "policies": [5]}}, "snapshot.alternatives[0]", 5),
        ({"tzdata_version": 5}, "snapshot.facts.tzdata_version", 5),
    ],
)
def test_a_part_of_rules_that_is_none_is_named_with_its_value(wrong: dict[str, Any], field: str, value: Any) -> None:
    with pytest.raises(SlaError) as refusal:
        planned({**RULES, **wrong})
    assert (refusal.value.field, refusal.value.value) == (field, value)


@pytest.mark.parametrize("place", [2, -1, True, "0", None, 0.0])
def test_a_policy_whose_calendar_is_none_of_those_listed_is_refused(place: Any) -> None:
    for name, whole in (("calendar", place), ("team_calendars", {"bh_2": place})):
        document = deepcopy(RULES)
        document["alternatives"]["policies"][1][name] = whole
        with pytest.raises(SlaError) as refusal:
            planned(document)
        path = name if name == "calendar" else f"{name}.bh_2"
        assert (refusal.value.field, refusal.value.value) == (f"snapshot.alternatives[1].{path}", place)
