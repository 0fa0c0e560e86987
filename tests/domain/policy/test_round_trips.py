"""Every document of the core reads back as what was written, through real JSON text."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidValue
from domain.ids import InstanceId, Kind, SubjectType, parse_workflow_id, workflow_id
from domain.instants import HOUR, LONGEST, Instant, Micros
from domain.plan.planning import plan
from domain.plan.plans import Plan
from domain.policy.escalations import EscalationRule
from domain.policy.policies import Policy
from domain.policy.snapshot import Snapshot
from domain.policy.snapshot_facts import Facts
from domain.policy.targets import TargetRule
from domain.record.ledger import reconcile
from domain.record.notices import notice
from domain.record.records import Delivery, Record, first_record
from domain.ticket.authors import Role
from domain.ticket.conditions.conditions import Condition
from domain.ticket.events import EXCUSES, Event, EventKind
from domain.ticket.precision import Precision
from domain.ticket.tickets import Ticket
from tests.support.strategies import (
    brief,
    conditions,
    deterministic,
    documents,
    escalations,
    histories,
    instants,
    long_policies,
    policies,
    precisions,
    roles,
    snapshots,
    texts,
    tracked_snapshots,
)


def through_json(document: Any) -> Any:
    return json.loads(json.dumps(document, allow_nan=False))


@brief
@given(policies() | long_policies)
def test_a_policy_reads_back_the_same(policy: Policy) -> None:
    assert Policy.from_json(through_json(policy.to_json())) == policy


@deterministic
@given(conditions())
def test_a_condition_reads_back_the_same(condition: Condition) -> None:
    again = Condition.from_json(through_json(condition.to_json()))
    assert again == condition
    assert [type(value) for value in (again.value, condition.value)].count(type(condition.value)) == 2


@deterministic
@given(escalations("esc_1"))
def test_an_escalation_rule_reads_back_the_same(rule: EscalationRule) -> None:
    assert EscalationRule.from_json(through_json(rule.to_json())) == rule


@deterministic
@given(st.integers(1, LONGEST))
def test_a_budget_reads_back_to_the_microsecond(budget: int) -> None:
    rule = TargetRule("t", "resolution", None, Micros(budget))
    assert TargetRule.from_json(through_json(rule.to_json())) == rule
    hours = {key: value for key, value in through_json(rule.to_json()).items() if key != "minutes"}
    assert TargetRule.from_json(hours) == rule


@brief
@given(snapshots())
def test_a_snapshot_reads_back_the_same(snapshot: Snapshot) -> None:
    document = through_json(snapshot.to_json())
    assert Snapshot.from_json(document) == snapshot
    assert Facts.of(document) == snapshot.facts
    assert snapshot.facts.instance == snapshot.ticket.instance


@brief
@given(snapshots())
def test_a_ticket_reads_back_the_same(snapshot: Snapshot) -> None:
    assert Ticket.from_json(through_json(snapshot.ticket.to_json())) == snapshot.ticket


@deterministic
@given(
    st.sampled_from([kind for kind in EventKind if kind not in EXCUSES]),
    st.tuples(instants, instants),
    st.lists(texts, min_size=4, max_size=4),
    documents,
    st.none() | st.integers(-(2**63), 2**63 - 1),
    precisions,
    st.tuples(st.booleans(), roles),
)
def test_an_event_reads_back_the_same(
    kind: EventKind,
    times: tuple[Instant, Instant],
    words: list[str],
    attributes: dict[str, Any],
    sequence: int | None,
    precision: Precision | None,
    said: tuple[bool, Role | None],
) -> None:
    quiet, role = said
    source, actor, reason, cause = words
    reason = reason.strip() or "why"
    rules = attributes if kind is EventKind.REPLANNED else None
    event = Event(kind, "e1", *times, source, actor, reason, cause, attributes, None, rules, sequence, precision, quiet)
    event = replace(event, role=role, target="resolution" if quiet and kind is EventKind.RESET else None)
    assert Event.from_json(through_json(event.to_json())) == event


@deterministic
@given(tracked_snapshots(), histories())
def test_a_plan_reads_back_the_same(snapshot: Snapshot, events: tuple[Event, ...]) -> None:
    planned = plan(snapshot, events)
    assert Plan.from_json(through_json(planned.to_json())) == planned


@brief
@given(snapshots(), tracked_snapshots(), histories(), instants)
def test_a_record_reads_back_the_same_with_the_same_digest(
    snapshot: Snapshot, tracked: Snapshot, events: tuple[Event, ...], now: Instant
) -> None:
    planned = plan(tracked, events)
    firings = reconcile(planned, (), now)
    record = Record(
        organization="default",
        instance_id=snapshot.facts.instance_id,
        sequence=2,
        plan=planned.to_json(),
        status=first_record(tracked.to_json(), planned, events[0]).status,
        closed_at=planned.closed_at,
        next_due_at=now,
        next_milestone_at=now,
        ongoing=True,
        snapshot=snapshot.to_json(),
        events=events,
        firings=firings,
        notices=tuple(notice(tracked.facts, planned, firing) for firing in firings),
        deliveries=(Delivery("n", "webhook", "dead", now, "refused"),),
        set_aside={"count": 1, "recent": [{"signal": "pause", "problem": "occurred_at"}]},
    )
    again = Record.from_json(through_json(record.to_json()))
    assert again.to_json() == record.to_json()
    assert again.digest == record.digest


@brief
@given(snapshots(), histories(most=0))
def test_equal_openings_have_equal_first_records_whoever_writes_them(
    snapshot: Snapshot, events: tuple[Event, ...]
) -> None:
    planned = plan(snapshot, events)
    mine = first_record(snapshot.to_json(), planned, events[0])
    document = through_json(snapshot.to_json())
    yours = first_record(
        document, Plan.from_json(through_json(planned.to_json())), Event.from_json(events[0].to_json())
    )
    assert (mine.digest, mine.sequence) == (yours.digest, 1)
    other = first_record({**document, "policy": {}}, planned, events[0])
    assert other.digest != mine.digest


subjects = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=200).filter(
    lambda text: len(text.encode()) <= 200
)
instance_ids = st.builds(InstanceId, st.sampled_from(Kind), st.sampled_from(SubjectType), subjects)


@deterministic
@given(instance_ids)
def test_an_instance_id_reads_back_whatever_the_subject(instance: InstanceId) -> None:
    text = str(instance)
    assert InstanceId.parse(text) == instance
    assert text.isascii()
    assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-~")
    assert parse_workflow_id(workflow_id("acme-1", text)) == ("acme-1", instance)


@deterministic
@given(instance_ids, instance_ids)
def test_two_instances_never_share_an_id(one: InstanceId, other: InstanceId) -> None:
    assert (str(one) == str(other)) == (one == other)


@deterministic
@given(st.text(st.sampled_from("~0AFaf4_./-é"), min_size=1, max_size=6))
def test_a_text_is_an_instance_id_only_as_it_would_be_written(rest: str) -> None:
    text = f"inst_sla_ticket_{rest}"
    try:
        instance = InstanceId.parse(text)
    except InvalidValue:
        return
    assert str(instance) == text


@pytest.mark.parametrize(
    ("hours", "budget"),
    [
        (1 / 3, HOUR // 3),
        (0.1, HOUR // 10),
        ("0.333333333333", HOUR // 3),
        (1 / 3600, 1_000_000),
        (1 / 3_600_000_000, 1),
        (878_400, LONGEST),
        (2 / 3, 2 * HOUR // 3),
    ],
)
def test_a_fraction_of_an_hour_is_exact_to_the_microsecond(hours: Any, budget: int) -> None:
    rule = TargetRule.from_json({"type": "resolution", "hours": hours})
    assert rule.budget == budget
    assert TargetRule.from_json(through_json(rule.to_json())) == rule
