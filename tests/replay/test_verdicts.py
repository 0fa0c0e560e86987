"""Each way in which a workflow can differ from its plan is told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from cli.replay import rules, schedule
from cli.replay.compliance import agreement, compliance
from cli.replay.driver import ReplayedCase
from cli.replay.verdicts import differences
from domain.instants import HOUR, SECOND, Instant, Micros, parse
from domain.plan.plans import Plan
from domain.plan.status import instance_status
from domain.record.ledger import Firing, Key
from domain.record.notices import firing_id
from sources.servicenow.log import ServiceNow

from . import logs

END = parse("2016-03-03T00:00:00Z")


def walked(folder: Path, rows: tuple[logs.Row, ...], as_of: Instant = END) -> ReplayedCase:
    """What a workflow without fault would have done."""
    arguments = logs.write(folder, rows)
    log = ServiceNow().read(Path(arguments[1]), ZoneInfo("UTC"))
    case = schedule.cases(log.tickets, rules.load_catalog(Path(arguments[-1]), None), "test")[0]
    facts = case.snapshot.facts
    ledger = tuple(Firing(key, 1, at, Instant(at + 3000)) for key, at in reached(case.expected) if at <= as_of)
    return ReplayedCase(
        case=case,
        execution="running" if case.expected.closed_at is None else "completed",
        status=instance_status(case.expected, as_of).value,
        plan=case.expected,
        ledger=ledger,
        set_aside=0,
        notices={firing_id(facts.organization, facts.instance_id, firing): 1 for firing in ledger},
    )


def reached(plan: Plan) -> Iterator[tuple[Key, Instant]]:
    for target in plan.targets:
        for milestone in target.milestones:
            if milestone.planned_at is not None:
                yield Key.of(target, milestone), milestone.planned_at


@pytest.fixture
def reopened(tmp_path: Path) -> ReplayedCase:
    return walked(tmp_path, logs.GOING_BACK)


def told(outcome: ReplayedCase) -> str:
    return "\n".join(f"{one.what}: {one.expected} / {one.found}" for one in differences(outcome, END))


def test_a_faultless_walk_has_no_differences(reopened: ReplayedCase) -> None:
    assert len(reopened.ledger) == 3
    assert told(reopened) == ""


def test_an_open_ticket_is_judged_as_of_the_end_of_the_log(tmp_path: Path) -> None:
    end = parse("2016-03-01T13:00:00Z")
    outcome = walked(tmp_path, logs.NEVER_RESOLVED, end)
    assert [firing.key.milestone for firing in outcome.ledger] == ["halfway", "at_risk", "breached"]
    assert differences(outcome, end) == []
    assert "resolution/1/halfway: fired: 2016-03-01T14:00:00Z / None" in told(outcome)


def test_a_workflow_that_failed_or_stayed_open_is_told(reopened: ReplayedCase) -> None:
    assert told(replace(reopened, execution="running")) == "workflow: completed / running"


def test_a_signal_set_aside_is_told(reopened: ReplayedCase) -> None:
    assert told(replace(reopened, set_aside=1)) == "signals set aside: 0 / 1"


def test_another_status_is_told(reopened: ReplayedCase) -> None:
    assert told(replace(reopened, status="met")) == "status: breached / met"


def test_another_due_instant_is_told(reopened: ReplayedCase) -> None:
    targets = list(reopened.plan.targets)
    due = targets[1].due_at
    assert due is not None
    targets[1] = replace(targets[1], due_at=Instant(due + HOUR))
    found = told(replace(reopened, plan=replace(reopened.plan, targets=tuple(targets))))
    assert found == "resolution/1: due: 2016-03-02T12:00:00Z / 2016-03-02T13:00:00Z"


def test_used_time_that_differs_is_told(reopened: ReplayedCase) -> None:
    targets = list(reopened.plan.targets)
    targets[1] = replace(targets[1], used=Micros(targets[1].used + 1))
    assert "resolution/1: plan" in told(replace(reopened, plan=replace(reopened.plan, targets=tuple(targets))))


def test_a_missing_target_is_told(reopened: ReplayedCase) -> None:
    found = told(replace(reopened, plan=replace(reopened.plan, targets=reopened.plan.targets[:1])))
    assert found == "targets: ['first_response/1', 'resolution/1'] / ['first_response/1']"


def test_a_milestone_that_never_fired_and_its_stray_notice_are_told(reopened: ReplayedCase) -> None:
    found = told(replace(reopened, ledger=reopened.ledger[:-1]))
    assert "resolution/1/breached: fired: 2016-03-02T12:00:00Z / None" in found
    assert "notice resolution/1/breached/1: arrivals: 0 / 1" in found


@pytest.mark.parametrize("late", [-1, SECOND + 1])
def test_a_milestone_that_fired_early_or_more_than_a_second_late_is_told(reopened: ReplayedCase, late: int) -> None:
    first = reopened.ledger[0]
    shifted = replace(first, fired_at=Instant(first.planned_at + late))
    assert "fired: within a second of" in told(replace(reopened, ledger=(shifted, *reopened.ledger[1:])))


def test_a_milestone_fired_for_another_instant_is_told(reopened: ReplayedCase) -> None:
    first = reopened.ledger[0]
    moved = replace(first, planned_at=Instant(first.planned_at + HOUR), fired_at=Instant(first.fired_at + HOUR))
    assert "fired for:" in told(replace(reopened, ledger=(moved, *reopened.ledger[1:])))


def test_a_withdrawn_milestone_is_told(reopened: ReplayedCase) -> None:
    withdrawn = replace(reopened.ledger[0], withdrawn_at=END)
    assert f"{withdrawn.key}: withdrawn" in told(replace(reopened, ledger=(withdrawn, *reopened.ledger[1:])))


@pytest.mark.parametrize("arrivals", [0, 2])
def test_a_notice_that_arrived_never_or_twice_is_told(reopened: ReplayedCase, arrivals: int) -> None:
    first = next(iter(reopened.notices))
    assert "arrivals: 1 /" in told(replace(reopened, notices={**reopened.notices, first: arrivals}))


def test_compliance_counts_each_verdict_and_the_median_of_closed_clocks(tmp_path: Path, reopened: ReplayedCase) -> None:
    kept, open_ = walked(tmp_path, logs.ON_THE_MILESTONE), walked(tmp_path, logs.NEVER_RESOLVED)
    end = parse("2016-03-01T12:30:00Z")
    response, resolution = compliance((reopened, kept, open_), end)
    assert (response.met, response.breached, response.open, response.rate) == (2, 0, 1, 1.0)
    assert (resolution.target, resolution.count, resolution.elapsed) == ("resolution", 3, Micros(5 * HOUR))


def test_agreement_compares_with_the_verdict_in_the_log(tmp_path: Path, reopened: ReplayedCase) -> None:
    kept = walked(tmp_path, logs.ON_THE_MILESTONE)
    wrong = replace(kept, case=replace(kept.case, logged=replace(kept.case.logged, made_sla=False)))
    silent = replace(kept, case=replace(kept.case, logged=replace(kept.case.logged, made_sla=None)))
    found = agreement((reopened, kept, wrong, silent), END)
    assert (found.agreed, found.compared) == (2, 3)
