"""The `sla` command. Each command lives in a module of its own, which is imported when the command runs."""

from __future__ import annotations

import sys
from importlib.metadata import version as installed_version
from typing import Annotated

import typer

from cli import console, lazy
from domain.errors import SlaError

COMMANDS = {
    "up": (
        "cli.up:up",
        "Run the whole engine in the foreground: Temporal server, worker and API. Ctrl-C stops it.",
    ),
    "worker": ("cli.parts.worker:worker", "Run a worker until SIGTERM or Ctrl-C."),
    "api": ("cli.parts.api:api", "Run the HTTP API until SIGTERM or Ctrl-C."),
    "migrate": (
        "cli.parts.migrate:migrate",
        "Bring the store's tables up to date, and make sure that an API key exists.",
    ),
    "replay": (
        "cli.replay.command:replay",
        "Run a ticket log through real workflows, and check each verdict and milestone against the plan.",
    ),
    "list": ("cli.board.listing:list_due", "List what is due next: breached, at risk, today, later, paused."),
    "watch": (
        "cli.board.watch:watch",
        "Watch what is due next in a table that follows; Ctrl-C ends it.",
    ),
    "show": (
        "cli.board.show:show",
        "Show a ticket: its clocks, why it got its policy, whom it told, and what happened.",
    ),
    "breaches": (
        "cli.board.breaches:breaches",
        "List the breaches of a period, newest first, and by how much each promise was overrun.",
    ),
    "explain": (
        "cli.explain:explain",
        "Tell where every second of an instance went, why it got its policy and what became of each milestone.",
    ),
    "verify": (
        "cli.verify:verify",
        "Check that nothing in the record of an instance was changed, and that every plan follows from it.",
    ),
    "doctor": (
        "cli.doctor:doctor",
        "Compare all that is recorded with all that runs, and say what differs. Exit code 1 if anything needs a hand.",
    ),
    "tzdata-check": (
        "cli.tzdata:tzdata_check",
        "List the open instances whose instants the time zone database that is installed here would move.",
    ),
    "demo": (
        "cli.demo.command:demo",
        "Watch the engine for a minute: policies, generated tickets, milestones arriving as they fall due.",
    ),
    "version": ("cli.main:version", "Print the version."),
    "keys": ("cli.administering.keys:app", "Create, list and revoke API keys."),
    "channels": ("cli.administering.channels:app", "List, try and preview the channels of notices."),
    "policies": ("cli.board.rules:policies", "List the policies of an organization."),
    "calendars": ("cli.board.rules:calendars", "List the business hours of an organization."),
    "teams": ("cli.board.rules:teams", "List the teams of an organization."),
    "sources": ("cli.administering.sources:app", "Connect ticket systems that send webhooks, and try what they send."),
    "receivers": ("cli.administering.receivers:app", "List who is told, and encrypt their addresses anew."),
    "deliveries": ("cli.administering.deliveries:app", "List what became of notices on each channel."),
    "contacts": ("cli.people.contacts:app", "List the people and groups whom escalations name."),
    "on-call": ("cli.people.on_call:app", "List who is on call."),
    "reencrypt": (
        "cli.administering.reencrypting:reencrypt",
        "Encrypt all that is kept encrypted with the first key of SLA_SECRET_KEY, so that the others can go.",
    ),
    "organizations": ("cli.administering.organizations:app", "Create, list and change organizations."),
}
"""Where each command is, and the first sentence of its help."""

app = lazy.group(
    "sla",
    COMMANDS,
    help="Slakeeper: SLA clocks that survive anything and explain every second.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def version() -> None:
    """Print the version."""
    console.say(f"slakeeper {installed_version('slakeeper')}")


def _version_alone(wanted: bool) -> None:
    if wanted:
        version()
        raise typer.Exit


@app.callback()
def sla(
    version: Annotated[
        bool, typer.Option("--version", callback=_version_alone, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


def main() -> None:
    code = run()
    if "temporalio" in sys.modules:
        from connection import leave  # noqa: PLC0415 - already loaded, or not needed

        leave(code)
    sys.exit(code)


def run() -> int:
    """Runs the command line. Returns the exit code."""
    try:
        app()
    except SlaError as error:
        console.complain(error.message)
        return 1
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0
