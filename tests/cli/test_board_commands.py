"""The board's words on the command line: what is due, a ticket, what was broken, and the rules behind it."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from domain.instants import HOUR, MINUTE, Instant
from domain.ticket.events import EventKind
from domain.ticket.teams import Team
from store.database.clock import system_clock
from store.schema.migrate import upgrade
from store.store import Store
from tests.store.samples import a_policy, after, an_event, an_opening

from .conftest import ROOT, Sla

# Whoever runs the tests in the background has told its processes to ignore Ctrl-C.
WITH_CTRL_C = """
import runpy, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
runpy.run_module("cli", run_name="__main__", alter_sys=True)
"""
FRAMEWORKS = {"fastapi", "starlette", "uvicorn"}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a ticket that is breached, one that is due later and is called what no terminal should obey, one
    that is paused, and one of somebody else."""
    path = tmp_path_factory.mktemp("board") / "slakeeper.db"
    upgrade(f"sqlite:///{path}")
    asyncio.run(_record(f"sqlite:///{path}"))
    return path


async def _record(url: str) -> None:
    store, now = Store.open(url), system_clock()
    for organization in ("default", "other"):
        await store.organizations.ensure(organization)
        await store.teams.create(organization, Team(f"team-{organization}", f"Team {organization}", "ann@example.com"))
    await store.policies.create("default", a_policy())
    at = {"late": 2 * HOUR, "soon": 10 * MINUTE, "held": 20 * MINUTE}
    titles = {"late": "The lift is stuck", "soon": "A \x1b[31mred\x1b[0m door", "held": "Waiting for parts"}
    for subject, ago in at.items():
        opened_at = Instant(now - ago)
        opening = an_opening(
            subject, opened_at=opened_at, fields={"subject": titles[subject]}, team_id="team-default", priority="high"
        )
        await store.instances.apply(opening)
        if subject == "held":
            events = [
                replace(an_event(f"{kind}-{subject}", kind), occurred_at=Instant(opened_at + minutes * MINUTE))
                for minutes, kind in ((1, EventKind.ACKNOWLEDGED), (2, EventKind.PAUSED))
            ]
            await store.instances.apply(after(opening, 2, *events[:1]))
            await store.instances.apply(after(opening, 3, *events))
    await store.instances.apply(an_opening("theirs", organization="other", opened_at=Instant(now - HOUR)))
    await store.close()


@pytest.fixture
def board(sla: Sla, env: dict[str, str], recorded: Path) -> Sla:
    home = Path(env["SLA_HOME"])
    home.mkdir()
    shutil.copy(recorded, home / "slakeeper.db")
    return sla


def documents(board: Sla, *arguments: str) -> Any:
    ran = board(*arguments, "--json")
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def test_what_is_due_next_comes_first_in_the_boards_groups(board: Sla) -> None:
    ran = board("list")
    assert ran.returncode == 0, ran.stderr
    heading, *lines = ran.stdout.splitlines()
    assert heading.split()[:2] == ["state", "ticket"]
    assert [line.split()[:2][-1] for line in lines] == ["late", "soon", "held"]
    assert lines[0].startswith("Breached")
    assert lines[2].startswith("Paused")
    assert "Team default" in lines[0]
    assert "theirs" not in ran.stdout
    assert "\x1b" not in ran.stdout
    assert "1 breached and open" in ran.stderr


def test_a_script_gets_the_same_as_json(board: Sla) -> None:
    found = documents(board, "list")
    assert [one["subject"] for one in found["tickets"]] == ["late", "soon", "held"]
    late = found["tickets"][0]
    assert (late["group"], late["team"], late["priority"]) == ("breached", "Team default", "high")
    assert late["seconds_left"] < 0
    assert found["figures"]["paused"] == 1


@pytest.mark.parametrize(
    ("narrowed", "left"),
    [
        (("--search", "lift"), ["late"]),
        (("--priority", "low"), []),
        (("--team", "team-default", "-q", "soon"), ["soon"]),
        (("--organization", "other"), ["theirs"]),
    ],
)
def test_the_list_is_narrowed_as_on_the_board(board: Sla, narrowed: tuple[str, ...], left: list[str]) -> None:
    assert [one["subject"] for one in documents(board, "list", *narrowed)["tickets"]] == left


