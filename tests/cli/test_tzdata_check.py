"""`sla tzdata-check` under a time zone database that really says something else."""

from __future__ import annotations

import asyncio
import re
import shutil
from importlib import resources
from pathlib import Path

import pytest

from domain.calendar import Calendar
from domain.instants import parse
from domain.plan.planning import plan
from domain.policy.snapshot import CalendarVersion
from domain.record.records import first_record
from domain.ticket.events import Event, EventKind
from store.schema.migrate import upgrade
from store.store import Store
from tests.support.builders import a_snapshot, promise

from .conftest import Sla

BERLIN = {"timezone": "Europe/Berlin", "weekly_hours": {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed")}}


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, env: dict[str, str]) -> str:
    """Ticket 42, open in the office in Berlin."""
    url = f"sqlite:///{tmp_path / 'slakeeper.db'}"
    upgrade(url)
    asyncio.run(fill(url))
    monkeypatch.setenv("SLA_DATABASE_URL", url)
    return url


async def fill(url: str) -> None:
    store = Store.open(url)
    at = parse("2026-03-02T10:00:00Z")
    opened = Event(EventKind.OPENED, "o", at, at)
    snapshot = a_snapshot(promise(minutes=120))
    hours = CalendarVersion(Calendar.from_json(BERLIN), "bh_1", 1)
    berlin = type(snapshot)(snapshot.organization, snapshot.ticket, snapshot.policy, hours, "2026a")
    await store.organizations.ensure("other")
    await store.instances.apply(first_record(berlin.to_json(), plan(berlin, [opened]), opened))
    await store.close()


def a_newer_database(folder: Path) -> Path:
    """A whole `tzdata` package in which Berlin has moved to the time of New York."""
    package = folder / "tzdata"
    shutil.copytree(Path(str(resources.files("tzdata"))), package)
    zones = package / "zoneinfo"
    shutil.copy(zones / "America" / "New_York", zones / "Europe" / "Berlin")
    (zones / "tzdata.zi").write_text("# version 2099z\n")
    return folder


def test_the_database_that_made_the_plans_moves_nothing(sla: Sla, database: str) -> None:
    checked = sla("tzdata-check")
    assert (checked.returncode, checked.stderr) == (0, "")
    assert checked.stdout.startswith("0 targets would move")


def test_a_newer_database_names_each_instance_that_it_would_move(sla: Sla, database: str, tmp_path: Path) -> None:
    checked = sla("tzdata-check", PYTHONPATH=str(a_newer_database(tmp_path / "newer")))
    assert checked.returncode == 1, checked.stderr
    (heading, row, total) = checked.stdout.splitlines()
    assert heading.split()[:3] == ["ORGANIZATION", "INSTANCE", "TARGET"]
    assert re.split(r"  +", row)[:5] == [
        "default",
        "inst_sla_ticket_42",
        "resolution",
        "Mon 2026-03-02 12:00:00+00:00",
        "Mon 2026-03-02 16:00:00+00:00",
    ]
    assert total == "1 targets would move under time zone database 2099z"


def test_only_the_organization_that_was_asked_for_is_checked(sla: Sla, database: str, tmp_path: Path) -> None:
    newer = str(a_newer_database(tmp_path / "newer"))
    assert sla("tzdata-check", "--organization", "other", PYTHONPATH=newer).returncode == 0


def test_an_organization_that_there_is_not_is_named(sla: Sla, database: str) -> None:
    checked = sla("tzdata-check", "--organization", "nope")
    assert (checked.returncode, checked.stdout) == (1, "")
    assert "nope" in checked.stderr
