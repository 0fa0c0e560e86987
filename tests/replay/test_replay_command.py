"""`sla replay` from the file to the verdict, through real workflows on a real test server."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import cli.replay.shifting
from cli.main import app
from cli.replay import server
from cli.replay.schedule import LEAD, Case, Disorder
from domain.instants import DAY, SECOND, Instant, Micros
from domain.plan.planning import plan
from domain.plan.plans import Plan
from domain.policy.snapshot import Snapshot
from domain.record.ledger import Ledger, reconcile
from domain.ticket.events import Event, EventKind
from sources.tickets import LoggedTicket
from tests.support.builders import ALWAYS, a_snapshot, opened, paused, resolved, resumed

from . import logs

AGREED = "every verdict, due instant and milestone is the plan's"


def sla(arguments: list[str]) -> Result:
    return CliRunner().invoke(app, arguments)


def cells(output: str, target: str) -> list[str]:
    line = next(line for line in output.splitlines() if target in line)
    return [cell.strip() for cell in line.replace("│", "|").strip("|").split("|")]


def test_a_log_with_every_quirk_runs_as_planned(tmp_path: Path) -> None:
    result = sla(logs.write(tmp_path, logs.QUIRKS))
    assert result.exit_code == 0, result.output
    assert AGREED in result.output
    assert "3 incomplete rows or tickets skipped" in result.output
    assert "line 3" not in result.output.splitlines()[0]
    # priority, target, count, met, breached, open, rate
    assert cells(result.output, "first_response")[1:7] == ["first_response", "8", "7", "1", "0", "87.5%"]
    assert cells(result.output, "resolution")[1:7] == ["resolution", "8", "6", "2", "0", "75.0%"]


@pytest.mark.parametrize("seed", ["1", "2"])
def test_a_log_whose_events_arrive_late_and_twice_ends_in_the_same_verdicts(tmp_path: Path, seed: str) -> None:
    in_order = sla(logs.write(tmp_path, logs.QUIRKS))
    command = [*logs.write(tmp_path, logs.QUIRKS), "--shuffle-days", "2", "--double", "0.5", "--seed", seed]
    result = sla(command)
    assert result.exit_code == 0, result.output
    assert "that of the events in order" in result.output
    for target in ("first_response", "resolution"):
        assert cells(result.output, target)[:7] == cells(in_order.output, target)[:7]


def test_disorder_is_the_same_for_the_same_seed_and_late_only() -> None:
    snapshot = a_snapshot(calendar=ALWAYS)
    events = (opened("09:00"), paused("10:00"), resumed("11:00"), resolved("12:00"))
    case = Case(LoggedTicket(snapshot.ticket, events), snapshot, plan(snapshot, events))
    disorder = Disorder(Micros(2 * DAY), 1.0, seed=7)
    arrivals = list(disorder.arrivals(case))
    assert arrivals == list(disorder.arrivals(case))
    assert len(arrivals) == 1 + 2 * 3
    assert all(0 <= arrival.at + LEAD - arrival.event.occurred_at <= 2 * DAY for arrival in arrivals)
    assert [arrival.event for arrival in sorted(arrivals, key=lambda one: one.at)] != [one.event for one in arrivals]
    assert arrivals != list(replace(disorder, seed=8).arrivals(case))


def test_events_exactly_on_a_milestone_come_before_it(tmp_path: Path) -> None:
    result = sla(logs.write(tmp_path, logs.ON_THE_MILESTONE))
    assert result.exit_code == 0, result.output
    # Halfway and at risk of both targets; neither breach, for both were kept at their due instants.
    assert "fired 4 milestones" in result.output


def test_a_calendar_gives_its_hours_and_its_zone(tmp_path: Path) -> None:
    calendar = tmp_path / "hours.yaml"
    calendar.write_text('timezone: Asia/Tokyo\nweekly_hours: {tue: [["09:00", "10:00"]], wed: [["09:00", "10:00"]]}\n')
    rows = (logs.row("INC1", "New", "08:00"), logs.row("INC1", "Resolved", "02-03-2016 09:30"))
    result = sla([*logs.write(tmp_path, rows), "--calendar", str(calendar)])
    assert result.exit_code == 0, result.output
    # 09:00-10:00 on Tuesday, 09:00-09:30 on Wednesday, wall clock of Tokyo.
    assert cells(result.output, "resolution")[-1] == "1 h 30 min"


def test_a_workflow_that_differs_from_the_plan_is_listed_and_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deaf_to_pauses(snapshot: Snapshot, events: Iterable[Event]) -> Plan:
        return plan(snapshot, [event for event in events if event.kind is not EventKind.PAUSED])

    monkeypatch.setattr(cli.replay.shifting, "plan", deaf_to_pauses)
    result = sla(logs.write(tmp_path, (*logs.SHARED_MINUTES, *logs.NO_CREATION_ROW)))
    assert result.exit_code == 1, result.output
    assert AGREED not in result.output
    assert "inst_sla_incident_INC1 status: plan met, workflow breached" in result.output
    assert "inst_sla_incident_INC1 resolution/1: met: plan True, workflow False" in result.output
    assert "resolution/1/breached: fired for: plan None, workflow 2016-03-01T12:00:00Z" in result.output
    assert "INC5" not in result.output


def test_a_milestone_that_fires_late_is_listed_and_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(plan_: Plan, ledger: Ledger, now: Instant) -> Ledger:
        return tuple(
            replace(firing, fired_at=Instant(firing.fired_at + 2 * SECOND)) for firing in reconcile(plan_, ledger, now)
        )

    monkeypatch.setattr("workflows.state.instance_state.reconcile", slow)
    result = sla(logs.write(tmp_path, logs.ON_THE_MILESTONE))
    assert result.exit_code == 1, result.output
    assert "resolution/1/halfway: fired: plan within a second of 2016-03-01T10:00:00Z" in result.output


def test_a_bad_row_is_refused_before_anything_runs(tmp_path: Path) -> None:
    result = sla(logs.write(tmp_path, (logs.row("INC1", "Asleep", "08:00"),)))
    assert result.exit_code == 2
    assert "line 2, column incident_state" in result.stderr
    assert "'Asleep'" in result.stderr


def test_a_log_of_an_unknown_ticket_system_is_refused_with_those_that_are_known(tmp_path: Path) -> None:
    command = logs.write(tmp_path, logs.QUIRKS)
    result = sla([*command, "--format", "paper"])
    assert result.exit_code == 2
    assert "format: must be one of servicenow, got 'paper'" in result.stderr


def test_a_bad_policy_is_refused_by_its_place_in_the_file(tmp_path: Path) -> None:
    policies = "policies: [{name: P, targets: [{type: first_response, hours: -1}]}]"
    result = sla(logs.write(tmp_path, logs.NEVER_RESOLVED, policies))
    assert result.exit_code == 2
    assert "policies[1].targets[0].hours" in result.stderr


def test_business_hours_that_nobody_gave_are_refused(tmp_path: Path) -> None:
    policies = "policies: [{name: P, business_hours_id: bh_other, targets: [{type: resolution, hours: 1}]}]"
    result = sla(logs.write(tmp_path, logs.NEVER_RESOLVED, policies))
    assert result.exit_code == 2
    assert "'bh_other'" in result.stderr


def test_policies_that_fit_no_ticket_are_refused(tmp_path: Path) -> None:
    policies = "policies: [{name: P, targets: [{type: resolution, priority: none such, hours: 1}]}]"
    result = sla(logs.write(tmp_path, logs.NEVER_RESOLVED, policies))
    assert result.exit_code == 2
    assert "promise nothing" in result.stderr


def test_a_missing_test_server_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "PROGRAM", "no-such-test-server")
    result = sla(logs.write(tmp_path, logs.NEVER_RESOLVED))
    assert result.exit_code == 1
    assert "no-such-test-server is not installed" in str(result.exception)
