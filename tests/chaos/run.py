"""One run: start everything, load and faults, then the audit."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from random import Random
from typing import Any

import httpx
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.runtime import Runtime, TelemetryConfig

from domain.calendar.local_time.zones import pin_packaged_tzdata
from domain.ids import workflow_id
from domain.instants import Instant
from domain.ticket.events import Event, EventKind
from domain.ticket.order import in_order
from domain.ticket.stints import closing_event
from store.access.organizations import DEFAULT_ORGANIZATION
from store.store import Store
from tests.chaos import runs
from tests.chaos.audit import Audit, audit, lateness, read_arrivals
from tests.chaos.dashboard import Dashboard
from tests.chaos.faults import commit
from tests.chaos.load import SECOND, Load, instant_of
from tests.chaos.postgres import Postgres
from tests.chaos.report import EXPECTED, Report, restarts, spread, words_of_the_reconciler
from tests.chaos.rig import API_KEY, Rig
from tests.chaos.schedule import Schedule
from tests.chaos.stories import OLA_POLICIES, POLICIES, TEAMS, Story, Told

MOST_TAILS = 5


async def run(schedule: Schedule, store: str, *, keep: bool = False) -> Report:
    """`store`: sqlite or postgres. The folder of a run with differences, or with `keep` of any, stays where the report
    says."""
    # As the engine does: plans name the release of the time zone database.
    pin_packaged_tzdata()
    folder = Path(tempfile.mkdtemp(prefix="slakeeper-chaos-"))
    report = Report(schedule.seed, store, schedule.seconds)
    rig = Rig(folder, Postgres(folder / "pg") if store == "postgres" else None, schedule.receiver_seed)
    try:
        await rig.start()
        await _attack(schedule, rig, report)
        await rig.stop()
    except Exception as error:
        report.differences.append(f"the run broke off: {error!r}")
        raise
    finally:
        rig.end()
        report.differences += rig.problems
        if report.differences or keep:
            report.figures["kept"] = str(folder)
        else:
            shutil.rmtree(folder)
    return report


async def _attack(schedule: Schedule, rig: Rig, report: Report) -> None:
    # That calls fail meanwhile is what they are made for.
    quiet = Runtime(telemetry=TelemetryConfig(logging=None))
    client = await Client.connect(rig.temporal, data_converter=pydantic_data_converter, lazy=True, runtime=quiet)
    ids = [id_ for story in schedule.stories for id_ in story.instances]
    async with _http(rig) as http:
        await _furnish(http)
        base = Instant(int(time.time() + 1) * SECOND)
        load = Load(http, base)
        dashboard = Dashboard(http, client, ids, Random(schedule.dashboard_seed))
        async with _beside(rig.keep_up()):
            sending = asyncio.create_task(load.run(schedule))
            async with _beside(dashboard.poll()):
                happened = await commit(schedule, rig, base)
            await sending
        await _resolve_the_rest(schedule, load)
        began = time.monotonic()
        await runs.all_complete(client)
        quiet_after = time.monotonic() - began
        report.differences += [*load.problems, *await runs.problems(client), *await runs.unreplayable(client)]
        found = await _audited(schedule, rig, load)
        await _tell(report, client, found)
        _count(report, schedule, load, happened, dashboard, found)
        report.figures["starts of the engine"] = ", ".join(f"{seconds:.1f} s" for seconds in rig.starts)
        report.figures["all completed after"] = f"{quiet_after:.0f} s"
        report.count("runs", await runs.endings(client))
        said = words_of_the_reconciler(rig.home / "logs")
        report.count("reconciler", restarts(said))
        report.remarks = [str(word) for word in said if word.trouble not in EXPECTED]


@asynccontextmanager
async def _beside(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Work that goes on as long as what is inside."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def _http(rig: Rig) -> AsyncIterator[httpx.AsyncClient]:
    limits = httpx.Limits(max_connections=None)
    headers = {"X-API-Key": API_KEY}
    async with httpx.AsyncClient(base_url=rig.api, headers=headers, trust_env=False, limits=limits) as http:
        yield http


async def _furnish(http: httpx.AsyncClient) -> None:
    requests = [
        *(("/teams", {"id": team, "name": team.title(), "lead": f"{team}@example.com"}) for team in TEAMS),
        *(("/policies", dict(policy)) for policy in POLICIES),
        *(("/ola/policies", dict(policy)) for policy in OLA_POLICIES),
    ]
    for path, body in requests:
        (await http.post(path, json=body, timeout=30)).raise_for_status()


async def _resolve_the_rest(schedule: Schedule, load: Load) -> None:
    load.extend()
    now = time.time() - load.base / SECOND
    await asyncio.gather(
        *(
            load.tell(story, Told(EventKind.RESOLVED, f"{story.ticket_id}-end", now))
            for story in schedule.stories
            if _is_open(story, load)
        )
    )


def _is_open(story: Story, load: Load) -> bool:
    told = (story.opening, *load.accepted[story.ticket_id].values())
    events = (Event(one.kind, one.event_id, (at := instant_of(one, load.base)), at) for one in told)
    return closing_event(in_order(events)) is None


async def _audited(schedule: Schedule, rig: Rig, load: Load) -> Audit:
    store = Store.open(rig.database_url)
    try:
        return await audit(store, schedule.stories, load.accepted, load.base, read_arrivals(rig.arrivals))
    finally:
        await store.close()


async def _tell(report: Report, client: Client, found: Audit) -> None:
    report.differences += [f"{instance}: {problem}" if instance else problem for instance, problem in found.differences]
    for instance in list(dict.fromkeys(one for one, _ in found.differences if one))[:MOST_TAILS]:
        history = await runs.tail(client, workflow_id(DEFAULT_ORGANIZATION, instance))
        report.differences.append(f"{instance}: {history}")


def _count(
    report: Report, schedule: Schedule, load: Load, happened: Counter[str], dashboard: Dashboard, found: Audit
) -> None:
    arrived = Counter(arrival["id"] for arrival in found.arrivals)
    report.figures["instances"] = str(sum(len(story.instances) for story in schedule.stories))
    report.count("load", load.counts)
    report.count("answers", {str(status): count for status, count in load.answers.items()})
    report.count("failures", load.failures)
    report.count("dashboard", dashboard.counts)
    report.count("faults", happened)
    repeated = sum(arrived.values()) - len(arrived)
    report.figures["notices"] = f"expected {len(found.expected)}, arrived {len(arrived)}, repeated {repeated}"
    report.figures["lateness"] = spread(lateness(found))
