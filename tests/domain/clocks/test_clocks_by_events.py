"""Clocks whose target says by which events and authors they start, stop, renew, are cancelled and pause."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from domain.errors import InvalidValue
from domain.instants import HOUR, MINUTE
from domain.plan.planning import plan
from domain.plan.plans import Plan, TargetPlan
from domain.plan.status import InstanceStatus, instance_status
from domain.policy.catalog import Catalog
from domain.policy.clocks.clocks import CLOCKS, CUSTOM, ClockState, OnReopen
from domain.policy.policies import OnChange
from domain.policy.targets import TargetRule
from domain.ticket.conditions.conditions import Condition
from domain.ticket.events import Event, EventKind
from tests.support.builders import (
    ALWAYS,
    a_policy,
    a_snapshot,
    a_ticket,
    acknowledged,
    an_owned_ticket,
    assigned,
    at,
    cancelled,
    event,
    only,
    opened,
    paused,
    promise,
    reopened,
    resolved,
    resumed,
    updated,
)

customer = partial(event, EventKind.CUSTOMER_REPLIED)
agent = partial(event, EventKind.AGENT_REPLIED)
SPAM = {"field": "type", "operator": "eq", "value": "spam"}
VENDOR = {"field": "status", "operator": "eq", "value": "vendor"}
ANSWERED = {"field": "status", "operator": "eq", "value": "answered"}


def rule(type_: str, **given: Any) -> TargetRule:
    return TargetRule.from_json({"id": "t", "type": type_, **({} if "by" in given else {"hours": 1}), **given})


def planned(own: TargetRule, *events: Event, on_reopen: str = "continue", **more: Any) -> Plan:
    snapshot = a_snapshot(own, *more.pop("beside", ()), calendar=ALWAYS, on_reopen=OnReopen(on_reopen), **more)
    return plan(snapshot, [opened("09:00"), *events])


def cycles(own: TargetRule, *events: Event, **more: Any) -> tuple[TargetPlan, ...]:
    return planned(own, *events, **more).targets


def times(targets: tuple[TargetPlan, ...]) -> list[tuple[Any, Any]]:
    return [(one.started_at, one.stopped_at) for one in targets]


FROM_MESSAGE = rule("first_response", starts_on=["customer_replied"])


def test_a_first_response_from_the_customers_first_message() -> None:
    """A target says itself which events start and stop its clock: the first response from the customer's message."""
    assert only(planned(FROM_MESSAGE)).state is ClockState.WAITING
    asked = only(planned(FROM_MESSAGE, customer("10:00"), customer("10:20")))
    assert (asked.started_at, asked.due_at) == (at("10:00"), at("11:00"))
    answered = only(planned(FROM_MESSAGE, customer("10:00"), agent("10:30"), customer("12:00")))
    assert (answered.started_at, answered.stopped_at, answered.cycle) == (at("10:00"), at("10:30"), 1)


def test_what_was_said_before_its_start_stops_it_not() -> None:
    asked = only(planned(FROM_MESSAGE, agent("09:30"), customer("10:00")))
    assert (asked.state, asked.due_at) == (ClockState.RUNNING, at("11:00"))


REPLIES_ONLY = rule("first_response", stops_on=["agent_replied"])


def test_a_closing_that_does_not_stop_a_clock_cancels_it() -> None:
    """A closing that is none of its stops cancels a clock: neither met nor missed; a reopening lets it run on."""
    closed = only(planned(REPLIES_ONLY, acknowledged("09:10"), resolved("09:30")))
    assert (closed.state, closed.stopped_at, closed.breached_at) == (ClockState.CANCELLED, at("09:30"), None)
    again = only(planned(REPLIES_ONLY, resolved("09:30"), reopened("12:00")))
    assert (again.state, again.due_at) == (ClockState.RUNNING, at("12:30"))
    replied = only(planned(REPLIES_ONLY, resolved("09:30"), reopened("12:00"), agent("12:10")))
    assert (replied.state, replied.used) == (ClockState.STOPPED, 40 * MINUTE)
    late = only(planned(REPLIES_ONLY, resolved("10:30")))
    assert (late.state, late.breached_at) == (ClockState.CANCELLED, at("10:00"))


def test_an_acknowledgement_counts_as_the_target_says() -> None:
    for counts in (True, False):
        stops = ["agent_replied", "resolved", *(["acknowledged"] if counts else [])]
        target = only(planned(rule("first_response", stops_on=stops), acknowledged("09:10")))
        assert target.state is (ClockState.STOPPED if counts else ClockState.RUNNING)


WAITING_TIME = rule("requester_wait", starts_on=["agent_replied"], stops_on=["customer_replied", "resolved"])


