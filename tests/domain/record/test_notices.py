"""Notices: CloudEvents with a plain sentence, and the instance as people read it."""

import json
from dataclasses import replace
from typing import Any

import pytest

from domain.calendar import Calendar
from domain.plan.planning import plan
from domain.plan.status import InstanceStatus
from domain.policy.catalog import Catalog
from domain.policy.escalations import EscalationRule
from domain.policy.snapshot import Snapshot
from domain.policy.snapshot_facts import Facts
from domain.record.ledger import Ledger, reconcile
from domain.record.notices import notice
from domain.record.records import first_record, next_due
from domain.record.views import instance_view
from domain.ticket.events import Event, EventKind
from tests.support.builders import (
    a_policy,
    a_snapshot,
    a_ticket,
    acknowledged,
    at,
    event,
    opened,
    paused,
    promise,
    resolved,
    resumed,
    two_clocks,
)

STEP = EscalationRule.from_json(
    {
        "id": "esc_1",
        "trigger": "breached",
        "delay_minutes": 15,
        "actions": [{"type": "notify_contact", "contact": "lead"}],
    }
)
SNAPSHOT = a_snapshot(promise(minutes=90), escalations=(STEP,))


def fired(*events: Event, now: str, before: Ledger = ()) -> dict[str, dict[str, object]]:
    past = (opened("09:00"), *events)
    planned = plan(SNAPSHOT, past)
    return {
        firing.key.milestone: notice(SNAPSHOT.facts, planned, firing, past)
        for firing in reconcile(planned, before, at(now))
    }


def test_a_notice_is_a_cloud_event_about_the_instance() -> None:
    document = fired(now="10:30:05")["breached"]
    data = document.pop("data")
    assert document == {
        "specversion": "1.0",
        "id": "default/inst_sla_ticket_42/resolution/1/breached/1",
        "source": "/sla/default",
        "type": "sla.breached",
        "subject": "inst_sla_ticket_42",
        "time": "2026-03-02T10:30:00Z",
        "datacontenttype": "application/json",
    }
    assert isinstance(data, dict)
    assert (data["planned_at"], data["fired_at"], data["due_at"]) == (
        "2026-03-02T10:30:00Z",
        "2026-03-02T10:30:05Z",
        "2026-03-02T10:30:00Z",
    )
    assert data["policy"] == {"id": "sla_1", "name": "Support", "version": 1}
    assert data["ticket"] == {
        "ticket_id": "42",
        "kind": "sla",
        "priority": None,
        "title": None,
        "url": None,
    }
    assert (data["escalation"], data["withdraws"]) == (None, None)


def test_tickets_with_one_subject_in_two_organizations_have_notices_with_ids_of_their_own() -> None:
    ids: list[set[str]] = []
    for organization in ("acme", "globex"):
        facts = replace(SNAPSHOT, organization=organization).facts
        planned = plan(SNAPSHOT, [opened("09:00")])
        fired = reconcile(planned, (), at("10:30"))
        withdrawn = [replace(firing, withdrawn_at=at("10:31")) for firing in fired]
        documents = [notice(facts, planned, firing) for firing in (*fired, *withdrawn)]
        told = {document["data"]["withdraws"] for document in documents} - {None}
        assert told == {document["id"] for document in documents[: len(fired)]}
        ids.append({document["id"] for document in documents})
    ours, theirs = ids
    assert len(ours) == len(theirs) == 6
    assert not ours & theirs


def test_an_escalation_carries_its_rule() -> None:
    document = fired(now="12:00")["escalation:esc_1"]
    assert (document["type"], document["time"]) == ("sla.escalated", "2026-03-02T10:45:00Z")
    assert isinstance(document["data"], dict)
    assert document["data"]["escalation"] == STEP.to_json()


DUE = "due Mon 2026-03-02 10:30:00+00:00 (policy Support)."
SENTENCES = {
    "halfway": "Resolution of ticket 42 has used half of its 1 h 30 min",
    "at_risk": "Resolution of ticket 42 is at risk: 1 h 7 min 30 s of 1 h 30 min are used",
    "breached": "Resolution of ticket 42 is breached: its 1 h 30 min are used up",
    "escalation:esc_1": (
        "Resolution of ticket 42 escalates (notify contact to lead 15 min after the breach): "
        "1 h 45 min of 1 h 30 min are used"
    ),
}


