"""Which tickets a condition holds for, operator by operator, and which policy a ticket gets."""

from typing import Any

import pytest

from api.v1.translation.policies import blank_policy, with_terms
from domain.errors import Conflict, InvalidValue
from domain.ids import InstanceId, Kind, SubjectType
from domain.policy.catalog import AROUND_THE_CLOCK, Catalog
from domain.policy.matching import first_match
from domain.policy.snapshot import CalendarVersion
from domain.ticket.conditions.conditions import OPERATORS, Condition, Match, all_hold
from domain.ticket.origins import Origin
from domain.ticket.tickets import Ticket
from tests.support.builders import OFFICE, a_policy, a_ticket, promise

FIELDS: dict[str, Any] = {
    "status": "new",
    "score": 7,
    "ratio": 7.0,
    "vip": True,
    "nothing": None,
    "not_a_number": float("nan"),
    "tags": ["billing", 1, None],
    "customer": {"tier": "gold", "address": {"country": "DE"}},
    "dotted.name": "own key",
    "huge": 10**400,
}

HOLDS: list[tuple[str, str, Any, bool]] = [
    ("status", "eq", "new", True),
    ("status", "eq", "New", True),
    ("status", "neq", "NEW", False),
    ("status", "in", ("OLD", "New"), True),
    ("status", "not_in", ("OLD", "New"), False),
    ("customer.tier", "eq", "GOLD", True),
    ("status", "starts_with", "N", False),
    ("tags", "contains", "Billing", False),
    ("score", "eq", 7.0, True),
    ("score", "eq", "7", False),
    ("score", "eq", True, False),
    ("vip", "eq", True, True),
    ("vip", "eq", 1, False),
    ("nothing", "eq", None, True),
    ("nothing", "neq", "x", True),
    ("missing", "eq", None, False),
    ("missing", "neq", "x", True),
    ("not_a_number", "eq", 1, False),
    ("not_a_number", "neq", 1, True),
    ("not_a_number", "gt", 1, False),
    ("not_a_number", "lte", 1, False),
    ("status", "in", ("old", "new"), True),
    ("score", "in", ("7", 7), True),
    ("vip", "in", (1, "true"), False),
    ("nothing", "in", (None,), True),
    ("nothing", "not_in", ("x",), True),
    ("missing", "in", (None,), False),
    ("missing", "not_in", (None,), True),
    ("tags", "in", ("billing",), False),
    ("status", "neq", "new", False),
    ("status", "not_in", ("old", "new"), False),
    ("score", "gte", 7.5, False),
    ("score", "lte", 7, True),
    ("tags", "not_contains", "billing", False),
    ("score", "gt", 6, True),
    ("score", "gt", 7, False),
    ("score", "gte", 7, True),
    ("score", "lt", 7.5, True),
    ("score", "lt", "8", False),
    ("vip", "lt", 5, False),
    ("status", "gt", "nev", True),
    ("tags", "gt", 1, False),
    ("missing", "lt", 5, False),
    ("huge", "gt", 1.5, True),
    ("tags", "contains", "billing", True),
    ("tags", "contains", "bill", False),
    ("tags", "contains", True, False),
    ("tags", "contains", None, True),
    ("status", "contains", "ew", True),
    ("score", "contains", 7, False),
    ("score", "not_contains", 7, True),
    ("customer", "contains", "tier", False),
    ("nothing", "not_contains", "x", True),
    ("missing", "not_contains", "x", True),
    ("status", "starts_with", "ne", True),
    ("score", "starts_with", "7", False),
    ("status", "ends_with", "ew", True),
    ("tags", "ends_with", "x", False),
    ("status", "is_set", None, True),
    ("nothing", "is_set", None, False),
    ("missing", "is_set", True, False),
    ("nothing", "is_not_set", None, True),
    ("missing", "is_not_set", None, True),
    ("status", "is_not_set", True, False),
    ("customer.tier", "eq", "gold", True),
    ("customer.address.country", "in", ("DE",), True),
    ("customer.address.street", "is_set", None, False),
    ("status.tier", "is_set", None, False),
    ("dotted.name", "eq", "own key", True),
]


