"""Escalation steps in the plan: held until their hours open, repeated, ended by an acknowledgement."""

from dataclasses import replace
from typing import Any

from hypothesis import given

from domain.calendar import Calendar
from domain.instants import Instant
from domain.plan.measured.ladders import acknowledgements
from domain.plan.planning import plan
from domain.plan.plans import Plan, TargetPlan
from domain.plan.walk import TicketWalk
from domain.policy.clocks.clocks import Span
from domain.policy.escalations import EscalationRule
from domain.policy.snapshot import CalendarVersion, Snapshot
from domain.ticket.authors import Role
from domain.ticket.events import Event
from tests.support.builders import (
    ALWAYS,
    a_policy,
    a_ticket,
    acknowledged,
    at,
    moments,
    only,
    opened,
    paused,
    promise,
    reopened,
    resolved,
    resumed,
    updated,
)
from tests.support.strategies import deterministic, histories, tracked_snapshots

DAYTIME = Calendar.from_json(
    {"timezone": "UTC", "weekly_hours": {"mon": [["08:00", "18:00"]], "tue": [["08:00", "18:00"]]}}
)


def step(id_: str, **changes: Any) -> EscalationRule:
    """A step at the breach, unless told otherwise."""
    return EscalationRule.from_json({"id": id_, "trigger": "breached", "actions": [{"type": "notify"}]} | changes)


def before(minutes: int, id_: str, **changes: Any) -> EscalationRule:
    return step(id_, trigger="approaching_breach", threshold_minutes=minutes, **changes)


def snapshot(*steps: EscalationRule, calendar: Calendar = ALWAYS, minutes: int = 60) -> Snapshot:
    policy = a_policy(promise(minutes=minutes), escalations=steps)
    hours = {"day": CalendarVersion(DAYTIME, "day", 1)}
    return Snapshot("default", a_ticket(), policy, CalendarVersion(calendar, "bh_1", 3), "2026a", step_hours=hours)


def resolution(
    *events: Event, steps: tuple[EscalationRule, ...], calendar: Calendar = ALWAYS, minutes: int = 60
) -> TargetPlan:
    """A resolution in one hour around the clock, unless told otherwise."""
    return only(plan(snapshot(*steps, calendar=calendar, minutes=minutes), events))


def spoken(target: TargetPlan) -> dict[str, Instant]:
    """When each step speaks, and each repeat of it: `boss`, `boss 1`, `boss 2`."""
    reached = {name: when for name, when in moments(target).items() if name.startswith("escalation:")}
    return {
        name.removeprefix("escalation:").replace(":repeat:", " "): when
        for name, when in reached.items()
        if when is not None
    }


def held(target: TargetPlan) -> dict[str, Instant]:
    return {one.name: one.held_since for one in target.milestones if one.held_since is not None}


LADDER = (
    before(30, "early"),
    step("at"),
    step("later", delay_minutes=30),
    step("last", delay_minutes=60, despite_acknowledgement=True),
)


def test_a_ladder_has_steps_before_at_and_after_the_breach() -> None:
    target = resolution(opened("09:00"), steps=LADDER)
    assert spoken(target) == {"early": at("09:30"), "at": at("10:00"), "later": at("10:30"), "last": at("11:00")}


def test_a_step_with_repeat_minutes_speaks_again_each_time_so_much_working_time_has_passed() -> None:
    """A step with `repeat_minutes` speaks again each time so much working time has passed since it last spoke."""
    again = (step("boss", repeat_minutes=15, repeat_at_most=3),)
    target = resolution(opened("09:00"), steps=again)
    assert spoken(target) == {"boss": at("10:00"), "boss 1": at("10:15"), "boss 2": at("10:30"), "boss 3": at("10:45")}
    held_up = resolution(opened("09:00"), paused("10:20"), resumed("11:20"), steps=again)
    assert spoken(held_up) == {"boss": at("10:00"), "boss 1": at("10:15"), "boss 2": at("11:30"), "boss 3": at("11:45")}


def test_a_step_repeats_at_most_24_times_unless_told_otherwise() -> None:
    target = resolution(opened("09:00"), steps=(step("boss", repeat_minutes=1),))
    assert len(spoken(target)) == 25
    assert spoken(target)["boss 24"] == at("10:24")


