"""`sla doctor`: one round of what every worker does by itself, by hand: is anything stuck, lost or behind?"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Annotated

import typer

from cli import administration, console
from domain.errors import EngineUnavailable
from settings import Settings

if TYPE_CHECKING:
    from service.reconciling import Report


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
    from temporalio.service import RPCError  # noqa: PLC0415 - a quarter of a second, likewise

    from connection import connect  # noqa: PLC0415 - a second that other commands need not pay
    from worker import build_reconciler  # noqa: PLC0415 - as above

    settings = Settings.load()
    client = await connect(settings)
    async with administration.opened() as store:
        reconciler = build_reconciler(client, store, task_queue=settings.task_queue, dry=not heal)
        try:
            return await reconciler.round(thorough=True)
        except RPCError as error:
            raise EngineUnavailable(f"Temporal does not answer: {error.message}") from error