def test_a_clock_of_ones_own_is_made_of_events_alone() -> None:
    """A clock of one's own may be made of events alone; it begins again with each start that comes after a stop."""
    talk = agent("09:30"), agent("09:40"), customer("10:00"), customer("10:10"), agent("11:00"), resolved("11:20")
    assert times(cycles(WAITING_TIME, *talk)) == [(at("09:30"), at("10:00")), (at("11:00"), at("11:20"))]
    assert only(planned(WAITING_TIME)).state is ClockState.WAITING


def test_it_stops_with_the_ticket_though_nothing_says_so() -> None:
    own = rule("callback", starts_on=[{"event": "updated", "by": ["agent"]}])
    done = only(planned(own, updated("09:30", by="agent", callback=True), resolved("10:00")))
    assert (done.state, done.stopped_at) == (ClockState.STOPPED, at("10:00"))


def test_whose_doing_an_event_is_decides() -> None:
    """An event counts for a clock by whose doing it is, where the target says so; of unknown authors none counts."""
    own = rule("callback", starts_on=[{"event": "updated", "by": ["agent", "system"]}])
    for author, state in ((None, "waiting"), ("customer", "waiting"), ("system", "running"), ("agent", "running")):
        assert only(planned(own, updated("09:30", by=author, x=1))).state.value == state


def test_events_and_conditions_are_enough_each() -> None:
    """Of events and conditions that start a clock, and of those that stop it, either is enough."""
    own = rule(
        "vendor", starts_on=["assigned"], starts_when=[VENDOR], stops_on=["agent_replied"], stops_when=[ANSWERED]
    )
    by_field = updated("09:30", status="vendor")
    assert times(cycles(own, by_field, agent("10:00"))) == [(at("09:30"), at("10:00"))]
    assert times(cycles(own, assigned("t2", "09:20"), updated("09:50", status="answered"))) == [
        (at("09:20"), at("09:50"))
    ]


def test_a_condition_that_goes_on_holding_begins_nothing_again() -> None:
    own = rule("vendor", starts_when=[VENDOR], stops_on=["agent_replied", "resolved"])
    talk = [updated("09:30", status="vendor"), agent("10:00"), customer("10:30")]
    assert len(cycles(own, *talk)) == 1
    assert len(cycles(own, *talk, resolved("11:00"), reopened("12:00"))) == 1
    again = [updated("12:00", status="open"), updated("12:30", status="vendor")]
    assert times(cycles(own, *talk, *again))[1:] == [(at("12:30"), None)]


def test_what_asks_for_a_clock_waits_while_a_condition_stops_it() -> None:
    own = rule("answer", starts_on=["customer_replied"], stops_when=[ANSWERED])
    events = [updated("09:10", status="answered"), customer("10:00"), updated("10:00:05", status="open")]
    assert times(cycles(own, *events)) == [(at("10:00:05"), None)]


def test_renewing_events_end_a_cycle_and_begin_the_next() -> None:
    own = rule("periodic_update", renews_on=[{"event": "agent_replied", "by": ["agent", "bot"]}])
    assert times(cycles(own, agent("09:40", by="bot"), acknowledged("09:50"))) == [
        (at("09:00"), at("09:40")),
        (at("09:40"), None),
    ]


NO_SPAM = rule("first_response", cancels_when=[SPAM])


def test_a_condition_that_cancels_a_clock_lets_it_run_on_once_it_no_longer_holds() -> None:
    """A clock is cancelled while `cancels_when` holds, neither met nor missed, and runs on once it does no longer."""
    marked = updated("09:20", type="spam")
    gone = planned(NO_SPAM, marked)
    assert (only(gone).state, only(gone).breached_at) == (ClockState.CANCELLED, None)
    assert (gone.closed_at, instance_status(gone, at("12:00"))) == (None, InstanceStatus.ACTIVE)
    back = only(planned(NO_SPAM, marked, updated("11:00", type="question")))
    assert (back.state, back.due_at, back.cycle) == (ClockState.RUNNING, at("11:40"), 1)


def test_what_a_cancelled_clock_was_for_may_come_meanwhile() -> None:
    events = [updated("09:20", type="spam"), agent("09:30"), updated("11:00", type="question")]
    assert (only(planned(NO_SPAM, *events)).state) is ClockState.CANCELLED


def test_a_clock_that_is_cancelled_from_the_opening_on_starts_once_it_is_not() -> None:
    target = only(planned(NO_SPAM, updated("11:00", type="question"), ticket=a_ticket(type="spam")))
    assert target.started_at == at("11:00")


