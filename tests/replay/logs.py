"""Small ServiceNow logs, row by row."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

from sources.servicenow.log import COLUMNS

POLICIES = """
policies:
  - name: Incidents
    business_hours: true
    targets:
      - {type: first_response, minutes: 60, pausable: false}
      - {type: resolution, hours: 4}
"""
Row = tuple[str, ...]


def row(
    number: str, state: str, updated: str, opened: str = "08:00", priority: str = "2 - High", made: str = "TRUE"
) -> Row:
    """Times are of 1 March 2016, a Tuesday, unless they bear a date."""
    return (number, state, _dated(opened), _dated(updated), priority, made)


def write(folder: Path, rows: Iterable[Row], policies: str = POLICIES) -> list[str]:
    """The arguments of `sla` that replay the rows."""
    log, rules = folder / "log.csv", folder / "policies.yaml"
    with log.open("w", newline="") as file:
        csv.writer(file).writerows([COLUMNS, *rows])
    rules.write_text(policies)
    return ["replay", str(log), "--format", "servicenow", "--policies", str(rules)]


def _dated(time: str) -> str:
    return time if time == "?" or "-" in time or ":" not in time else f"01-03-2016 {time}"


SHARED_MINUTES = (
    row("INC1", "New", "08:00"),
    row("INC1", "Active", "08:00"),
    row("INC1", "Awaiting User Info", "08:00"),
    row("INC1", "Awaiting User Info", "11:00"),
    row("INC1", "Active", "13:00"),
    row("INC1", "Resolved", "13:00"),
    row("INC1", "Closed", "13:00"),
)
# Acknowledged at the due instant of the first response, resolved at that of the resolution: all of it met.
ON_THE_MILESTONE = (
    row("INC2", "New", "08:00"),
    row("INC2", "Active", "09:00"),
    row("INC2", "Resolved", "12:00"),
    row("INC2", "Closed", "12:00"),
)
# Used up to 3 h, closed for a day, then 3 h more: breached one hour before the end.
GOING_BACK = (
    row("INC3", "New", "08:00"),
    row("INC3", "Active", "08:30"),
    row("INC3", "Resolved", "11:00"),
    row("INC3", "Active", "02-03-2016 11:00"),
    row("INC3", "Closed", "02-03-2016 14:00", made="FALSE"),
)
BACK_INTO_WAITING = (
    row("INC4", "Active", "08:10"),
    row("INC4", "Closed", "09:00"),
    row("INC4", "Awaiting Vendor", "10:00"),
    row("INC4", "Awaiting Problem", "20:00"),
    row("INC4", "Resolved", "21:00"),
)
NO_CREATION_ROW = (row("INC5", "Resolved", "08:20"), row("INC5", "Closed", "09:20"))
BEFORE_THE_OPENING = (row("INC6", "Active", "07:50"), row("INC6", "Resolved", "08:30"))
NEVER_RESOLVED = (row("INC7", "New", "12:00", opened="12:00"),)
INCOMPLETE = (
    row("INC8", "New", "08:00"),
    row("INC8", "?", "08:10"),
    row("INC8", "Active", "?"),
    row("INC8", "Closed", "08:20"),
    row("INC9", "New", "08:00", opened="?"),
)
QUIRKS = (
    *SHARED_MINUTES,
    *ON_THE_MILESTONE,
    *GOING_BACK,
    *BACK_INTO_WAITING,
    *NO_CREATION_ROW,
    *BEFORE_THE_OPENING,
    *NEVER_RESOLVED,
    *INCOMPLETE,
)