def test_a_stop_of_the_target_ends_what_is_still_to_come() -> None:
    """A stop of the target ends the steps and repeats that are still to come."""
    steps = (step("boss", repeat_minutes=15), step("later", delay_minutes=30))
    target = resolution(opened("09:00"), resolved("10:30"), steps=steps)
    assert spoken(target) == {"boss": at("10:00"), "boss 1": at("10:15")}


def test_an_acknowledgement_after_the_first_step_ends_the_ladder() -> None:
    """An acknowledgement ends the steps and repeats still to come of a ladder that has begun."""
    target = resolution(opened("09:00"), acknowledged("09:45"), steps=LADDER)
    assert spoken(target) == {"early": at("09:30"), "last": at("11:00")}
    steps = (step("boss", repeat_minutes=15),)
    assert spoken(resolution(opened("09:00"), acknowledged("10:20"), steps=steps)) == {
        "boss": at("10:00"),
        "boss 1": at("10:15"),
    }


def test_the_acknowledgement_of_a_bot_ends_nothing() -> None:
    automatic = replace(acknowledged("09:45"), role=Role.BOT)
    assert list(spoken(resolution(opened("09:00"), automatic, steps=LADDER))) == ["early", "at", "later", "last"]


def test_an_acknowledgement_before_the_first_step_ends_nothing() -> None:
    """An acknowledgement before the first step of a ladder, or as that step is reached, ends none of it."""
    for early in ("09:10", "09:30"):
        target = resolution(opened("09:00"), acknowledged(early), steps=LADDER)
        assert list(spoken(target)) == ["early", "at", "later", "last"]
    # What comes at the very instant of a later step comes before it.
    assert "at" not in spoken(resolution(opened("09:00"), acknowledged("10:00"), steps=LADDER))


def test_after_a_reopening_a_ladder_goes_on_until_it_is_acknowledged_again() -> None:
    """A reopening lets a ladder go on that an acknowledgement had ended."""
    told = (opened("09:00"), acknowledged("09:40"), resolved("09:50"), reopened("12:00"))
    assert spoken(resolution(*told, steps=LADDER)) == {
        "early": at("09:30"),
        "at": at("12:10"),
        "later": at("12:40"),
        "last": at("13:10"),
    }
    assert spoken(resolution(*told, acknowledged("12:20"), steps=LADDER)) == {
        "early": at("09:30"),
        "at": at("12:10"),
        "last": at("13:10"),
    }


def test_a_step_reached_outside_its_hours_is_held_until_they_open() -> None:
    """A step that is reached outside its `hours` is held until they open."""
    steps = (step("boss", hours="day"), step("later", delay_minutes=30))
    target = resolution(opened("19:00"), steps=steps)
    assert spoken(target) == {"boss": at("tue 08:00"), "later": at("20:30")}
    assert held(target) == {"escalation:boss": at("20:00")}
    by_day = resolution(opened("09:00"), steps=steps)
    assert (spoken(by_day)["boss"], held(by_day)) == (at("10:00"), {})


def test_a_step_reached_as_its_hours_close_is_held() -> None:
    target = resolution(opened("17:00"), steps=(step("boss", hours="day"),))
    assert (spoken(target), held(target)) == ({"boss": at("tue 08:00")}, {"escalation:boss": at("18:00")})


def test_a_held_step_speaks_once_in_the_morning_and_repeats_from_then_on() -> None:
    """What repeats counts from when it last spoke, so that a night's repeats do not come all at once."""
    steps = (step("boss", hours="day", repeat_minutes=240, repeat_at_most=4),)
    target = resolution(opened("19:00"), steps=steps)
    # 8, 12 and 16 o'clock; 20 o'clock is closed, and Wednesday has no hours until Monday.
    assert spoken(target) == {
        "boss": at("tue 08:00"),
        "boss 1": at("tue 12:00"),
        "boss 2": at("tue 16:00"),
        "boss 3": Instant(at("08:00") + 7 * (at("tue 08:00") - at("08:00"))),
        "boss 4": Instant(at("12:00") + 7 * (at("tue 08:00") - at("08:00"))),
    }
    assert held(target)["escalation:boss:repeat:3"] == at("tue 20:00")