def test_a_reopening_while_a_clock_is_cancelled_lets_it_run_on_later() -> None:
    own = rule("resolution", cancels_when=[SPAM])
    marked, cleared = updated("10:00", type="spam"), updated("12:00", type="question")
    target = only(planned(own, resolved("09:30"), marked, reopened("11:00"), cleared))
    assert (target.state, target.due_at) == (ClockState.RUNNING, at("12:30"))


MERGED = {"event": "updated", "by": ["system"]}


def test_an_event_that_cancels_a_clock_ends_it_until_the_next_start() -> None:
    """What an event of `cancels_on` ends is neither met nor missed, and begins anew with the next start alone."""
    own = rule("first_response", starts_on=["customer_replied"], cancels_on=[MERGED])
    merged = updated("10:20", by="system", merged=True)
    gone = cycles(own, customer("10:00"), merged, reopened("10:30"))
    assert [(one.state, one.stopped_at, one.breached_at) for one in gone] == [(ClockState.CANCELLED, at("10:20"), None)]
    first, second = cycles(own, customer("10:00"), merged, customer("11:00"))
    assert (first.state, first.superseded) == (ClockState.CANCELLED, False)
    assert (second.cycle, second.started_at, second.due_at) == (2, at("11:00"), at("12:00"))


def test_a_breach_stays_when_its_clock_is_cancelled() -> None:
    own = rule("first_response", cancels_on=[MERGED])
    made = planned(own, updated("10:20", by="system", merged=True))
    assert (only(made).state, only(made).breached_at) == (ClockState.CANCELLED, at("10:00"))
    assert instance_status(made, at("11:00")) is InstanceStatus.BREACHED


def test_an_instance_with_a_cancelled_clock_is_met_by_the_others_and_cancelled_alone() -> None:
    """A cancelled clock says nothing of its instance: the others do, and an instance that has no other is cancelled."""
    both = planned(REPLIES_ONLY, resolved("09:30"), beside=[promise(minutes=60)])
    assert (both.closed_at, instance_status(both, at("09:30"))) == (at("09:30"), InstanceStatus.MET)
    alone = planned(REPLIES_ONLY, resolved("09:30"))
    assert (alone.closed_at, instance_status(alone, at("09:30"))) == (at("09:30"), InstanceStatus.CANCELLED)
    withdrawn = planned(REPLIES_ONLY, agent("09:10"), cancelled("09:30"), beside=[promise(minutes=60)])
    assert instance_status(withdrawn, at("09:30")) is InstanceStatus.CANCELLED


OURS_ONLY = rule("resolution", pauses_on=["agent_replied"], resumes_on=["customer_replied"])


def test_a_clock_pauses_from_one_event_to_another() -> None:
    """`pauses_on` holds a clock from such an event to one of `resumes_on`, as one cause among the others."""
    held = only(planned(OURS_ONLY, agent("09:20"), agent("09:30")))
    assert (held.state, held.since, held.due_at) == (ClockState.PAUSED, at("09:20"), None)
    goes = only(planned(OURS_ONLY, agent("09:20"), customer("10:20"), agent("10:30"), customer("11:30")))
    assert (goes.paused_for, goes.due_at) == (2 * HOUR, at("12:00"))
    both = [agent("09:20"), paused("09:40", "vendor"), customer("10:00"), resumed("10:20", "vendor")]
    assert only(planned(OURS_ONLY, *both)).due_at == at("11:00")


def test_a_resume_without_a_cause_ends_it_as_any_pause() -> None:
    assert only(planned(OURS_ONLY, agent("09:20"), resumed("09:50"))).due_at == at("10:30")


def test_a_pause_by_events_is_limited_by_the_policy_too() -> None:
    """Under a limit of an hour a pause from 09:20 ends at 10:20, whatever the agent writes after that."""
    limit: dict[str, Any] = {"pauses_at_most": {"*": HOUR}}
    goes = planned(OURS_ONLY, agent("09:20"), **limit)
    assert (only(goes).resumes_at, only(goes).due_at) == (at("10:20"), at("11:00"))
    assert [(one.cause, one.at) for one in goes.long_pauses] == [(OURS_ONLY.triggers.cause, at("10:20"))]
    assert only(planned(OURS_ONLY, agent("09:20"), agent("10:30"), **limit)).due_at == at("11:00")
    again = planned(OURS_ONLY, agent("09:20"), customer("10:30"), agent("10:40"), **limit)
    assert (only(again).state, only(again).resumes_at, only(again).due_at) == (
        *(ClockState.PAUSED, at("11:40")),
        at("12:00"),
    )
    short = planned(OURS_ONLY, agent("09:20"), customer("10:20"), **limit)
    assert (only(short).due_at, short.long_pauses) == (at("11:00"), ())
    assert planned(OURS_ONLY, agent("09:20"), resumed("09:50"), **limit).long_pauses == ()
    assert planned(OURS_ONLY, agent("09:20"), resolved("09:50"), **limit).long_pauses == ()


