"""What an explanation tells of one ticket: the week of 2 March 2026, in Berlin an hour ahead of UTC."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from domain.calendar import Calendar
from domain.explaining import RecordedHistory, explain
from domain.explaining.text import explanation_text
from domain.explaining.view import explanation_view
from domain.ids import Kind
from domain.instants import DAY, HOUR, MINUTE, Instant, Micros, render
from domain.plan.planning import plan
from domain.policy.catalog import Catalog
from domain.policy.escalations import EscalationRule
from domain.policy.match_record import MatchRecord
from domain.policy.policies import OnChange, Policy
from domain.policy.snapshot import CalendarVersion, Snapshot
from domain.policy.targets import TargetRule
from domain.record.ledger import Ledger, merge, reconcile
from domain.record.views import instance_view
from domain.ticket.conditions.conditions import Condition
from domain.ticket.events import Event, EventKind
from domain.ticket.origins import Origin
from domain.ticket.tickets import Ticket
from domain.wording import spoken_instant, spoken_length
from tests.support.builders import (
    ALWAYS,
    OFFICE,
    a_policy,
    a_snapshot,
    a_ticket,
    acknowledged,
    assigned,
    at,
    opened,
    paused,
    promise,
    reopened,
    resolved,
    resumed,
    updated,
)

BERLIN = Calendar.from_json(
    {
        "timezone": "Europe/Berlin",
        "weekly_hours": {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")},
        "holidays": [{"date": "2026-03-03", "name": "Founders' Day"}],
    }
)
GOLD = Condition("plan", "eq", "gold")


def frozen(*policies: Policy, ticket: Ticket | None = None) -> Snapshot:
    catalog = Catalog("default", policies, {"bh_1": CalendarVersion(BERLIN, "bh_1", 2)}, "bh_1")
    made = catalog.snapshot(ticket or a_ticket(), "2026a")
    assert made is not None
    return made


def in_berlin(*targets: Any, **changes: Any) -> Snapshot:
    return frozen(a_policy(*(targets or (promise(minutes=600),)), business_hours=True, **changes))


def fired(snapshot: Snapshot, events: tuple[Event, ...], until: str) -> Ledger:
    """The ledger of a workflow that took each event as it arrived, and has delivered nothing."""
    ledger: Ledger = ()
    arrivals = sorted(events, key=lambda event: event.received_at)
    for count, event in enumerate(arrivals, start=1):
        end = arrivals[count].received_at - 1 if count < len(arrivals) else at(until)
        for now in (event.received_at, Instant(end)):
            ledger = merge(ledger, reconcile(plan(snapshot, arrivals[:count]), ledger, now))
    return ledger


def view(snapshot: Snapshot, *events: Event, when: str = "fri 12:00", **options: Any) -> dict[str, Any]:
    return explanation_view(
        explain(RecordedHistory(snapshot, events, fired(snapshot, events, when)), at(when), **options)
    )


def lines(snapshot: Snapshot, *events: Event, when: str = "fri 12:00", **options: Any) -> list[str]:
    return explanation_text(
        explain(RecordedHistory(snapshot, events, fired(snapshot, events, when)), at(when), **options)
    ).splitlines()


def segments(found: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Start, kind, hours, and what closes or pauses."""
    return [
        (one["start"][8:16], one["kind"], one["seconds"] / 3600, one.get("name") or one.get("rule"))
        for one in found["targets"][0]["segments"]
    ]


def test_a_clock_is_told_segment_by_segment_with_the_rule_that_closed_it() -> None:
    found = view(in_berlin(), opened("mon 15:00"), resolved("wed 09:00"))
    assert segments(found) == [
        ("02T15:00", "running", 1, None),
        ("02T16:00", "closed", 7, "hours"),
        ("02T23:00", "closed", 24, "Founders' Day"),
        ("03T23:00", "closed", 9, "hours"),
        ("04T08:00", "running", 1, None),
    ]
    target = found["targets"][0]
    assert (target["elapsed_seconds"], target["closed_seconds"], target["wall_seconds"]) == (7200, 40 * 3600, 42 * 3600)


def test_a_weekend_is_closed_by_its_weekdays() -> None:
    found = view(in_berlin(), opened("fri 15:00"), when="sun 12:00")
    assert segments(found)[1:] == [("06T16:00", "closed", 7, "hours"), ("06T23:00", "closed", 37, "weekday")]


