"""ServiceNow's audit export: one row for each update of an incident, times `DD-MM-YYYY HH:MM` without a zone.

The shape of the "Incident management process enriched event log" (UCI Machine Learning Repository, 2018).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from io import StringIO
from pathlib import Path
from zoneinfo import ZoneInfo

from domain.errors import InvalidValue
from domain.ids import InstanceId, Kind, SubjectType
from domain.instants import Instant, from_datetime
from domain.ticket.tickets import Ticket
from sources.servicenow.states import KNOWN, events_of
from sources.tickets import LoggedTicket, Skipped, TicketLog

COLUMNS = ("number", "incident_state", "opened_at", "sys_updated_at", "priority", "made_sla")
FIELDS = ("assignment_group", "category", "subcategory", "impact", "urgency", "contact_type", "location")
MISSING = "?"
TIME = "%d-%m-%Y %H:%M"
SHAPE = re.compile(r"\d{2}-\d{2}-\d{4} \d{2}:\d{2}")
TRUTH = {"TRUE": True, "FALSE": False, MISSING: None}


@dataclass(frozen=True, slots=True)
class Row:
    """One update. `opened_at` and `updated_at` are None where the log has `?`."""

    line: int
    number: str
    state: str
    opened_at: Instant | None
    updated_at: Instant | None
    priority: str | None
    made_sla: bool | None
    fields: Mapping[str, str]


class ServiceNow:
    """The audit export of incidents."""

    def read(self, path: Path, zone: ZoneInfo) -> TicketLog:
        """A row without state or time, or an incident without any opening time, is skipped.

        Raises InvalidValue naming line, column and value of any other row that makes no sense, and for a log without a
        complete incident.
        """
        return _read(path, zone)


def _read(path: Path, zone: ZoneInfo) -> TicketLog:
    rows = list(_rows(_text(path), path, zone))
    incidents: dict[str, list[Row]] = {}
    skipped: list[Skipped] = []
    for row in rows:
        if lacking := _lacking(row):
            skipped.append(Skipped(row.line, f"{row.number}: {lacking} is missing"))
        else:
            incidents.setdefault(row.number, []).append(row)
    tickets = []
    for number, updates in incidents.items():
        opened_at = next((row.opened_at for row in updates if row.opened_at is not None), None)
        if opened_at is None:
            skipped.append(Skipped(updates[0].line, f"{number}: opened_at is missing in all its rows"))
        else:
            tickets.append(_ticket(opened_at, updates))
    if not tickets:
        raise InvalidValue(str(path), f"{len(skipped)} incomplete rows", "must hold at least one complete incident")
    return TicketLog(tuple(tickets), tuple(skipped), _end(rows))


def _end(rows: Iterable[Row]) -> Instant:
    return max(at for row in rows for at in (row.opened_at, row.updated_at) if at is not None)


def _ticket(opened_at: Instant, rows: Iterable[Row]) -> LoggedTicket:
    # Rows of one minute keep the order of the file.
    ordered = sorted(rows, key=lambda row: row.updated_at or opened_at)
    first, last = ordered[0], ordered[-1]
    steps = ((row.line, row.state, row.updated_at or opened_at) for row in ordered)
    return LoggedTicket(
        ticket=Ticket(InstanceId(Kind.SLA, SubjectType.INCIDENT, first.number), first.priority, first.fields),
        events=events_of(first.number, opened_at, steps),
        made_sla=last.made_sla,
    )


def _lacking(row: Row) -> str | None:
    if row.state == MISSING:
        return "incident_state"
    return "sys_updated_at" if row.updated_at is None else None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidValue("file", str(path), f"cannot be read ({error})") from None


def _rows(text: str, path: Path, zone: ZoneInfo) -> Iterator[Row]:
    reader = csv.DictReader(StringIO(text, newline=""))
    columns = reader.fieldnames or ()
    if absent := [name for name in COLUMNS if name not in columns]:
        raise InvalidValue(f"{path}: line 1", ",".join(columns), f"must have the column {absent[0]}")
    for cells in reader:
        yield _row(_Line(reader.line_num, cells, zone), f"{path}: line {reader.line_num}")


def _row(line: _Line, place: str) -> Row:
    try:
        return line.row()
    except InvalidValue as error:
        # A table has columns, which are no path of a document's: `under` would join them to the file's name by a dot.
        raise error.named(f"{place}, column {error.field}") from None


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of the table. What it raises names the column alone."""

    number: int
    cells: Mapping[str, str | None]
    zone: ZoneInfo

    def row(self) -> Row:
        return Row(
            line=self.number,
            number=self._subject(),
            state=self._choice("incident_state", KNOWN),
            opened_at=self._time("opened_at"),
            updated_at=self._time("sys_updated_at"),
            priority=self._given("priority"),
            made_sla=TRUTH[self._choice("made_sla", TRUTH)],
            fields={name: value for name in FIELDS if self.cells.get(name) and (value := self._given(name))},
        )

    def _text(self, column: str) -> str:
        value = self.cells[column]
        if value is None or not value.strip():
            raise InvalidValue(column, value, f"must not be empty; a missing value is written {MISSING}")
        return value.strip()

    def _subject(self) -> str:
        number = self._text("number")
        if number == MISSING:
            raise InvalidValue("number", number, "must name the incident")
        return number

    def _given(self, column: str) -> str | None:
        text = self._text(column)
        return None if text == MISSING else text

    def _choice(self, column: str, known: Iterable[str]) -> str:
        text = self._text(column)
        if text not in known and text != MISSING:
            raise InvalidValue(column, text, f"must be one of {', '.join(known)}")
        return text

    def _time(self, column: str) -> Instant | None:
        """Of two instants with the same wall clock reading the earlier one."""
        text = self._given(column)
        if text is None:
            return None
        try:
            shaped = text if SHAPE.fullmatch(text) else ""
            return from_datetime(datetime.strptime(shaped, TIME).replace(tzinfo=self.zone), column)
        except ValueError:
            raise InvalidValue(column, text, "must be a time like 29-02-2016 06:38") from None
        except InvalidValue as error:
            raise InvalidValue(column, text, error.reason) from None