def test_a_clock_of_ones_own_by_events_follows_reopenings_and_begins_with_them_where_it_says_so() -> None:
    own = rule("callback", starts_on=["customer_replied"])
    events = customer("09:30"), resolved("09:50"), reopened("12:00")
    assert only(planned(own, *events)).due_at == at("12:40")
    assert len(cycles(own, *events, on_reopen="new_cycle")) == 2
    assert only(planned(own, *events, updated("12:10", x=1), on_reopen="ignore")).stopped_at == at("09:50")
    after = rule("aftercare", starts_on=["reopened"])
    assert times(cycles(after, *events, resolved("13:00"), reopened("14:00"))) == [
        (at("12:00"), at("13:00")),
        (at("14:00"), None),
    ]


def test_what_was_stopped_before_the_closing_stays_stopped_when_it_is_reopened() -> None:
    own = rule("callback", starts_on=["customer_replied"], stops_on=["agent_replied", "resolved"])
    (stopped,) = cycles(own, customer("09:30"), agent("09:40"), resolved("09:50"), reopened("12:00"))
    assert stopped.stopped_at == at("09:40")


def test_the_end_that_a_pause_comes_to_by_itself_is_no_event_of_a_clock() -> None:
    own = rule("callback", starts_on=["resumed"])
    ends = Event(EventKind.PAUSED, "p", at("09:30"), at("09:30"), cause="x")
    told = Event.from_json({**ends.to_json(), "until": "2026-03-02T10:00:00Z"})
    assert only(planned(own, told)).state is ClockState.WAITING
    assert only(planned(own, told, resumed("09:40"))).started_at == at("09:40")


def test_each_team_has_its_own_clock_by_events() -> None:
    own = rule("first_response", starts_on=["customer_replied"], stops_on=["agent_replied", "resolved"])
    snapshot = a_snapshot(own, calendar=ALWAYS, ticket=an_owned_ticket("network"))
    events = [customer("09:30"), agent("09:40"), assigned("billing", "10:00"), agent("10:20")]
    targets = plan(snapshot, [opened("09:00"), *events]).targets
    assert times(targets) == [(at("09:30"), at("09:40")), (at("10:00"), at("10:20"))]


GOLD = Condition("plan", "eq", "gold")


def under_gold(before: TargetRule, after: TargetRule, *events: Event, mode: OnChange = OnChange.RETARGET) -> Plan:
    standard = a_policy(before, id="sla_standard", on_change=mode)
    gold = a_policy(after, id="sla_gold", conditions=(GOLD,))
    made = Catalog("default", (gold, standard), {}).snapshot(a_ticket(), "t")
    assert made is not None
    return plan(made, [opened("09:00"), *events])


@pytest.mark.parametrize("mode", [OnChange.RETARGET, OnChange.RESTART])
def test_a_clock_that_waits_starts_with_a_change_where_the_new_rules_ask_for_it(mode: OnChange) -> None:
    """A clock that waits starts with the change if what happened before asks for it under the rules that come."""
    plain = rule("first_response")
    target = only(under_gold(FROM_MESSAGE, plain, updated("09:40", plan="gold"), mode=mode))
    assert (target.started_at, target.due_at) == (at("09:40"), at("10:40"))
    going = under_gold(plain, FROM_MESSAGE, updated("09:40", plan="gold"), mode=mode).targets[-1]
    assert going.state is ClockState.RUNNING


def test_what_a_bot_answered_under_one_policy_no_later_one_asks_again() -> None:
    anybody = rule("next_response", stops_on=[{"event": "agent_replied", "by": ["agent", "bot"]}, "resolved"])
    talk = customer("09:30"), agent("09:31", by="bot"), updated("10:00", plan="gold")
    assert times(under_gold(anybody, rule("next_response"), *talk).targets) == [(at("09:30"), at("09:31"))]


@pytest.mark.parametrize("type_", CLOCKS)
def test_a_built_in_clock_spelled_out_is_the_same(type_: str) -> None:
    """The built-in clocks are spelled in the words in which a target may say it."""
    built_in = CLOCKS[type_]
    lists = ("starts_on", "stops_on", *(["renews_on"] if built_in.renews_on else []))
    spelled = rule(type_, **{name: [one.to_json() for one in getattr(built_in, name)] for name in lists})
    events = [customer("09:10"), agent("09:20", by="bot"), agent("09:40"), customer("09:50"), acknowledged("10:30")]
    events += [resolved("11:00"), reopened("12:00"), agent("12:30"), cancelled("13:00"), reopened("14:00")]
    for count in range(len(events)):
        assert cycles(spelled, *events[:count]) == cycles(rule(type_), *events[:count])