def test_each_cause_of_a_pause_keeps_its_share_on_the_wall_and_in_working_time() -> None:
    found = view(
        in_berlin(),
        opened("mon 09:00"),
        paused("mon 10:00", "customer"),
        paused("mon 14:00", "vendor"),
        resumed("mon 18:00", "customer"),
        resumed("mon 20:00"),
        resolved("wed 09:00"),
    )
    pause = found["targets"][0]["segments"][1]
    assert (pause["kind"], pause["seconds"], pause["counted_seconds"]) == ("paused", 10 * 3600, 0)
    assert pause["causes"] == [
        {"cause": "customer", "seconds": 8 * 3600, "working_seconds": 6 * 3600},
        {"cause": "vendor", "seconds": 6 * 3600, "working_seconds": 2 * 3600},
    ]
    assert found["targets"][0]["causes"] == pause["causes"]
    assert found["targets"][0]["paused_seconds"] == 10 * 3600


def test_a_cause_that_comes_back_has_its_own_share_of_each_pause_and_of_all_of_them() -> None:
    first = paused("wed 09:00", "customer"), resumed("wed 10:00")
    second = paused("wed 12:00", "customer"), resumed("wed 14:00")
    found = view(in_berlin(), opened("wed 08:00"), *first, *second, resolved("wed 15:00"))
    shares = [one["causes"] for one in found["targets"][0]["segments"] if one["kind"] == "paused"]
    assert [[one["seconds"] for one in causes] for causes in shares] == [[3600], [7200]]
    assert found["targets"][0]["causes"] == [{"cause": "customer", "seconds": 3 * 3600, "working_seconds": 3 * 3600}]


def test_the_time_between_a_stop_and_a_reopening_is_stopped() -> None:
    found = view(in_berlin(), opened("wed 09:00"), resolved("wed 10:00"), reopened("thu 10:00"), when="thu 11:00")
    assert segments(found) == [
        ("04T09:00", "running", 1, None),
        ("04T10:00", "stopped", 24, None),
        ("05T10:00", "running", 1, None),
    ]


@pytest.mark.parametrize(
    ("events", "told"),
    [
        (
            (resolved("mon 08:11:59", received="mon 09:12:00"), reopened("mon 10:11:59"), resolved("mon 11:11:59")),
            [("stopped", "09:11:59", "10:11:59"), ("running", "10:11:59", "11:11:59")],
        ),
        (
            (resolved("mon 09:41:59"), reopened("mon 10:11:59"), resolved("mon 10:11:59")),
            [("running", "09:11:59", "09:41:59"), ("stopped", "09:41:59", "10:11:59")],
        ),
        (
            (resolved("mon 08:11:59", received="mon 09:12:00"), reopened("mon 10:11:59"), resolved("mon 10:11:59")),
            [("stopped", "09:11:59", "10:11:59")],
        ),
        ((resolved("mon 08:11:59", received="mon 09:12:00"),), []),
    ],
)
@pytest.mark.parametrize("due", [{"hours": 8}, {"by": {"time": "16:00"}}])
def test_the_segments_reach_from_start_to_stop_though_the_clock_stopped_as_it_started(
    events: tuple[Event, ...], told: list[tuple[str, str, str]], due: dict[str, Any]
) -> None:
    rule = TargetRule.from_json({"id": "t", "type": "resolution", **due})
    (target,) = view(a_snapshot(rule, calendar=ALWAYS), opened("mon 09:11:59"), *events)["targets"]
    found = [(one["kind"], one["start"], one["end"]) for one in target["segments"]]
    assert found == [(kind, *(render(at(f"mon {time}")) for time in edges)) for kind, *edges in told]
    edges = (found[0][1], found[-1][2]) if found else (target["started_at"], target["started_at"])
    assert (target["started_at"], target["stopped_at"]) == edges
    lengths = {kind: sum(one["seconds"] for one in target["segments"] if one["kind"] == kind) for kind, *_ in told}
    assert target["wall_seconds"] == sum(lengths.values())
    assert target["stopped_seconds"] == lengths.get("stopped", 0)
    assert target["running_seconds"] == lengths.get("running", 0)


