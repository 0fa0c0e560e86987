"""A replay for people."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from rich.console import Console
from rich.table import Table

from cli.replay.compliance import Line, agreement, compliance
from cli.replay.driver import ReplayedCase
from cli.replay.verdicts import PROMPT, Difference, lateness
from domain.instants import HOUR, MINUTE, SECOND, Micros
from sources.tickets import TicketLog

MOST_SHOWN = 50


def show_log(console: Console, log: TicketLog, tracked: int) -> None:
    events = sum(len(ticket.events) for ticket in log.tickets)
    console.print(f"{len(log.tickets)} tickets with {events} events in the log, {tracked} under a policy")
    if log.skipped:
        console.print(f"{len(log.skipped)} incomplete rows or tickets skipped:", style="yellow")
        _listed(console, [f"line {skipped.line}: {skipped.reason}" for skipped in log.skipped])


def show_run(console: Console, log: TicketLog, outcomes: Sequence[ReplayedCase], seconds: float) -> None:
    console.print(_table(compliance(outcomes, log.ends_at)))
    verdict = agreement(outcomes, log.ends_at)
    if verdict.compared:
        console.print(f"the log's own made_sla says the same of {verdict.agreed} of {verdict.compared} tickets")
    late = [lateness(firing) for outcome in outcomes for firing in outcome.ledger]
    console.print(f"{len(outcomes)} instances ran in {seconds:.1f} s and fired {len(late)} milestones")
    if late:
        console.print(
            f"lateness on the server's clock: median {_milliseconds(median(late))}, most {_milliseconds(max(late))}"
        )


def show_verdict(console: Console, found: Sequence[Difference], *, in_order: bool = True) -> None:
    if not found and not in_order:
        console.print("every verdict, due instant and milestone is that of the events in order", style="green")
        return
    if not found:
        limit = f"{PROMPT // SECOND} s"
        console.print(
            f"every verdict, due instant and milestone is the plan's, each fired within {limit}", style="green"
        )
        return
    tickets = len({difference.instance_id for difference in found})
    console.print(f"{len(found)} differences between workflows and plans, in {tickets} instances:", style="red")
    _listed(console, [f"{one.instance_id} {one.what}: plan {one.expected}, workflow {one.found}" for one in found])


def _table(lines: Sequence[Line]) -> Table:
    table = Table(title="Compliance", title_justify="left")
    for name in ("priority", "target"):
        table.add_column(name)
    for name in ("count", "met", "breached", "open", "rate", "median elapsed"):
        table.add_column(name, justify="right")
    for line in lines:
        rate = "-" if line.rate is None else f"{line.rate:.1%}"
        counts = (str(count) for count in (line.count, line.met, line.breached, line.open))
        table.add_row(line.priority, line.target, *counts, rate, "-" if line.elapsed is None else _length(line.elapsed))
    return table


def _listed(console: Console, entries: Sequence[str]) -> None:
    for entry in entries[:MOST_SHOWN]:
        console.print(f"  {entry}", markup=False)
    if len(entries) > MOST_SHOWN:
        console.print(f"  and {len(entries) - MOST_SHOWN} more")


def _length(length: Micros) -> str:
    """Hours and minutes; a day of working time has no fixed length."""
    return f"{length // HOUR} h {length % HOUR // MINUTE:02} min"


def _milliseconds(length: float) -> str:
    return f"{length / 1000:.0f} ms"
