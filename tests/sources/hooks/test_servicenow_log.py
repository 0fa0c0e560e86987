"""A log of ServiceNow and the same updates as webhooks come to the same plan."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from domain.ids import InstanceId, Kind, SubjectType
from domain.instants import MINUTE, Instant, Micros
from domain.plan.planning import plan
from domain.policy.targets import TargetRule
from domain.ticket.events import Event, EventKind
from domain.ticket.tickets import Ticket
from sources.hooks import Delivery, Remembered, Source, vendor
from sources.servicenow.log import ServiceNow
from tests.replay import logs
from tests.sources.hooks.corpus import NOW, SHARED
from tests.support.builders import OFFICE, a_snapshot

LOG = SHARED.parent / "data" / "servicenow_incidents.csv"
EVERY = 10
TARGETS = (
    TargetRule("first", "first_response", None, Micros(60 * MINUTE), pausable=False),
    TargetRule("whole", "resolution", None, Micros(240 * MINUTE)),
)
STATES = {"New": "1", "Active": "2", "Resolved": "6", "Closed": "7"}
REASONS = {"Awaiting User Info": "1", "Awaiting Evidence": "2", "Awaiting Problem": "3", "Awaiting Vendor": "4"}


def planned(number: str, events: Iterable[Event]) -> list[dict[str, Any]]:
    """How each target stands at the end: when it is due, what it used, its pauses and how it ended."""
    ticket = Ticket(InstanceId(Kind.SLA, SubjectType.INCIDENT, number))
    kinds = (EventKind.UPDATED, EventKind.ASSIGNED)
    told = [event for event in events if event.kind not in kinds]
    document = plan(a_snapshot(*TARGETS, calendar=OFFICE, ticket=ticket), told).to_json()
    return [{name: value for name, value in target.items() if name != "causes"} for target in document["targets"]]


def as_webhook(row: Mapping[str, str], count: int) -> dict[str, Any]:
    """A row of the log as the record that a business rule sends."""
    state, at = row["incident_state"], row["sys_updated_at"]
    return {
        "number": row["number"],
        "sys_id": f"id-{row['number']}",
        "sys_class_name": "incident",
        "sys_mod_count": str(count),
        "state": STATES.get(state, "3"),
        "hold_reason": REASONS.get(state, ""),
        "priority": row["priority"],
        "opened_at": _utc(row["opened_at"]),
        "sys_updated_on": _utc(at),
        "sys_updated_by": "agent",
    }


def _utc(text: str) -> str:
    return datetime.strptime(text, "%d-%m-%Y %H:%M").replace(tzinfo=ZoneInfo("UTC")).strftime("%Y-%m-%d %H:%M:%S")


def heard(records: Iterable[Mapping[str, Any]]) -> list[Event]:
    """The events of records that arrive one after the other."""
    source, known = Source(vendor("servicenow")), dict[str, Remembered]()
    events: list[Event] = []
    for arrival, record in enumerate(records):
        (outcome,) = source.preview(Delivery(json.dumps(record).encode(), Instant(NOW + arrival)), known)
        assert outcome.ticket is not None
        assert outcome.remembered is not None, outcome.reason
        known[outcome.ticket.subject] = outcome.remembered
        events += [event.event(Instant(NOW + len(events)), "servicenow") for event in outcome.events]
    return events


def of_log(path: Path) -> dict[str, tuple[Event, ...]]:
    log = ServiceNow().read(path, ZoneInfo("UTC"))
    return {one.ticket.instance.subject: one.events for one in log.tickets}


@pytest.mark.parametrize("rows", [logs.SHARED_MINUTES, logs.GOING_BACK, logs.BACK_INTO_WAITING, logs.NO_CREATION_ROW])
def test_small_logs_come_to_the_same_plan_as_webhooks(rows: tuple[logs.Row, ...], tmp_path: Path) -> None:
    path = Path(logs.write(tmp_path, rows)[1])
    with path.open(newline="") as file:
        records = [as_webhook(row, count) for count, row in enumerate(csv.DictReader(file))]
    ((number, events),) = of_log(path).items()
    assert planned(number, heard(records)) == planned(number, events)


@pytest.mark.skipif(not LOG.is_file(), reason="../shared/data is not here")
def test_incidents_of_a_real_log_come_to_the_same_plan_as_webhooks_in_any_order() -> None:
    with LOG.open(newline="", encoding="utf-8-sig") as file:
        rows = [
            row
            for row in csv.DictReader(file)
            if "?" not in (row["incident_state"], row["sys_updated_at"], row["opened_at"])
        ]
    incidents: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        incidents.setdefault(row["number"], []).append(row)
    logged, random = of_log(LOG), Random(7)
    for number in list(incidents)[::EVERY]:
        ordered = sorted(
            incidents[number],
            key=lambda row: datetime.strptime(row["sys_updated_at"], "%d-%m-%Y %H:%M").replace(tzinfo=ZoneInfo("UTC")),
        )
        records = [as_webhook(row, count) for count, row in enumerate(ordered)]
        assert planned(number, heard(records)) == planned(number, logged[number]), number
        neighbours = [*records]
        for place in range(1, len(neighbours) - 1, 2):
            if random.random() < 0.5:
                neighbours[place : place + 2] = reversed(neighbours[place : place + 2])
        assert planned(number, heard(neighbours)) == planned(number, logged[number]), f"{number} out of order"


@pytest.mark.skipif(not LOG.is_file(), reason="../shared/data is not here")
@pytest.mark.parametrize("path", sorted((SHARED / "servicenow").glob("*.jsonl")), ids=lambda path: path.name)
def test_a_derived_sequence_ends_in_the_plan_of_the_logs_rows(path: Path) -> None:
    records = [json.loads(line) for line in path.open()]
    logged = of_log(LOG)
    numbers = {record["number"]["value"] for record in records}
    for number in numbers:
        own = [record for record in records if record["number"]["value"] == number]
        assert planned(number, heard(own)) == planned(number, logged[number])