def test_what_is_older_than_the_latest_segments_is_summed_up_exactly() -> None:
    events = opened("mon 09:00"), paused("mon 10:00", "customer"), resumed("mon 12:00"), resolved("fri 10:00")
    whole, short = view(in_berlin(), *events), view(in_berlin(), *events, most_segments=2)
    summary, *rest = short["targets"][0]["segments"]
    assert rest == whole["targets"][0]["segments"][-2:]
    assert (summary["kind"], summary["start"], summary["end"]) == ("summary", render(at("mon 09:00")), rest[0]["start"])
    assert summary["totals"] == {
        "running_seconds": (1 + 4 + 8 + 8) * 3600,
        "closed_seconds": (7 + 24 + 9 + 16) * 3600,
        "paused_seconds": 2 * 3600,
        "stopped_seconds": 0,
        "wall_seconds": summary["seconds"],
    }
    assert summary["causes"] == [{"cause": "customer", "seconds": 7200, "working_seconds": 7200}]
    for name in ("elapsed_seconds", "closed_seconds", "paused_seconds", "wall_seconds", "causes"):
        assert short["targets"][0][name] == whole["targets"][0][name]


def test_a_clock_of_a_hundred_years_is_told_at_once() -> None:
    start = Instant(0)
    event = Event(EventKind.OPENED, "1", start, start)
    explained = explain(RecordedHistory(in_berlin(), (event,), ()), Instant(at("mon 09:00") + 70 * 366 * 24 * HOUR), 10)
    (clock,) = explained.clocks
    assert len(clock.trace.segments) == 11
    assert clock.trace.totals.wall == sum(segment.wall for segment in clock.trace.segments)


def test_a_year_around_the_clock_is_one_segment() -> None:
    event = opened("mon 09:00")
    explained = explain(
        RecordedHistory(a_snapshot(calendar=ALWAYS), (event,), ()), Instant(event.occurred_at + 366 * DAY)
    )
    assert [(one.kind.value, one.wall) for one in explained.clocks[0].trace.segments] == [("running", 366 * DAY)]


def test_a_clock_that_waits_for_its_start_has_no_segments() -> None:
    found = view(in_berlin(promise("next_response", 60)), opened("mon 09:00"))
    target = found["targets"][0]
    assert (target["state"], target["segments"], target["wall_seconds"]) == ("waiting", [], 0)
    assert "  has not started" in lines(in_berlin(promise("next_response", 60)), opened("mon 09:00"))


def test_a_fixed_instant_counts_every_second_also_while_the_ticket_is_closed() -> None:
    rule = TargetRule.from_json({"id": "t", "type": "resolution", "by": {"time": "16:00"}})
    snapshot, now = in_berlin(rule), at("mon 21:00")
    events = opened("mon 17:00"), resolved("mon 18:00"), reopened("mon 20:00")
    explained = explanation_view(explain(RecordedHistory(snapshot, events, ()), now))
    target = explained["targets"][0]
    assert [one["kind"] for one in target["segments"]] == ["running", "stopped", "running"]
    assert sum(one["counted_seconds"] for one in target["segments"]) == 4 * 3600
    shown = instance_view(snapshot, plan(snapshot, events), (), now)["targets"]["resolution"]
    assert target["elapsed_seconds"] == shown["elapsed_seconds"] == 4 * 3600


def test_every_milestone_tells_when_it_was_planned_fired_and_delivered() -> None:
    snapshot = in_berlin(promise(minutes=60))
    events = (opened("mon 09:00"),)
    ledger = merge((), reconcile(plan(snapshot, events), (), at("mon 09:30:07")))
    ledger = tuple(replace(one, delivered_at=at("mon 09:30:09")) for one in ledger)
    explained = explanation_view(explain(RecordedHistory(snapshot, events, ledger), at("mon 09:31")))
    halfway, at_risk, breached = explained["targets"][0]["milestones"]
    assert halfway == {
        "name": "halfway",
        "threshold_seconds": 1800,
        "planned_at": "2026-03-02T09:30:00Z",
        "fired_at": "2026-03-02T09:30:07Z",
        "delivered_at": "2026-03-02T09:30:09Z",
        "withdrawn_at": None,
        "lateness_seconds": 7,
        "generation": 1,
    }
    assert (at_risk["planned_at"], at_risk["fired_at"]) == ("2026-03-02T09:45:00Z", None)
    assert (breached["threshold_seconds"], breached["lateness_seconds"]) == (3600, None)


