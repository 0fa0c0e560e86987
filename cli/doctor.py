"""`sla doctor`: looks by hand for what is stuck, lost or behind. Every worker does the same by itself."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated

import typer
from temporalio.service import RPCError

from cli import administration, console
from connection import connect
from domain.errors import EngineUnavailable
from service.reconciling import Report
from settings import Settings
from worker import build_reconciler


def doctor(
    heal: Annotated[bool, typer.Option("--heal", help="Put right what can be; without it, nothing is done.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Compare all that is recorded with all that runs, and say what differs. Exit code 1 if anything needs a hand."""
    report = asyncio.run(_round(heal=heal))
    if as_json:
        console.say(json.dumps(report.to_json(), ensure_ascii=False, indent=2))
    else:
        _say(report, heal=heal)
    if report.findings if not heal else report.unhealed:
        raise typer.Exit(1)


def _say(report: Report, *, heal: bool) -> None:
    for finding in report.findings:
        console.say(str(finding))
    looked_at = (
        f"{report.recorded} instances that are recorded as going on, {report.running} workflows that run, "
        f"{report.finished} that have ended"
    )
    console.say(f"looked at {looked_at}")
    if not report.findings:
        console.say("nothing is stuck, lost or behind")
    elif not heal:
        console.say("nothing was done; `sla doctor --heal` does it")


async def _round(*, heal: bool) -> Report:
    settings = Settings.load()
    client = await connect(settings)
    async with administration.opened() as store:
        reconciler = build_reconciler(client, store, task_queue=settings.task_queue, dry=not heal)
        try:
            return await reconciler.round(thorough=True)
        except RPCError as error:
            raise EngineUnavailable(f"Temporal does not answer: {error.message}") from error