def test_an_acknowledgement_or_a_stop_ends_a_step_while_it_is_held() -> None:
    """A held step is still to come: an acknowledgement or a stop of the target ends it."""
    steps = (step("boss", hours="day"),)
    assert spoken(resolution(opened("19:00"), acknowledged("21:00"), steps=steps)) == {}
    assert spoken(resolution(opened("19:00"), resolved("21:00"), steps=steps)) == {}
    still = resolution(opened("19:00"), acknowledged("19:30"), steps=steps)
    assert spoken(still) == {"boss": at("tue 08:00")}
    again = resolution(opened("19:00"), resolved("21:00"), reopened("tue 07:00"), steps=steps)
    assert spoken(again) == {"boss": at("tue 08:00")}


def test_hours_that_were_not_frozen_hold_no_step() -> None:
    target = resolution(opened("19:00"), steps=(step("boss", hours="gone"),))
    assert spoken(target) == {"boss": at("20:00")}


def test_a_late_acknowledgement_takes_back_the_repeats_after_it() -> None:
    """A late acknowledgement takes back the steps and repeats that had come after it."""
    told = snapshot(step("boss", repeat_minutes=15, repeat_at_most=3))
    late = acknowledged("10:20", received="10:50")
    assert spoken(only(plan(told, [opened("09:00")]))).keys() == {"boss", "boss 1", "boss 2", "boss 3"}
    assert spoken(only(plan(told, [opened("09:00"), late]))).keys() == {"boss", "boss 1"}


def test_the_step_to_scrubbes_contact_is_no_part_of_a_ladder() -> None:
    """An acknowledgement never ends Scrubbe's step to the escalation contact."""
    policy = a_policy(promise(), escalations=(before(30, "early"),), escalation_contact="Tier1")
    told = Snapshot("default", a_ticket(), policy, CalendarVersion(ALWAYS), "2026a")
    target = only(plan(told, [opened("09:00"), acknowledged("09:45")]))
    assert spoken(target) == {"early": at("09:30"), "auto": at("10:00")}


def test_a_plan_with_held_steps_and_repeats_reads_back_the_same() -> None:
    steps = (step("boss", hours="day", repeat_minutes=60), *LADDER)
    planned = plan(snapshot(*steps), [opened("19:00"), updated("19:10", priority="high")])
    document = planned.to_json()
    assert Plan.from_json(document) == planned
    repeats = [one for one in document["targets"][0]["milestones"] if "repeat" in one]
    assert len(repeats) == 24
    assert all("escalation" not in one for one in repeats)


def test_steps_and_their_hours_are_frozen_with_the_snapshot() -> None:
    frozen = snapshot(step("boss", hours="day", repeat_minutes=60, repeat_at_most=5, skip_if_nobody=True))
    assert Snapshot.from_json(frozen.to_json()) == frozen


@deterministic
@given(tracked_snapshots(), histories())
def test_laws_of_a_ladder(told: Snapshot, events: tuple[Event, ...]) -> None:
    """No step speaks outside its hours, before it is reached, while the clock is stopped or after an acknowledgement of
    the ladder; each repeat comes after the one before, and no more often than the step allows."""
    hours, turns = told.calendars_of_steps, TicketWalk.of(told, events).turns
    for one in TicketWalk.of(told, events).cycles:
        steps = [mark for mark in one.target.milestones if mark.escalation is not None and mark.planned_at is not None]
        instants = {mark.name: mark.planned_at for mark in steps}
        begun = min((mark.held_since or mark.planned_at or 0 for mark in steps), default=0)
        for mark in steps:
            rule = EscalationRule.from_json(mark.escalation)
            assert mark.planned_at is not None
            assert rule.hours is None or hours[rule.hours].is_open(mark.planned_at)
            assert mark.held_since is None or mark.held_since < mark.planned_at
            assert mark.repeat <= rule.repeat_at_most
            before = f"{mark.step}:repeat:{mark.repeat - 1}" if mark.repeat > 1 else mark.step
            assert not mark.repeat or (instants[before] or 0) < mark.planned_at
            assert any(_holds(span, mark.planned_at) for span in one.cycle.going)
            if not rule.despite_acknowledgement:
                ends = [span for span in acknowledgements(turns) if span.start > begun]
                assert not any(_holds(span, mark.planned_at) for span in ends)


def _holds(span: Span, instant: int) -> bool:
    return span.start <= instant and (span.end is None or instant < span.end)