def test_a_breach_that_a_late_event_disproved_is_told_as_withdrawn_and_the_event_as_late() -> None:
    found = view(
        in_berlin(promise(minutes=60)),
        opened("wed 09:00"),
        resolved("wed 09:20", received="wed 12:00"),
        when="thu 09:00",
    )
    told = [
        (one["name"], one["planned_at"] and one["planned_at"][11:16], one["withdrawn_at"])
        for one in found["targets"][0]["milestones"]
    ]
    wrong = "2026-03-04T12:00:00Z"
    assert told == [
        ("halfway", None, None),
        ("at_risk", None, None),
        ("breached", None, None),
        ("halfway", "09:30", wrong),
        ("at_risk", "09:45", wrong),
        ("breached", "10:00", wrong),
    ]
    assert [(one["kind"], one["is_late"], one["delay_seconds"]) for one in found["events"]] == [
        ("opened", False, 0),
        ("resolved", True, 9600),
    ]
    assert found["targets"][0]["met"] is True


def test_an_event_that_arrives_behind_a_later_one_is_late() -> None:
    found = view(in_berlin(), opened("mon 09:00"), paused("mon 09:05", received="mon 09:11"), acknowledged("mon 09:10"))
    assert {one["kind"]: one["is_late"] for one in found["events"]} == {
        "opened": False,
        "paused": True,
        "acknowledged": False,
    }


def test_the_policy_is_told_with_the_conditions_that_chose_it_and_what_kept_those_above_from_it() -> None:
    policies = (
        a_policy(id="sla_off", name="Off", enabled=False),
        a_policy(id="sla_gold", name="Gold", conditions=(GOLD,)),
        a_policy(promise(minutes=600), id="sla_any", name="Any"),
    )
    snapshot = frozen(*policies, ticket=a_ticket("high", plan="basic"))
    found = view(snapshot, opened("mon 09:00"))["policy"]
    assert (found["id"], found["name"], found["version"], found["matched_by"]) == ("sla_any", "Any", 1, "conditions")
    assert found["matching"] == MatchRecord.of(policies, policies[2], snapshot.ticket).to_json()
    assert [
        line
        for line in lines(snapshot, opened("mon 09:00"))
        if line.startswith(("policy", "  takes", "  asked", "    "))
    ][:6] == [
        "policy Any (sla_any, version 1)",
        "  takes every ticket",
        "  asked before it",
        "    Off (sla_off, version 1): disabled",
        "    Gold (sla_gold, version 1): fails",
        "      plan is gold does not hold: the ticket has basic",
    ]


def test_an_instance_of_before_there_were_match_records_says_that_it_has_none() -> None:
    found = view(a_snapshot(), opened("mon 09:00"))
    assert found["policy"]["matching"] is None
    assert "  why it was chosen was not recorded when the ticket opened" in lines(a_snapshot(), opened("mon 09:00"))


def test_scrubbes_policies_are_chosen_by_priority_and_it_is_said() -> None:
    conditions = (Condition("priority", "eq", "LOW"),)
    ticket = replace(a_ticket("LOW"), origin=Origin.V1)
    snapshot = frozen(a_policy(id="pol_1", origin=Origin.V1, conditions=conditions), ticket=ticket)
    assert view(snapshot, opened("mon 09:00"))["policy"]["matched_by"] == "priority"
    assert "  Scrubbe's policies are chosen by priority" in lines(snapshot, opened("mon 09:00"))


def test_a_change_of_the_ticket_tells_which_policy_it_led_to_and_why() -> None:
    standard = a_policy(promise(minutes=600), id="sla_any", name="Any", on_change=OnChange.RETARGET)
    gold = a_policy(promise(minutes=60), id="sla_gold", name="Gold", conditions=(GOLD,))
    snapshot = frozen(gold, standard, ticket=a_ticket(plan="basic"))
    events = opened("mon 09:00"), updated("mon 09:10", plan="gold")
    (change,) = view(snapshot, *events)["changes"]
    assert (change["at"], change["event_id"]) == ("2026-03-02T09:10:00Z", events[1].event_id)
    assert change["policy"] == {"id": "sla_gold", "name": "Gold", "version": 1}
    assert change["matching"]["conditions"] == [
        {"field": "plan", "operator": "eq", "value": "gold", "actual": "gold", "holds": True}
    ]
    assert view(snapshot, *events)["targets"][0]["policy"]["id"] == "sla_gold"


