"""Why a ticket got its policy, as it is frozen with the ticket."""

import json
from typing import Any

import pytest

from domain.ids import InstanceId, Kind, SubjectType
from domain.policy.catalog import Catalog
from domain.policy.match_record import LONGEST_VALUE, MOST_CONDITIONS, MOST_POLICIES, MatchRecord
from domain.policy.policies import Policy
from domain.policy.snapshot import Snapshot
from domain.ticket.conditions.conditions import Condition, Match
from domain.ticket.origins import Origin
from domain.ticket.tickets import Ticket
from tests.support.builders import a_policy, a_snapshot, a_ticket

GOLD = Condition("plan", "eq", "gold")
BIG = Condition("seats", "gte", 100)
URGENT = Condition("priority", "in", ("urgent", "high"))


def snapshot_of(*policies: Policy, ticket: Ticket) -> Snapshot:
    made = Catalog("default", policies, {}).snapshot(ticket, "2026a")
    assert made is not None
    return made


def record_of(*policies: Policy, ticket: Ticket) -> dict[str, Any]:
    matching = snapshot_of(*policies, ticket=ticket).matching
    assert matching is not None
    return matching.to_json()


def test_a_snapshot_tells_the_conditions_that_held_with_the_tickets_own_values() -> None:
    record = record_of(a_policy(conditions=(GOLD, URGENT)), ticket=a_ticket("urgent", plan="gold"))
    assert record == {
        "match": "all",
        "conditions": [
            {"field": "plan", "operator": "eq", "value": "gold", "actual": "gold", "holds": True},
            {
                "field": "priority",
                "operator": "in",
                "value": ["urgent", "high"],
                "actual": "urgent",
                "holds": True,
            },
        ],
        "conditions_in_all": 2,
        "above": [],
        "above_in_all": 0,
    }


def test_of_conditions_of_which_any_is_enough_those_that_did_not_hold_are_told_too() -> None:
    record = record_of(a_policy(conditions=(GOLD, BIG), match=Match.ANY), ticket=a_ticket(plan="gold", seats=7))
    assert [one["holds"] for one in record["conditions"]] == [True, False]
    assert record["match"] == "any"


def test_each_policy_above_tells_which_of_its_conditions_failed_or_that_it_was_disabled() -> None:
    record = record_of(
        a_policy(id="sla_off", name="Off", enabled=False),
        a_policy(id="sla_gold", name="Gold", conditions=(GOLD, URGENT), version=4),
        a_policy(id="sla_any", name="Any", conditions=(GOLD, BIG), match=Match.ANY),
        a_policy(id="sla_rest"),
        a_policy(id="sla_below"),
        ticket=a_ticket("urgent", plan="basic"),
    )
    missing = {"field": "seats", "operator": "gte", "value": 100, "holds": False}
    failed = {"field": "plan", "operator": "eq", "value": "gold", "actual": "basic", "holds": False}
    assert record["conditions"] == []
    assert record["above"] == [
        {"policy_id": "sla_off", "name": "Off", "version": 1, "reason": "disabled"},
        {
            "policy_id": "sla_gold",
            "name": "Gold",
            "version": 4,
            "reason": "conditions",
            "match": "all",
            "failed": [failed],
            "failed_in_all": 1,
        },
        {
            "policy_id": "sla_any",
            "name": "Any",
            "version": 1,
            "reason": "conditions",
            "match": "any",
            "failed": [failed, missing],
            "failed_in_all": 2,
        },
    ]


def test_policies_of_another_kind_or_api_were_not_asked_and_are_not_told() -> None:
    ticket = Ticket(InstanceId(Kind.SLA, SubjectType.TICKET, "42"), "high", origin=Origin.V1)
    by_priority = (Condition("priority", "eq", "high"),)
    record = record_of(
        a_policy(id="ola_1", kind=Kind.OLA),
        a_policy(id="sla_1", conditions=(GOLD,)),
        a_policy(id="pol_low", origin=Origin.V1, conditions=(Condition("priority", "eq", "low"),)),
        a_policy(id="pol_high", origin=Origin.V1, conditions=by_priority),
        ticket=ticket,
    )
    assert [one["policy_id"] for one in record["above"]] == ["pol_low"]
    assert record["conditions"] == [
        {"field": "priority", "operator": "eq", "value": "high", "actual": "high", "holds": True}
    ]


def test_a_record_stays_small_whatever_ticket_and_policies_hold() -> None:
    conditions = tuple(Condition("subject", "eq", "é" * 5000) for _ in range(3 * MOST_CONDITIONS))
    above = [a_policy(id=f"sla_{index}", conditions=conditions) for index in range(3 * MOST_POLICIES)]
    ticket = a_ticket(subject="4", tags=["x"] * 5000)
    tagged = Condition("tags", "contains", "x")
    record = record_of(*above, a_policy(id="sla_rest", conditions=(tagged,)), ticket=ticket)
    assert (len(record["above"]), record["above_in_all"]) == (MOST_POLICIES, 3 * MOST_POLICIES)
    first = record["above"][0]
    assert (len(first["failed"]), first["failed_in_all"]) == (MOST_CONDITIONS, 3 * MOST_CONDITIONS)
    assert len(first["failed"][0]["value"]) == LONGEST_VALUE
    assert len(record["conditions"][0]["actual"]) == LONGEST_VALUE
    assert record["conditions"][0]["actual"].startswith('["x", "x"')


@pytest.mark.parametrize("value", [None, True, 7, 7.5, "gold", ["a", 1], {"tier": "gold"}])
def test_a_record_reads_back_the_same_through_its_snapshot(value: Any) -> None:
    snapshot = snapshot_of(
        a_policy(id="sla_off", enabled=False),
        a_policy(id="sla_big", conditions=(BIG, Condition("plan", "eq", "none"))),
        a_policy(conditions=(Condition("plan", "is_set"), Condition("other", "is_not_set")), match=Match.ANY),
        ticket=a_ticket(plan=value),
    )
    assert snapshot.matching is not None
    assert Snapshot.from_json(json.loads(json.dumps(snapshot.to_json()))).matching == snapshot.matching


def test_a_snapshot_of_before_there_were_records_reads_back_without_one() -> None:
    document = a_snapshot().to_json()
    assert "matching" not in document
    assert Snapshot.from_json(document).matching is None


def test_other_rules_keep_the_record_of_the_opening() -> None:
    snapshot = snapshot_of(a_policy(id="sla_0", enabled=False), a_policy(), ticket=a_ticket())
    other = snapshot_of(a_policy(id="sla_9"), ticket=a_ticket())
    assert snapshot.under(other.rules).matching == snapshot.matching
    assert isinstance(snapshot.matching, MatchRecord)
