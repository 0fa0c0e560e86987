"""What the newcomer sees: milestones as they arrive, the open tickets below them, and a summary."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import Any

from rich.table import Table
from rich.text import Text

from cli.demo.desk import Desk
from cli.demo.receiver import Receipt
from cli.demo.script import PROMISES
from domain.instants import SECOND, parse

COLORS = {"sla.halfway": "cyan", "sla.at_risk": "yellow", "sla.breached": "red", "sla.withdrawn": "magenta"}
TARGETS = ("first_response", "resolution")


def introduction(count: int, seed: int) -> Text:
    promises = "\n".join(
        f"  {promise.name}: first response within {promise.respond} h, resolved within {promise.resolve} h"
        for promise in PROMISES
    )
    return Text(
        f"A help desk, time compressed: 1 hour = 1 second. Two policies, {count} tickets (seed {seed}):\n"
        f"{promises}\nHalfway (50 %), at risk (75 %) and breached arrive at a webhook receiver in this process:\n"
    )


def arrival(receipt: Receipt, seconds: float) -> Text:
    notice = receipt.notice
    line = Text(f"{_hours(seconds):>6}  ")
    line.append(f"{notice['type'].removeprefix('sla.'):<9}", COLORS.get(notice["type"], "white"))
    ticket, target = notice["data"]["ticket"]["ticket_id"], notice["data"]["target"].replace("_", " ")
    return line.append(f"  {ticket}  {target:<14}  {receipt.lateness / 1000:6.1f} ms late")


def board(desk: Desk) -> Table:
    """The tickets that are still open, with the time left on each target."""
    table = Table(title=f"open tickets after {_hours(desk.seconds)}", title_justify="left")
    for name in ("ticket", "priority", "status", *TARGETS):
        table.add_column(name.replace("_", " "))
    for ticket_id, instance in desk.instances.items():
        if instance["closed_at"] is None:
            left = (_left(instance["targets"][target]) for target in TARGETS)
            table.add_row(ticket_id, instance["priority"], _status(instance), *left)
    return table


def summary(instances: Iterable[Mapping[str, Any]], receipts: Sequence[Receipt]) -> Table:
    counted: Counter[tuple[str, str, bool]] = Counter()
    for instance in instances:
        for target in TARGETS:
            if (met := instance["targets"][target]["met"]) is not None:
                counted[instance["priority"], target, met] += 1
    table = Table(title="Compliance", title_justify="left")
    for name in ("priority", "target", "met", "breached", "rate"):
        table.add_column(name, justify="left" if name in ("priority", "target") else "right")
    for priority, target in sorted({key[:2] for key in counted}):
        kept, broken = counted[priority, target, True], counted[priority, target, False]
        table.add_row(priority, target, str(kept), str(broken), f"{kept / (kept + broken):.0%}")
    late = sorted(receipt.lateness / 1000 for receipt in receipts)
    if late:
        distinct = len({receipt.notice["id"] for receipt in receipts})
        table.caption = (
            f"{len(late)} milestones arrived, {distinct} distinct; median lateness {median(late):.1f} ms, "
            f"most {late[-1]:.1f} ms"
        )
        table.caption_justify = "left"
    return table


def _status(instance: Mapping[str, Any]) -> Text:
    return Text(instance["status"], {"breached": "red", "paused": "blue"}.get(instance["status"], "white"))


def _left(target: Mapping[str, Any]) -> Text:
    if target["stopped_at"] is not None:
        return Text("met" if target["met"] else "breached", "green" if target["met"] else "red")
    if target["due_at"] is None:
        return Text("paused", "blue")
    left = parse(target["due_at"]) / SECOND - time.time()
    return Text(f"{left:.1f} h left", "white") if left > 0 else Text(f"{-left:.1f} h over", "red")


def _hours(seconds: float) -> str:
    return f"{seconds:.1f} h"