@pytest.mark.parametrize(("field", "operator", "value", "holds"), HOLDS)
def test_a_condition_holds_for_a_field(field: str, operator: str, value: Any, holds: bool) -> None:
    assert Condition(field, operator, value).holds(FIELDS) is holds


def test_priorities_and_whole_values_are_the_same_however_their_letters_are_written() -> None:
    """Priorities and whole values (`eq`, `neq`, `in`, `not_in`) compare without regard to case, ids and parts of texts with it; `case_sensitive` says otherwise."""  # noqa: E501 - the row is one line
    fields = {"priority": "Urgent", "plan": "Gold", "team_id": "Net", "owner": {"id": "Ada"}, "tags": ["VIP"]}

    def holds(field: str, operator: str, value: Any, case_sensitive: bool | None = None) -> bool:
        return Condition(field, operator, value, case_sensitive).holds(fields)

    assert [
        holds("priority", "eq", "URGENT"),
        holds("priority", "starts_with", "urg"),
        holds("plan", "in", ("gold",)),
    ] == [
        True,
        True,
        True,
    ]
    assert [holds("priority", "eq", "URGENT", True), holds("plan", "in", ("gold",), True)] == [False, False]
    assert [holds("team_id", "eq", "net"), holds("owner.id", "eq", "ada")] == [False, False]
    assert [holds("plan", "contains", "gol"), holds("tags", "contains", "vip"), holds("plan", "gt", "f")] == [False] * 3
    insensitive = [
        ("plan", "contains", "gol"),
        ("tags", "contains", "vip"),
        ("plan", "gt", "f"),
        ("team_id", "eq", "net"),
    ]
    assert all(holds(*one, False) for one in insensitive)


@pytest.mark.parametrize(("value", "operator"), [("yes", "eq"), (1, "eq"), (True, "is_set")])
def test_a_regard_to_case_that_makes_no_sense_is_refused_by_its_name(value: Any, operator: str) -> None:
    with pytest.raises(InvalidValue) as refusal:
        Condition.from_json({"field": "f", "operator": operator, "value": None, "case_sensitive": value})
    assert (refusal.value.field, refusal.value.value) == ("condition.case_sensitive", value)


def test_a_target_is_for_its_priority_however_that_is_written() -> None:
    policy = a_policy(promise(minutes=60, priority="Urgent"), promise(minutes=240))
    assert [one.minutes for one in policy.targets_for("URGENT")] == [60]
    with pytest.raises(InvalidValue) as refusal:
        a_policy(promise(minutes=60, priority="Urgent"), promise(minutes=30, priority="urgent"))
    assert refusal.value.field == "targets[1]"


def test_the_priorities_of_scrubbe_are_compared_as_they_are_written() -> None:
    rule = promise(minutes=60, priority="HIGH")
    assert a_policy(rule, origin=Origin.V1).targets_for("high") == ()
    assert a_policy(rule, origin=Origin.V1).targets_for("HIGH") == (rule,)
    terms = {"name": "High", "priority": "HIGH", "responseTimeMinutes": 5, "resolveTimeMinutes": 9}
    made = with_terms(blank_policy("pol_1"), terms)
    assert (made.matches(a_ticket("HIGH")), made.matches(a_ticket("high"))) == (True, False)


def test_every_operator_stands_in_the_table_both_ways() -> None:
    assert {(operator, holds) for _, operator, _, holds in HOLDS} == {
        (o, holds) for o in OPERATORS for holds in (True, False)
    }