@pytest.mark.parametrize("milestone", SENTENCES)
def test_a_notice_says_a_plain_sentence(milestone: str) -> None:
    data = fired(now="12:00")[milestone]["data"]
    assert isinstance(data, dict)
    assert data["message"] == f"{SENTENCES[milestone]}, {DUE}"


def test_a_withdrawal_says_why_and_what_holds_now() -> None:
    planned = plan(SNAPSHOT, [opened("09:00")])
    before = reconcile(planned, (), at("09:50"))
    pause, resume = paused("09:30", received="09:55"), resumed("09:50", received="09:56")
    resolution = resolved("09:40", received="09:55")
    received = "(event {}, received Mon 2026-03-02 09:55:00+00:00)"
    why = f"paused Mon 2026-03-02 09:30:00+00:00 {received.format(pause.event_id)}"
    stopped = f"resolved Mon 2026-03-02 09:40:00+00:00, in time {received.format(resolution.event_id)}"
    for events, because, now in (
        ([pause], why, "the clock is now paused, with no due instant"),
        ([pause, resume], why, "the clock is now due Mon 2026-03-02 10:50:00+00:00"),
        ([resolution], stopped, "the clock stopped Mon 2026-03-02 09:40:00+00:00"),
    ):
        data = fired(*events, now="09:56", before=before)["halfway"]["data"]
        assert isinstance(data, dict)
        assert data["message"] == (
            f"Resolution of ticket 42: {because}; "
            f"the notice 'halfway' of Mon 2026-03-02 09:45:00+00:00 no longer holds, and {now}."
        )


def test_an_answer_that_came_in_time_takes_a_breach_back() -> None:
    """A notice that is taken back names the event that led to it, and says where the clock was stopped in time."""
    snapshot = a_snapshot(promise("first_response", minutes=30))
    before = reconcile(plan(snapshot, [opened("15:00")]), (), at("15:33"))
    answer = event(EventKind.AGENT_REPLIED, "15:13", received="15:40")
    past = [opened("15:00"), answer]
    planned = plan(snapshot, past)
    withdrawn = {one.key.milestone: one for one in reconcile(planned, before, at("15:40")) if not one.stands}
    data = notice(snapshot.facts, planned, withdrawn["breached"], past)["data"]
    assert data["because"] == {
        "event_id": answer.event_id,
        "type": "agent_replied",
        "occurred_at": "2026-03-02T15:13:00Z",
        "received_at": "2026-03-02T15:40:00Z",
    }
    assert (data["stopped_at"], data["met"]) == ("2026-03-02T15:13:00Z", True)
    assert data["message"].startswith("First response of ticket 42: answered Mon 2026-03-02 15:13:00+00:00, in time ")


def test_a_notice_has_what_people_are_told_of_the_ticket_and_its_budget() -> None:
    ticket = a_ticket("high", subject="42", title="No dial tone", url="https://desk.example.com/42")
    snapshot = a_snapshot(promise(minutes=90), ticket=ticket)
    planned = plan(snapshot, [opened("09:00")])
    at_risk = reconcile(planned, (), at("10:10"))[-1]
    data = notice(Facts.of(snapshot.to_json()), planned, at_risk)["data"]
    assert (data["ticket"]["title"], data["ticket"]["url"]) == ("No dial tone", "https://desk.example.com/42")
    assert (data["budget_seconds"], data["used_seconds"]) == (5400, 4050)
    assert (data["because"], data["stopped_at"], data["met"], data["timezone"]) == (None, None, None, "UTC")


def test_a_sentence_has_its_times_in_the_zone_of_the_calendar() -> None:
    hours = Calendar.from_json({"timezone": "Europe/Berlin", "weekly_hours": {"mon": [["08:00", "20:00"]]}})
    snapshot = replace(a_snapshot(promise(minutes=90), calendar=hours), home_timezone="Asia/Tokyo")
    document = the_halfway_notice(snapshot)
    assert "due Mon 2026-03-02 11:30:00+01:00 " in document["data"]["message"]
    assert document["data"]["due_at"] == "2026-03-02T10:30:00Z"
    assert document["data"]["timezone"] == "Europe/Berlin"


