"""The `sla` command. Each command lives in a module of its own and is registered here."""

from __future__ import annotations

import sys
from importlib.metadata import version as installed_version

import typer

from cli import console, keys, organizations, services
from cli.demo.command import demo
from cli.doctor import doctor
from cli.explain import explain
from cli.replay.command import replay
from cli.tzdata import tzdata_check
from cli.up import up
from cli.verify import verify
from domain.errors import SlaError

app = typer.Typer(
    name="sla",
    help="Slakeeper: SLA clocks that survive anything and explain every second.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)


def version() -> None:
    """Print the version."""
    console.say(f"slakeeper {installed_version('slakeeper')}")


for command in (
    up,
    services.worker,
    services.api,
    services.migrate,
    replay,
    explain,
    verify,
    doctor,
    tzdata_check,
    demo,
    version,
):
    app.command()(command)


for group in (keys.app, organizations.app):
    app.add_typer(group)


def main() -> None:
    code = run()
    if "temporalio" in sys.modules:
        from connection import leave  # noqa: PLC0415 - already loaded, or not needed

        leave(code)
    sys.exit(code)


def run() -> int:
    """The exit code."""
    try:
        app()
    except SlaError as error:
        console.complain(error.message)
        return 1
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0