def test_a_replan_tells_the_rules_in_force_and_those_the_ticket_opened_under() -> None:
    snapshot = in_berlin()
    rules = in_berlin(promise(minutes=30), version=2).rules
    replan = Event(EventKind.REPLANNED, "replan/1", at("tue 09:00"), at("tue 09:00"), reason="shorter", rules=rules)
    found = view(snapshot, opened("mon 09:00"), replan)
    assert (found["policy"]["version"], found["policy"]["opened_under"]["version"]) == (2, 1)
    assert found["targets"][0]["promise"]["seconds"] == 1800
    assert found["policy"]["matching"] is not None
    assert [one.get("reason") for one in found["events"]] == [None, "shorter"]


def test_each_stint_of_a_team_is_a_clock_of_its_own() -> None:
    ticket = Ticket(replace(a_ticket().instance, kind=Kind.OLA), team_id="network")
    snapshot = frozen(a_policy(promise(minutes=600), kind=Kind.OLA, business_hours=True), ticket=ticket)
    found = view(snapshot, opened("wed 09:00"), assigned("billing", "wed 11:00"), resolved("wed 12:00"))
    assert [(one["team_id"], one["wall_seconds"]) for one in found["targets"]] == [("network", 7200), ("billing", 3600)]


def test_a_recorded_plan_that_says_otherwise_is_told() -> None:
    snapshot, events = in_berlin(), (opened("mon 09:00"),)
    made = plan(snapshot, events)
    other = replace(made, targets=tuple(replace(one, due_at=None) for one in made.targets))
    for recorded, agrees in ((made, True), (other, False), (None, None)):
        explained = explain(RecordedHistory(snapshot, events, (), recorded), at("tue 09:00"))
        assert explanation_view(explained)["agrees_with_record"] is agrees
        assert ("NOT AS RECORDED" in explanation_text(explained)) is (agrees is False)


def test_a_record_that_lacks_something_is_told() -> None:
    explained = explain(RecordedHistory(in_berlin(), (opened("mon 09:00"),), (), is_complete=False), at("tue 09:00"))
    assert explanation_view(explained)["is_complete"] is False
    assert "INCOMPLETE" in explanation_text(explained)


def test_the_text_tells_the_whole_life_in_the_calendars_zone() -> None:
    found = lines(
        in_berlin(promise(minutes=120)),
        opened("mon 15:00"),
        paused("wed 08:30", "customer"),
        resumed("wed 09:00"),
        resolved("wed 09:15:30"),
        when="wed 10:00",
    )
    assert found[0] == "inst_sla_ticket_42 is met at Wed 2026-03-04 11:00:00+01:00"
    start = found.index("resolution: met")
    assert found[start + 1] == "  used 1 h 45 min 30 s of 2 h, due Wed 2026-03-04 10:30:00+01:00"
    assert (
        found[start + 2]
        == "  started by opened (event opened  mon 15:00), stopped by resolved (event resolved  wed 09:15:30)"
    )
    assert found[start + 3 : start + 5] == [f"  ██{'░' * 67}█▒-", f"  {' ' * 71}▲"]
    assert found[start + 5 : start + 14] == [
        "  Mon 2026-03-02 16:00:00+01:00          1 h  running",
        "  Mon 2026-03-02 17:00:00+01:00          7 h  closed: outside hours",
        "  Tue 2026-03-03 00:00:00+01:00         24 h  closed: holiday Founders' Day",
        "  Wed 2026-03-04 00:00:00+01:00          9 h  closed: outside hours",
        "  Wed 2026-03-04 09:00:00+01:00       30 min  running",
        "  Wed 2026-03-04 09:30:00+01:00       30 min  paused: customer 30 min (30 min of working time)",
        "  Wed 2026-03-04 10:00:00+01:00  15 min 30 s  running",
        "  Wed 2026-03-04 10:15:30+01:00",
        "  in all running 1 h 45 min 30 s + closed 40 h + paused 30 min + stopped 0 s = 42 h 15 min 30 s on the wall",
    ]


def test_what_is_ahead_takes_a_third_of_the_timeline_at_most() -> None:
    found = lines(in_berlin(promise(minutes=24000)), opened("wed 09:00"), when="wed 10:00")
    assert f"  {'█' * 48}{'-' * 24}" in found