def test_a_list_with_nothing_in_it_says_so(board: Sla) -> None:
    assert board("list", "-q", "nowhere").stdout == "Nothing matches. No open ticket fits these filters.\n"


def test_a_ticket_tells_its_clocks_why_and_what_happened(board: Sla) -> None:
    told = board("show", "held").stdout
    assert told.startswith("held  Waiting for parts\npaused; policy Policy sla_1")
    for part in ("Clocks", "first response (1 h): met", "Why this policy", "Notices", "Events, newest first", "paused"):
        assert part in told
    [shown] = documents(board, "show", "inst_sla_ticket_held")
    assert (shown["id"], shown["status"]) == ("inst_sla_ticket_held", "paused")
    assert {one["type"] for one in shown["explanation"]["targets"]} == {"first_response", "resolution"}


def test_another_organizations_ticket_is_not_there(board: Sla) -> None:
    refused = board("show", "theirs")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "there is no instance theirs in organization default" in refused.stderr


@pytest.mark.parametrize("command", [("list",), ("breaches",), ("policies", "list"), ("watch", "--looks", "1")])
def test_an_organization_that_there_is_not_is_an_error_that_names_it(board: Sla, command: tuple[str, ...]) -> None:
    refused = board(*command, "--organization", "nobody")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == "organization 'nobody' does not exist\n"


def test_breaches_are_listed_with_their_overrun(board: Sla) -> None:
    heading, line = board("breaches").stdout.splitlines()
    assert heading.split()[:2] == ["ticket", "promise"]
    assert line.split()[:3] == ["late", "first", "response"]
    assert " 1 h " in line
    found = documents(board, "breaches")
    assert found["total"] == 1
    assert 3600 <= found["breaches"][0]["overrun_seconds"] < 3700
    assert board("breaches", "--organization", "other", "--until", "2026-01-02", "--since", "2026-01-01").stdout == (
        "Nothing was broken from 2026-01-01 to 2026-01-02.\n"
    )
    refused = board("breaches", "--since", "yesterday")
    assert refused.returncode == 1
    assert refused.stderr == "--since: must be a date, YYYY-MM-DD, got 'yesterday'\n"


def test_rules_are_listed(board: Sla) -> None:
    policies = board("policies", "list").stdout
    assert "first response 1 h; resolution 8 h" in policies
    assert "every ticket" in policies
    assert documents(board, "policies", "list")[0]["id"] == "sla_1"
    assert "mon-fri 09:00-17:00" in board("calendars", "list").stdout
    assert documents(board, "calendars", "list")[0]["is_default"] is True
    assert "Team default" in board("teams", "list").stdout
    assert documents(board, "teams", "list", "--organization", "other")[0]["id"] == "team-other"


def test_a_pipe_gets_snapshots(board: Sla) -> None:
    ran = board("watch", "--looks", "2", "--every", "0.2")
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.count("1 breached and open") == 2
    lines = board("watch", "--looks", "2", "--every", "0.2", "--json").stdout.splitlines()
    assert [json.loads(line)["total"] for line in lines] == [3, 3]


def test_a_terminal_gets_a_live_table_until_ctrl_c(board: Sla) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", WITH_CTRL_C, "watch", "--every", "0.2"],
        cwd=ROOT,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "120", "LINES": "30"},
    )
    os.close(theirs)
    seen = b""
    while seen.count(b"1 breached and open") < 2:
        seen += os.read(ours, 65536)
    process.send_signal(signal.SIGINT)
    while process.poll() is None:
        try:
            seen += os.read(ours, 65536)
        except OSError:
            process.wait(20)
    os.close(ours)
    assert process.returncode == 0, seen[-2000:]
    assert b"The lift is stuck" in seen
    # The screen is given back, and nobody is shown a traceback.
    assert b"\x1b[?1049l" in seen
    assert b"Traceback" not in seen
    assert b"\x1b[31mred" not in seen


def test_no_web_framework_is_loaded_for_a_list() -> None:
    places = ("listing", "watch", "show", "breaches", "rules")
    code = f"import sys; [__import__('cli.board.' + name) for name in {places}]; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert FRAMEWORKS & set(ran.stdout.split()) == set()
