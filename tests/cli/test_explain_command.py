"""`sla explain`, on a store of its own."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from cli import main
from cli.explain import _coloured
from domain.explaining import RecordedHistory, explain
from domain.explaining.text import explanation_text
from domain.explaining.view import explanation_view
from domain.ids import InstanceId, Kind, SubjectType
from domain.instants import render
from domain.plan.planning import plan
from domain.plan.status import instance_status
from domain.policy.catalog import AROUND_THE_CLOCK
from domain.record.ledger import reconcile
from domain.record.records import Record, first_record
from domain.ticket.tickets import Ticket
from store.schema.migrate import upgrade
from store.store import Store
from tests.support.builders import a_snapshot, at, opened, paused, resolved

Run = Callable[..., tuple[int, str, str]]
SNAPSHOT = a_snapshot()
EVENTS = opened("mon 09:00"), paused("mon 09:30", "customer"), resolved("mon 16:00")
LEDGER = reconcile(plan(SNAPSHOT, EVENTS), (), at("mon 16:00"))
ID = "inst_sla_ticket_42"
UNOPENED = "inst_sla_ticket_43"
FOUND_BY = {"42": (Kind.SLA,), "owner/repo#1": (Kind.SLA, Kind.OLA)}


@pytest.fixture
def run(env: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def run_one(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["sla", "explain", *arguments])
        capsys.readouterr()
        code = main.run()
        return code, *capsys.readouterr()

    return run_one


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that holds the ticket, and another whose opening it lacks."""
    path = tmp_path_factory.mktemp("template") / "slakeeper.db"
    upgrade(f"sqlite:///{path}")
    asyncio.run(_record(f"sqlite:///{path}"))
    return path


async def _record(url: str) -> None:
    store = Store.open(url)
    made = plan(SNAPSHOT, EVENTS)
    await store.instances.apply(first_record(SNAPSHOT.to_json(), plan(SNAPSHOT, EVENTS[:1]), EVENTS[0]))
    second = Record(
        organization="default",
        instance_id=ID,
        sequence=2,
        plan=made.to_json(),
        status=instance_status(made, at("mon 16:00")),
        closed_at=made.closed_at,
        next_due_at=None,
        next_milestone_at=None,
        ongoing=False,
        events=EVENTS[1:],
        firings=LEDGER,
    )
    await store.instances.apply(second)
    await store.instances.apply(replace(second, instance_id=UNOPENED))
    await store.organizations.change("default", timezone="Europe/Berlin")
    for kind in FOUND_BY["owner/repo#1"]:
        ticket = Ticket(InstanceId(kind, SubjectType.TICKET, "owner/repo#1"))
        snapshot = replace(
            SNAPSHOT, ticket=ticket, calendar=SNAPSHOT.calendar if kind is Kind.SLA else AROUND_THE_CLOCK
        )
        await store.instances.apply(first_record(snapshot.to_json(), plan(snapshot, EVENTS[:1]), EVENTS[0]))
    await store.close()


@pytest.fixture(autouse=True)
def database(env: dict[str, str], recorded: Path) -> None:
    path = Path(env["SLA_HOME"]) / "slakeeper.db"
    path.parent.mkdir()
    shutil.copy(recorded, path)


def test_it_prints_the_explanation_with_a_timeline(run: Run) -> None:
    code, out, err = run(ID)
    assert (code, err) == (0, "")
    first, rest = out.split("\n", 1)
    assert first.startswith(f"{ID} is met at ")
    known = explanation_text(
        explain(RecordedHistory(SNAPSHOT, EVENTS, LEDGER, plan(SNAPSHOT, EVENTS)), at("fri 12:00"))
    )
    assert rest == known.split("\n", 1)[1]
    assert any(line.startswith("  █████▒▒▒") for line in out.splitlines())


def test_it_tells_what_was_known_at_an_instant(run: Run) -> None:
    then = at("mon 09:10")
    code, out, _ = run(ID, "--as-of", render(then))
    assert code == 0
    assert out == explanation_text(explain(RecordedHistory(SNAPSHOT, EVENTS[:1], ()), then))


def test_as_json_it_is_what_the_api_answers(run: Run) -> None:
    then = at("mon 09:10")
    code, out, _ = run(ID, "--as-of", render(then), "--json")
    assert code == 0
    assert json.loads(out) == explanation_view(explain(RecordedHistory(SNAPSHOT, EVENTS[:1], ()), then))


def test_it_shows_as_many_segments_as_are_asked_for(run: Run) -> None:
    code, out, _ = run(ID, "--segments", "1")
    assert code == 0
    assert "summed up: running 30 min + closed 0 s + paused 0 s + stopped 0 s" in out


@pytest.mark.parametrize("name", ["42", "owner/repo#1"])
def test_the_own_id_of_a_ticket_finds_its_instances(run: Run, name: str) -> None:
    code, out, err = run(name)
    assert (code, err) == (0, "")
    ids = [str(InstanceId(kind, SubjectType.TICKET, name)) for kind in FOUND_BY[name]]
    assert [line.split()[0] for line in out.splitlines() if line.startswith("inst_")] == ids


def test_as_json_one_instance_is_told_and_several_are_named(run: Run) -> None:
    code, out, err = run("owner/repo#1", "--json")
    assert (code, out) == (1, "")
    assert "inst_sla_ticket_owner~2Frepo~231, inst_ola_ticket_owner~2Frepo~231" in err
    assert json.loads(run("42", "--json")[1])["id"] == ID


def test_round_the_clock_it_tells_times_in_the_zone_of_the_organization(run: Run) -> None:
    assert "  opened Mon 2026-03-02 10:00:00+01:00" in run("inst_ola_ticket_owner~2Frepo~231")[1]
    assert "  opened Mon 2026-03-02 09:00:00+00:00" in run("inst_sla_ticket_owner~2Frepo~231")[1]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("inst_sla_ticket_7",), "there is no instance inst_sla_ticket_7 in organization default"),
        ((ID, "--organization", "other"), f"there is no instance {ID} in organization other"),
        ((UNOPENED,), f"the opening of instance {UNOPENED} is not recorded yet"),
        (("ticket 7",), "there is no instance ticket 7 in organization default, and no ticket with this id"),
        (("",), "must be 1 to 200 bytes long"),
        ((ID, "--as-of", "yesterday"), "--as-of"),
        ((ID, "--as-of", "2099-01-01T00:00:00Z"), "must not lie ahead"),
        ((ID, "--as-of", "2026-03-02T08:59:59Z"), f"Nothing was known of instance {ID} at 2026-03-02T08:59:59Z"),
    ],
)
def test_what_cannot_be_explained_is_said_and_ends_with_one(
    run: Run, arguments: tuple[str, ...], complaint: str
) -> None:
    code, out, err = run(*arguments)
    assert (code, out) == (1, "")
    assert complaint in err


def test_a_timeline_is_coloured_cell_by_cell_and_a_sentence_is_not() -> None:
    assert [(span.start, span.style) for span in _coloured("  █░▒").spans][-3:] == [
        (2, "green"),
        (3, "bright_black"),
        (4, "yellow"),
    ]
    assert _coloured("used 1 h").spans == []
