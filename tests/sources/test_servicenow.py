"""What a ServiceNow log says, row by row."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from domain.errors import InvalidValue
from domain.instants import render
from domain.ticket.order import in_order
from sources.servicenow.log import ServiceNow
from sources.tickets import TicketLog
from tests.replay import logs
from tests.replay.logs import Row, row


def read(folder: Path, rows: tuple[Row, ...], zone: str = "UTC") -> TicketLog:
    return ServiceNow().read(Path(logs.write(folder, rows)[1]), ZoneInfo(zone))


def kinds(folder: Path, rows: tuple[Row, ...]) -> list[str]:
    return [f"{event.kind} {event.cause}".strip() for event in in_order(read(folder, rows).tickets[0].events)]


def test_rows_of_one_minute_keep_the_order_of_the_file(tmp_path: Path) -> None:
    assert kinds(tmp_path, logs.SHARED_MINUTES) == [
        "opened",
        "acknowledged",
        "paused Awaiting User Info",
        "resumed Awaiting User Info",
        "resolved",
    ]


def test_going_back_from_resolved_reopens_and_only_the_first_active_acknowledges(tmp_path: Path) -> None:
    assert kinds(tmp_path, logs.GOING_BACK) == ["opened", "acknowledged", "resolved", "reopened", "resolved"]


def test_going_back_into_waiting_reopens_and_pauses_and_another_wait_replaces_the_first(tmp_path: Path) -> None:
    assert kinds(tmp_path, logs.BACK_INTO_WAITING) == [
        "opened",
        "acknowledged",
        "resolved",
        "reopened",
        "paused Awaiting Vendor",
        "resumed Awaiting Vendor",
        "paused Awaiting Problem",
        "resumed Awaiting Problem",
        "resolved",
    ]


def test_a_log_without_the_creation_row_still_opens_the_ticket(tmp_path: Path) -> None:
    assert kinds(tmp_path, logs.NO_CREATION_ROW) == ["opened", "resolved"]


def test_rows_out_of_order_are_taken_by_their_time(tmp_path: Path) -> None:
    rows = (row("INC1", "Resolved", "09:00"), row("INC1", "Active", "08:10"))
    assert kinds(tmp_path, rows) == ["opened", "acknowledged", "resolved"]


def test_priority_and_fields_are_those_of_the_first_row(tmp_path: Path) -> None:
    log = read(
        tmp_path, (row("INC1", "New", "08:00"), row("INC1", "Closed", "09:00", priority="4 - Low", made="FALSE"))
    )
    assert (log.tickets[0].ticket.priority, log.tickets[0].made_sla) == ("2 - High", False)


def test_incomplete_rows_are_skipped_and_named(tmp_path: Path) -> None:
    log = read(tmp_path, logs.INCOMPLETE)
    assert [(skipped.line, skipped.reason) for skipped in log.skipped] == [
        (3, "INC8: incident_state is missing"),
        (4, "INC8: sys_updated_at is missing"),
        (6, "INC9: opened_at is missing in all its rows"),
    ]
    assert [str(ticket.ticket.instance) for ticket in log.tickets] == ["inst_sla_incident_INC8"]


def test_the_log_ends_with_its_last_row_even_where_that_says_nothing_new(tmp_path: Path) -> None:
    log = read(tmp_path, (*logs.NEVER_RESOLVED, row("INC7", "New", "23:00", opened="12:00")))
    assert render(log.ends_at) == "2016-03-01T23:00:00Z"


def test_times_are_read_in_the_zone_given(tmp_path: Path) -> None:
    rows = (row("INC1", "New", "01-07-2016 08:00", opened="01-07-2016 08:00"),)
    assert render(read(tmp_path, rows, "Europe/Lisbon").tickets[0].opened.occurred_at) == "2016-07-01T07:00:00Z"
    assert render(read(tmp_path, rows).tickets[0].opened.occurred_at) == "2016-07-01T08:00:00Z"


@pytest.mark.parametrize(
    ("bad", "column", "value"),
    [
        (row("INC1", "Asleep", "08:00"), "incident_state", "'Asleep'"),
        (row("INC1", "New", "2016-03-01T08:00"), "sys_updated_at", "'2016-03-01T08:00'"),
        (row("INC1", "New", "31-02-2016 08:00"), "sys_updated_at", "'31-02-2016 08:00'"),
        (row("INC1", "New", "08:00", opened="1-3-2016 08:00"), "opened_at", "'1-3-2016 08:00'"),
        (row("INC1", "New", "08:00", opened="01-03-1916 08:00"), "opened_at", "'01-03-1916 08:00'"),
        (row("INC1", "New", "08:00", made="MAYBE"), "made_sla", "'MAYBE'"),
        (row("?", "New", "08:00"), "number", "'?'"),
        (("INC1", "New"), "opened_at", "None"),
    ],
)
def test_a_row_that_makes_no_sense_is_refused_by_line_column_and_value(
    tmp_path: Path, bad: Row, column: str, value: str
) -> None:
    with pytest.raises(InvalidValue) as refused:
        read(tmp_path, (row("INC0", "New", "08:00"), bad))
    assert f"line 3, column {column}" in refused.value.message
    assert value in refused.value.message