def test_a_name_cannot_forge_a_line_or_speak_to_a_terminal() -> None:
    snapshot = in_berlin(name="Support\nbreached: no\x1b[2J")
    found = lines(snapshot, opened("mon 09:00"))
    assert "policy Support�breached: no�[2J (sla_1, version 1)" in found


@pytest.mark.parametrize(
    ("length", "spelled"),
    [
        (0, "0 s"),
        (HOUR, "1 h"),
        (26 * HOUR + 5 * MINUTE + 3_500_000, "26 h 5 min 4 s"),
        (90_000_001, "1 min 30 s"),
        (119_600_000, "2 min"),
        (4_500_000, "4.5 s"),
        (61_499, "0.061 s"),
        (-MINUTE, "-1 min"),
        (-1, "0 s"),
    ],
)
def test_a_length_is_spelled_to_the_second_and_under_a_minute_to_the_millisecond(length: int, spelled: str) -> None:
    assert spoken_length(Micros(length)) == spelled


def test_an_instant_is_told_with_its_weekday_and_offset() -> None:
    assert spoken_instant(at("mon 23:30"), "Europe/Berlin") == "Tue 2026-03-03 00:30:00+01:00"
    assert spoken_instant(Instant(0), "Africa/Monrovia") == "Wed 1969-12-31 23:15:30-00:44:30"
    assert spoken_instant(Instant(at("mon 09:00") + 999_999), "UTC") == "Mon 2026-03-02 09:00:00+00:00"


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../secret", ""])
def test_a_zone_that_the_database_does_not_have_stops_no_sentence(zone: str) -> None:
    assert spoken_instant(at("mon 09:00"), zone) == "Mon 2026-03-02 09:00:00+00:00"


def test_what_runs_round_the_clock_is_told_in_the_zone_of_the_organization() -> None:
    events = (opened("mon 23:30"),)
    explained = explain(RecordedHistory(frozen(a_policy(promise(minutes=60))), events, ()), at("mon 23:40"))
    told = explanation_text(explained, "Asia/Kathmandu")
    assert "  opened Tue 2026-03-03 05:15:00+05:45, still open" in told
    assert "+00:00" not in told


def test_an_escalation_is_told_by_what_the_policy_lets_it_do() -> None:
    step = EscalationRule.from_json(
        {"id": "esc_1", "trigger": "breached", "delay_minutes": 30, "actions": [{"type": "reassign", "team_id": "net"}]}
    )
    found = lines(in_berlin(promise(minutes=60), escalations=(step,)), opened("mon 09:00"), when="mon 10:45")
    (told,) = [line for line in found if "reassign" in line]
    assert told.startswith(
        "    reassign to net 30 min after the breach at 1 h 30 min: planned Mon 2026-03-02 11:30:00+01"
    )
    assert not any("esc_1" in line for line in found)


def test_a_milestone_that_was_withdrawn_says_which_event_did_it() -> None:
    found = lines(
        in_berlin(promise(minutes=60)),
        opened("wed 09:00"),
        updated("wed 09:10"),
        resolved("wed 09:20", received="wed 12:00"),
        updated("wed 11:00", received="wed 12:00:01"),
        when="thu 09:00",
    )
    reason = "because the ticket was resolved Wed 2026-03-04 10:20:00+01:00 (event "
    withdrawn = [line for line in found if "withdrawn" in line]
    assert len(withdrawn) == 3
    assert all(f"withdrawn Wed 2026-03-04 13:00:00+01:00 {reason}" in line for line in withdrawn)


def test_only_the_newest_events_and_cycles_are_told_and_the_rest_is_counted() -> None:
    snapshot = a_snapshot(promise("next_response", 60), calendar=OFFICE)
    turns: list[Event] = [opened("mon 09:00")]
    for index in range(300):
        for kind, second in ((EventKind.CUSTOMER_REPLIED, 0), (EventKind.AGENT_REPLIED, 20)):
            when = Instant(at("mon 10:00") + index * MINUTE + second * 1_000_000)
            turns.append(Event(kind, f"{kind.value} {index}", when, when))
    found = explanation_view(explain(RecordedHistory(snapshot, tuple(turns), ()), at("fri 09:00")))
    assert (len(found["events"]), found["events_in_all"]) == (500, 601)
    assert (len(found["targets"]), found["targets_in_all"]) == (100, 300)
    assert found["targets"][-1]["cycle"] == 300
    assert found["events"][-1]["event_id"] == "agent_replied 299"