def test_no_value_of_a_field_makes_an_operator_fail() -> None:
    wanted = (None, True, 0, 1.5, "x", ("x", None, 1))
    for operator, rule in OPERATORS.items():
        for value in filter(rule.accepts, wanted):
            for actual in (*FIELDS.values(), [], {}, [[1]], "", 0, -1.5, [float("nan")]):
                assert Condition("f", operator, value).holds({"f": actual}) in (True, False)


def test_all_or_any_of_the_conditions_must_hold_and_none_is_satisfied_by_every_ticket() -> None:
    new, old = Condition("status", "eq", "new"), Condition("status", "eq", "old")
    assert [all_hold((new, old), match, FIELDS) for match in (Match.ALL, Match.ANY)] == [False, True]
    assert all_hold((), Match.ANY, {}) is True


def test_conditions_see_the_subject_and_the_priority_of_the_ticket() -> None:
    instance, fields = a_ticket(subject="7").instance, {"priority": "from the fields", "team": "a", "ticket_id": "8"}
    assert Ticket(instance, "high", fields).attributes == {"ticket_id": "7", "priority": "high", "team": "a"}
    assert Ticket(instance, None, fields).attributes["priority"] == "from the fields"


def test_the_first_enabled_policy_whose_conditions_hold_matches() -> None:
    urgent = a_policy(id="urgent", conditions=(Condition("priority", "eq", "urgent"),))
    asleep = a_policy(id="asleep", enabled=False)
    rest, never = a_policy(id="rest"), a_policy(id="never")
    policies = (asleep, urgent, rest, never)
    assert first_match(policies, a_ticket("urgent")) is urgent
    assert first_match(policies, a_ticket("low")) is rest
    assert first_match((asleep,), a_ticket()) is None


def test_a_ticket_is_asked_only_of_policies_of_its_kind() -> None:
    ola = a_policy(id="ola", kind=Kind.OLA)
    assert first_match((ola, a_policy()), a_ticket()) == a_policy()
    inner = Ticket(InstanceId(Kind.OLA, SubjectType.TICKET, "42"))
    assert first_match((a_policy(), ola), inner) is ola


def test_the_promise_for_the_priority_wins_over_the_one_for_any() -> None:
    any_, urgent, response = promise(), promise(priority="urgent", minutes=5), promise("first_response")
    for order in ((any_, urgent, response), (response, urgent, any_)):
        policy = a_policy(*order)
        assert set(policy.targets_for("urgent")) == {urgent, response}
        assert set(policy.targets_for("low")) == set(policy.targets_for(None)) == {any_, response}
    assert a_policy(urgent).targets_for(None) == ()


def test_a_snapshot_takes_the_calendar_its_policy_names_or_the_default_or_none() -> None:
    mine, default = CalendarVersion(OFFICE, "bh_1"), CalendarVersion(OFFICE, "bh_0")
    calendars = {"bh_1": mine, "bh_0": default}
    named = a_policy(business_hours=True, business_hours_id="bh_1")
    for policy, wanted in (
        (named, mine),
        (a_policy(business_hours=True), default),
        (a_policy(), AROUND_THE_CLOCK),
        (a_policy(business_hours_id="bh_1"), AROUND_THE_CLOCK),
    ):
        snapshot = Catalog("default", (policy,), calendars, "bh_0").snapshot(a_ticket(), "2026a")
        assert snapshot is not None
        assert snapshot.calendar == wanted


def test_business_hours_that_do_not_exist_are_a_conflict_that_names_them() -> None:
    for policy, named in (
        (a_policy(business_hours=True, business_hours_id="bh_9"), "bh_9"),
        (a_policy(business_hours=True), None),
    ):
        with pytest.raises(Conflict) as refusal:
            Catalog("default", (policy,), {}).snapshot(a_ticket(), "2026a")
        assert (refusal.value.field, refusal.value.value) == ("business_hours_id", named)


def test_a_ticket_that_no_policy_matches_has_no_snapshot() -> None:
    assert Catalog("default", (a_policy(enabled=False),), {}).snapshot(a_ticket(), "2026a") is None