def test_a_target_reads_back_as_it_was_written() -> None:
    given = {
        "starts_on": ["customer_replied", {"event": "updated", "by": ["agent", "system"]}],
        "stops_on": [{"event": "agent_replied", "by": ["agent", "bot"]}],
        "cancels_on": ["assigned"],
        "renews_on": ["acknowledged"],
        "pauses_on": ["paused"],
        "resumes_on": ["resumed"],
        "cancels_when": [SPAM],
    }
    own = rule("callback", **given)
    assert {name: own.to_json()[name] for name in given} == given
    assert TargetRule.from_json(own.to_json()) == own
    assert CUSTOM.recurs


@pytest.mark.parametrize(
    ("given", "field", "reason"),
    [
        ({"starts_on": ["answered"]}, "starts_on[0]", "must be one of opened, acknowledged"),
        ({"starts_on": ["resolved"]}, "starts_on[0]", "must be one of opened, acknowledged"),
        ({"stops_on": ["opened"]}, "stops_on[0]", "must be one of acknowledged"),
        ({"stops_on": ["cancelled"]}, "stops_on[0]", "must be one of acknowledged"),
        ({"stops_on": "agent_replied"}, "stops_on", "must be a list"),
        ({"stops_on": [5]}, "stops_on[0]", "must be the name of an event or an object"),
        ({"stops_on": [{"by": ["agent"]}]}, "stops_on[0].event", "must be the name of an event"),
        ({"stops_on": [{"event": "resolved", "by": []}]}, "stops_on[0].by", "must hold at least one of customer"),
        ({"stops_on": [{"event": "resolved", "by": ["robot"]}]}, "stops_on[0].by[0]", "must be one of customer, agent"),
        ({"stops_on": [{"event": "resolved", "who": "x"}]}, "stops_on[0].who", "is not known here"),
        ({"stops_on": ["resolved", "resolved"]}, "stops_on[1]", "is named already"),
        ({"starts_on": []}, "starts_on", "it could never start"),
        ({"stops_on": []}, "stops_on", "it could never stop"),
        ({"starts_on": ["agent_replied"]}, "starts_on", "must not hold agent_replied, which is in stops_on"),
        ({"starts_on": ["assigned"], "stops_on": ["assigned"]}, "stops_on", "which starts it (starts_on)"),
        ({"cancels_on": ["acknowledged"]}, "cancels_on", "which stops it (stops_on)"),
        ({"renews_on": ["assigned"]}, "renews_on", "is not for first_response, which does not begin again"),
        ({"pauses_on": ["assigned"]}, "pauses_on", "needs resumes_on"),
        ({"pauses_on": ["assigned"], "resumes_on": ["assigned"]}, "resumes_on", "which pauses it (pauses_on)"),
        ({"pausable": False, "pauses_on": ["assigned"], "resumes_on": ["updated"]}, "pauses_on", "is not pausable"),
        ({"starts_when": [SPAM], "stops_when": [SPAM]}, "stops_when", "must differ from starts_when"),
        ({"starts_when": [SPAM], "cancels_when": [SPAM]}, "cancels_when", "must differ from starts_when"),
    ],
)  # fmt: skip
def test_a_clock_that_cannot_be_or_contradicts_itself_is_refused(given: Any, field: str, reason: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        rule("first_response", **given)
    assert refused.value.field == f"target.{field}"
    assert reason in refused.value.message


def test_a_clock_that_begins_with_reopenings_has_no_option_for_them() -> None:
    with pytest.raises(InvalidValue) as refused:
        rule("callback", starts_on=["reopened"], on_reopen="restart")
    assert refused.value.field == "target.on_reopen"


def test_a_later_policy_sees_no_start_of_before_that_a_restart_left_out() -> None:
    standard = a_policy(promise(), id="sla_standard", on_change=OnChange.RESTART)
    own = rule("callback", starts_on=["customer_replied"])
    gold = a_policy(own, id="sla_gold", conditions=(GOLD,))
    made = Catalog("default", (gold, standard), {}).snapshot(a_ticket(), "t")
    assert made is not None
    target = plan(made, [opened("09:00"), customer("09:10"), updated("10:00", plan="gold")]).targets[-1]
    assert (target.type, target.state) == ("callback", ClockState.WAITING)
