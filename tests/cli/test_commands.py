"""The command as a whole: what it costs to ask for help, and what every subcommand has."""

from __future__ import annotations

import inspect
import subprocess
import sys
from importlib.metadata import version

import pytest
import typer

from cli import main
from cli.lazy import load
from cli.main import COMMANDS

from .conftest import ROOT, Sla

HEAVY = {
    "temporalio",
    "sqlalchemy",
    "alembic",
    "fastapi",
    "uvicorn",
    "pydantic",
    "httpx",
    "icalendar",
    "holidays",
    "yaml",
}


@pytest.mark.parametrize("name", COMMANDS)
def test_the_sentence_in_the_list_of_commands_is_the_first_of_the_commands_own(name: str) -> None:
    place, sentence = COMMANDS[name]
    command = load(place)
    own = command.info.help if isinstance(command, typer.Typer) else inspect.getdoc(command)
    assert isinstance(own, str)
    assert " ".join(own.split("\n\n")[0].split()) == sentence


def test_help_loads_no_library_of_a_command() -> None:
    code = "import sys; sys.argv = ['sla', '--help']; from cli import main; main.run(); print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    listing, _, loaded = ran.stdout.strip().rpartition("\n")
    assert all(f" {name} " in listing for name in COMMANDS)
    assert HEAVY & set(loaded.split()) == set()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_under_both_names(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told = []
    for option in ("-h", "--help"):
        monkeypatch.setattr(sys, "argv", ["sla", name, option])
        assert main.run() == 0
        told.append(capsys.readouterr().out)
    assert told[0] == told[1]
    assert f"sla {name} [OPTIONS]" in told[0]
    assert "completion" not in told[0]


@pytest.mark.parametrize("arguments", [("--version",), ("version",)])
def test_it_says_its_version(sla: Sla, arguments: tuple[str, ...]) -> None:
    assert sla(*arguments).stdout == f"slakeeper {version('slakeeper')}\n"


def test_a_command_that_there_is_not_is_refused_with_the_one_that_may_be_meant(sla: Sla) -> None:
    refused = sla("explian", "42")
    assert refused.returncode == 2
    assert "Did you mean 'explain'" in refused.stderr
