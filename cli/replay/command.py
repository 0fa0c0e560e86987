"""`sla replay`: a log of real tickets through real workflows, checked against the plan."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress, TimeElapsedColumn

from cli import console
from cli.replay import driver, report, rules, schedule, verdicts
from cli.replay.driver import ReplayedCase
from cli.replay.schedule import Case, Disorder
from domain.calendar import pin_packaged_tzdata, tzdata_version
from domain.errors import Conflict, InvalidValue
from domain.instants import DAY, Instant, Micros
from domain.policy.catalog import Catalog
from sources.registry import source

FAILED, REFUSED = 1, 2


def replay(  # noqa: PLR0913, PLR0917 - an option of the command each
    file: Annotated[Path, typer.Argument(help="The ticket log.")],
    format: Annotated[str, typer.Option(help="Which ticket system wrote the log: servicenow.")],  # noqa: A002 - the option's name
    policies: Annotated[Path, typer.Option(help="Policies, in YAML.")] = Path("examples/policies.yaml"),
    calendar: Annotated[
        Path | None, typer.Option(help="Business hours, in YAML; without them every hour counts.")
    ] = None,
    shuffle_days: Annotated[float, typer.Option(min=0, max=365, help="Events arrive up to so many days late.")] = 0,
    double: Annotated[float, typer.Option(min=0, max=1, help="The share of events that arrive twice.")] = 0,
    seed: Annotated[int, typer.Option(help="Of chance: the same seed, the same arrivals.")] = 1,
    every: Annotated[int, typer.Option(min=1, help="Only every so many tickets of the log.")] = 1,
) -> None:
    """Run a ticket log through real workflows, and check each verdict and milestone against the plan."""
    disorder = Disorder(Micros(round(shuffle_days * DAY)), double, seed)
    try:
        found = _replay(file, format, policies, calendar, disorder, every)
    except (InvalidValue, Conflict) as error:
        console.complain(error.message)
        raise typer.Exit(REFUSED) from None
    if found:
        raise typer.Exit(FAILED)


def _replay(file: Path, format_: str, policies: Path, calendar: Path | None, disorder: Disorder, every: int) -> int:
    """The number of differences."""
    pin_packaged_tzdata()
    system = source(format_)
    catalog = rules.load_catalog(policies, calendar)
    log = system.read(file, rules.zone(catalog))
    cases = schedule.cases(log.tickets[::every], catalog, tzdata_version())
    report.show_log(console.out, log, len(cases))
    if not cases:
        raise InvalidValue("policies", str(policies), "promise nothing to any ticket of the log")
    began = time.monotonic()
    until = Instant(log.ends_at + disorder.most)
    outcomes = _run(cases, catalog, until, disorder)
    report.show_run(console.out, log, outcomes, time.monotonic() - began)
    found = [
        difference for outcome in outcomes for difference in verdicts.differences(outcome, until, in_order=not disorder)
    ]
    report.show_verdict(console.out, found, in_order=not disorder)
    return len(found)


def _run(cases: Sequence[Case], catalog: Catalog, until: Instant, disorder: Disorder) -> list[ReplayedCase]:
    order = disorder.arrivals if disorder else schedule.in_time_order
    arrivals = [arrival for case in cases for arrival in order(case)]
    with Progress(*Progress.get_default_columns(), TimeElapsedColumn(), console=console.out) as progress:
        task = progress.add_task("replaying", total=len(arrivals))
        replaying = driver.replay(cases, arrivals, catalog, until, lambda count: progress.advance(task, count))
        return asyncio.run(replaying)