def test_a_sentence_of_a_clock_that_runs_round_the_clock_has_its_times_in_the_zone_of_the_organization() -> None:
    """A notice tells its times in the zone of the ticket's business hours, and in that of the organization where its clock runs round the clock."""  # noqa: E501 - the row is one line
    catalog = Catalog("default", (a_policy(promise(minutes=90), business_hours=False),), {}, timezone="Asia/Tokyo")
    snapshot = catalog.snapshot(a_ticket(), "2026a")
    assert snapshot is not None
    document = the_halfway_notice(snapshot)
    assert "due Mon 2026-03-02 19:30:00+09:00 " in document["data"]["message"]
    assert document["data"]["timezone"] == "Asia/Tokyo"


def the_halfway_notice(snapshot: Snapshot) -> dict[str, Any]:
    planned = plan(snapshot, [opened("09:00")])
    (halfway,) = reconcile(planned, (), at("09:45"))
    return notice(Facts.of(snapshot.to_json()), planned, halfway)


def test_a_notice_is_the_same_bytes_on_every_retry() -> None:
    assert json.dumps(fired(now="12:00")) == json.dumps(fired(now="12:00"))


def test_the_view_of_a_running_target_measures_working_seconds_up_to_now() -> None:
    snapshot = a_snapshot(promise("first_response", 30), promise(minutes=120))
    planned = plan(snapshot, [opened("16:00"), acknowledged("16:10")])
    view = instance_view(snapshot, planned, (), at("tue 09:15"))
    response, resolution = view["targets"]["first_response"], view["targets"]["resolution"]
    assert (response["elapsed_seconds"], response["stopped_at"], response["met"]) == (600, "2026-03-02T16:10:00Z", True)
    assert (resolution["elapsed_seconds"], resolution["remaining_seconds"]) == (75 * 60, 45 * 60)
    assert (resolution["due_at"], resolution["breached_at"]) == ("2026-03-03T10:00:00Z", None)
    assert (view["status"], view["opened_at"], view["closed_at"]) == ("active", "2026-03-02T16:00:00Z", None)
    assert (view["id"], view["ticket_id"], view["policy_version"]) == ("inst_sla_ticket_42", "42", 1)


def test_the_view_of_an_exceeded_target_has_no_time_left() -> None:
    snapshot = a_snapshot(promise(minutes=30))
    view = instance_view(snapshot, plan(snapshot, [opened("09:00")]), (), at("10:00"))["targets"]["resolution"]
    assert (view["elapsed_seconds"], view["remaining_seconds"], view["met"]) == (3600, 0, False)
    assert view["breached_at"] == view["due_at"] == "2026-03-02T09:30:00Z"


def test_due_if_resumed_now_is_what_a_resume_now_would_give() -> None:
    snapshot = a_snapshot(promise(minutes=120))
    events = [opened("16:00"), paused("16:30")]
    for now in ("16:30", "16:45", "22:00", "tue 10:00", "sat 12:00"):
        view = instance_view(snapshot, plan(snapshot, events), (), at(now))["targets"]["resolution"]
        resumed_plan = plan(snapshot, [*events, resumed(now)])
        again = instance_view(snapshot, resumed_plan, (), at(now))["targets"]["resolution"]
        assert view["due_if_resumed_now"] == again["due_at"]
        assert "due_if_resumed_now" not in again
    before_the_pause = instance_view(snapshot, plan(snapshot, events), (), at("16:00"))["targets"]["resolution"]
    assert before_the_pause["due_if_resumed_now"] == "2026-03-03T10:00:00Z"


def test_the_next_due_instant_is_the_earliest_of_the_clocks_that_run() -> None:
    assert next_due(two_clocks(opened("09:00"))) == at("09:30")
    assert next_due(two_clocks(opened("09:00"), acknowledged("09:10"))) == at("11:00")
    assert next_due(two_clocks(opened("09:00"), paused("09:10"))) is None
    assert next_due(two_clocks(opened("09:00"), resolved("09:10"))) is None


def test_the_first_record_tells_how_the_ticket_opened() -> None:
    planned = plan(SNAPSHOT, [opened("09:00")])
    record = first_record(SNAPSHOT.to_json(), planned, opened("09:00"))
    assert (record.organization, record.instance_id, record.sequence) == ("default", "inst_sla_ticket_42", 1)
    assert (record.status, record.closed_at, record.next_due_at) == (InstanceStatus.ACTIVE, None, at("10:30"))
    assert record.events == (opened("09:00"),)
