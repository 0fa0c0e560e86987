"""What an excuse covers, and what it leaves as it is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from domain.errors import InvalidValue
from domain.explaining import RecordedHistory, explain
from domain.explaining.text import explanation_text
from domain.explaining.view import explanation_view
from domain.plan.excuses import require_known_targets
from domain.plan.planning import plan
from domain.plan.plans import Plan, TargetPlan
from domain.plan.status import InstanceStatus, instance_status, is_excused
from domain.policy.clocks.clocks import OnReopen
from domain.policy.policies import OnChange
from domain.policy.snapshot import Alternative
from domain.record.ledger import merge, reconcile
from domain.record.notices import notice
from domain.record.views import instance_view
from domain.ticket.events import Event, EventKind
from domain.ticket.excuses import Covers, ExcuseScope
from tests.support.builders import (
    a_snapshot,
    acknowledged,
    an_owned_ticket,
    assigned,
    at,
    event,
    excuse_undone,
    excused,
    only,
    opened,
    paused,
    promise,
    reopened,
    resolution,
    resolved,
    resumed,
    two_clocks,
    updated,
)

RESULT = Covers.RESULT


def reason(target: TargetPlan) -> str | None:
    return None if target.excuse is None else target.excuse.reason


def covered(planned: Plan, clock: str) -> list[int]:
    return [one.cycle for one in planned.targets if one.clock_name == clock and one.excuse is not None]


def test_an_excused_breach_stays_a_breach_and_says_who_excused_it_and_why() -> None:
    """An excused breach stays one, in the status and in the record, and counts in no rate."""
    planned = two_clocks(opened("09:00"), resolved("09:40"), excused("first_response", "12:00"), response=30)
    response, resolve = planned.targets
    assert (response.breached_at, reason(response), reason(resolve)) == (at("09:30"), "storm", None)
    assert instance_status(planned, at("13:00")) is InstanceStatus.BREACHED
    view = instance_view(a_snapshot(), planned, (), at("13:00"))
    told = {
        "event_id": "excuse first_response 12:00",
        "at": "2026-03-02T12:00:00Z",
        "covers": "breach",
        "reason": "storm",
        "actor": "ada",
    }
    assert (view["status"], view["excused"]) == ("breached", True)
    assert view["excuse"] == {"target": "first_response", "cycle": 1, **told}
    assert view["targets"]["first_response"]["met"] is False
    assert view["targets"]["first_response"]["excuse"] == told
    assert "excused" not in view["targets"]["resolution"]


@pytest.mark.parametrize(("given", "covers"), [("09:59:59", False), ("10:00", True), ("tue 10:00", True)])
def test_an_excuse_of_a_breach_covers_one_that_had_happened_by_then(given: str, covers: bool) -> None:
    """An excuse of a breach covers one that had happened by then, and none that comes later."""
    assert (resolution(opened("09:00"), excused("resolution", given)).excuse is not None) is covers


def test_an_excused_result_is_excused_whatever_it_comes_to() -> None:
    """An excuse of the whole result covers whatever the cycle comes to, met, missed or cancelled."""
    waived = opened("09:00"), excused("resolution", "09:10", covers=RESULT)
    assert [resolution(*waived, *more).breached_at for more in ((), (resolved("09:30"),))] == [at("10:00"), None]
    assert all(resolution(*waived, *more).excuse is not None for more in ((), (resolved("09:30"),)))


def test_an_excuse_that_names_no_cycle_covers_each_that_had_begun() -> None:
    """An excuse covers the cycle it names, else each that had begun by then, and none that begins later."""
    snapshot = a_snapshot(promise(minutes=60), on_reopen=OnReopen.NEW_CYCLE)
    story = opened("09:00"), resolved("10:30"), reopened("11:00"), resolved("12:30"), reopened("14:00")

    def cycles(*said: Event) -> list[int]:
        return covered(plan(snapshot, [*story, *said]), "resolution")

    assert cycles(excused("resolution", "13:00")) == [1, 2]
    assert cycles(excused("resolution", "11:30")) == [1]
    assert cycles(excused("resolution", "11:30", covers=RESULT)) == [1, 2]
    assert cycles(excused("resolution", "13:00", cycle=2)) == [2]
    assert cycles(excused("resolution", "13:00", cycle=3, covers=RESULT)) == []
    assert cycles(excused("resolution", "13:00"), excuse_undone("resolution", "13:10", cycle=1)) == [2]


def test_an_excuse_that_is_undone_counts_no_more_and_may_be_given_again() -> None:
    """Undoing takes back every excuse that was given before it, by when they happened."""
    story = opened("09:00"), excused("resolution", "11:00")
    undone = excuse_undone("resolution", "12:00")
    assert resolution(*story, undone).excuse is None
    assert resolution(opened("09:00"), undone, excused("resolution", "11:00", received="15:00")).excuse is None
    assert reason(resolution(*story, undone, excused("resolution", "13:00"))) == "storm"
    assert resolution(*story, excuse_undone("resolution", "11:00")).excuse is None
    assert resolution(*story, excuse_undone("resolution", "10:59")).excuse is not None


def test_the_excuse_that_was_given_last_is_the_one_in_force() -> None:
    first, second = excused("resolution", "11:00"), replace(excused("resolution", "12:00"), reason="strike")
    for events in ((first, second), (second, first)):
        assert reason(resolution(opened("09:00"), *events)) == "strike"


def test_a_late_event_that_moves_the_breach_behind_the_excuse_takes_it_from_under_it() -> None:
    """Of a breach that a late event moves behind the excuse nothing is excused: it is another breach."""
    told = opened("09:00"), excused("resolution", "11:00")
    assert resolution(*told).excuse is not None
    late = paused("09:30", received="15:00"), resumed("10:15", received="15:00")
    still = resolution(*told, *late)
    assert (still.breached_at, still.excuse is not None) == (at("10:45"), True)
    later = paused("09:30", received="15:00"), resumed("12:00", received="15:00")
    moved = resolution(*told, *later)
    assert (moved.breached_at, moved.excuse) == (at("12:30"), None)
    whole = two_clocks(*told, excused("first_response", "11:00"), *later, response=20, resolution=60)
    assert [is_excused(whole, at(now)) for now in ("12:29:59", "12:30")] == [True, False]


def test_an_excuse_after_the_closing_and_one_dated_before_the_opening_are_taken() -> None:
    closed = opened("09:00"), resolved("10:30")
    assert reason(resolution(*closed, excused("resolution", "fri 09:00"))) == "storm"
    assert reason(resolution(*closed, excused("resolution", "08:00", covers=RESULT))) == "storm"
    assert resolution(*closed, excused("resolution", "fri 09:00")).stopped_at == at("10:30")


def test_an_instance_is_excused_once_every_breach_of_it_is() -> None:
    """An instance is excused once something of it is, and every breach that there is by now."""
    events = opened("09:00"), excused("first_response", "09:45")
    half = two_clocks(*events, response=30, resolution=120)
    assert [is_excused(half, at(now)) for now in ("10:59:59", "11:00")] == [True, False]
    whole = two_clocks(*events, excused("resolution", "11:30"), response=30, resolution=120)
    assert is_excused(whole, at("12:00"))
    assert not is_excused(two_clocks(opened("09:00")), at("09:10"))


def test_of_an_ola_the_clocks_of_every_stint_are_excused_or_those_of_one() -> None:
    snapshot = a_snapshot(promise(minutes=60), ticket=an_owned_ticket("network"))
    story = opened("09:00", event_id="o"), assigned("billing", "10:30")
    first = "resolution/o"
    both = plan(snapshot, [*story, excused("resolution", "12:00")])
    one = plan(snapshot, [*story, excused(first, "12:00")])
    assert [target.excuse is not None for target in both.targets] == [True, True]
    assert [target.excuse is not None for target in one.targets] == [True, False]


def test_only_targets_that_the_ticket_has_or_may_come_to_are_excused() -> None:
    """A target that the ticket neither has nor may come to cannot be excused; the refusal names those that can."""
    snapshot = a_snapshot(promise(minutes=60))
    gold = snapshot.own
    may_change = replace(
        a_snapshot(promise(minutes=60), on_change=OnChange.RETARGET),
        alternatives=(gold, Alternative(a_snapshot(promise("first_response")).policy, gold.calendar)),
    )
    planned = plan(snapshot, [opened("09:00")])
    unknown = excused("first_response", "10:00")
    with pytest.raises(InvalidValue, match="target: must be one of resolution, got 'first_response'"):
        require_known_targets(snapshot, planned, [unknown])
    require_known_targets(may_change, planned, [unknown])
    require_known_targets(snapshot, planned, [excuse_undone("resolution", "10:00"), excused("resolution/o", "10:00")])


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"reason": " "}, "reason: must be given"),
        ({"actor": ""}, "actor: must be given"),
        ({"excuse": None}, "target: must be given with an excuse"),
        ({"excuse": ExcuseScope("resolution", covers=None)}, "covers: must be given with an excuse"),
    ],
)
def test_an_excuse_says_what_it_is_about_who_gave_it_and_why(changes: dict[str, object], problem: str) -> None:
    with pytest.raises(InvalidValue, match=problem):
        replace(excused("resolution", "10:00"), **changes)  # type: ignore[arg-type]
    with pytest.raises(InvalidValue, match="target: must be given with an excuse, and with nothing else"):
        replace(acknowledged("10:00"), excuse=ExcuseScope("resolution"))


def test_an_excuse_reads_back_as_it_was_written() -> None:
    for said in (excused("resolution", "10:00", covers=RESULT, cycle=2), excuse_undone("resolution", "10:00")):
        assert Event.from_json(said.to_json()) == said
    document = excuse_undone("resolution", "10:00").to_json()
    with pytest.raises(InvalidValue, match=r"event\.covers: is for an excuse"):
        Event.from_json({**document, "covers": "breach"})
    for wrong in (0, True, "1"):
        with pytest.raises(InvalidValue, match=r"event\.cycle: must be a whole number from 1 on"):
            Event.from_json({**document, "cycle": wrong})


def test_an_explanation_tells_the_excuse_with_its_clock_and_with_its_event() -> None:
    snapshot = a_snapshot(promise(minutes=60))
    events = opened("09:00"), excused("resolution", "11:00"), excused("resolution", "09:30")
    explained = explain(RecordedHistory(snapshot, events, ()), at("12:00"))
    text = explanation_text(explained)
    assert "resolution: breached, excused" in text
    told = "its breach counts in no rate: storm, by ada Mon 2026-03-02 11:00:00+00:00 (event excuse resolution 11:00)"
    assert told in text
    assert "excused (excuse resolution 09:30), of the breach of resolution, by ada" in text
    assert "reason storm, covers nothing as it stands; received" in text
    view = explanation_view(explained)
    assert (view["excused"], view["targets"][0]["excused"]) == (True, True)
    assert view["targets"][0]["excuse"]["reason"] == "storm"
    assert [one.get("in_force") for one in view["events"]] == [None, False, True]
    assert view["events"][2] | {"target": "resolution", "covers": "breach", "actor": "ada"} == view["events"][2]


def test_no_excuse_is_why_a_notice_was_taken_back() -> None:
    snapshot, breach = a_snapshot(promise(minutes=60)), at("10:05")
    fired = merge((), reconcile(plan(snapshot, [opened("09:00")]), (), breach))
    late = [opened("09:00"), resolved("09:50", received="10:10"), excused("resolution", "09:00", received="10:11")]
    gone = reconcile(plan(snapshot, late), fired, at("10:12"))
    messages = [notice(snapshot.facts, plan(snapshot, late), one, late)["data"]["message"] for one in gone]
    assert messages
    assert all("resolved Mon" in message and "storm" not in message for message in messages)


def test_excuses_leave_a_clock_that_recurs_and_its_milestones_alone() -> None:
    snapshot = a_snapshot(promise("next_response", 30))
    story = opened("09:00"), event(EventKind.CUSTOMER_REPLIED, "09:10"), updated("09:20", plan="gold")
    plain = only(plan(snapshot, story))
    told = only(plan(snapshot, [*story, excused("next_response", "16:00")]))
    assert replace(told, excuse=None) == plain
    assert told.excuse is not None
