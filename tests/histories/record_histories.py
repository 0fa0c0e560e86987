"""Records the histories that `test_histories_replay.py` replays: `-m tests.histories.record_histories [STORY...]`.

Each story runs on a real server. From the first release on a recorded history stands for instances that are running
somewhere: a change of the workflow that one of them would notice goes behind a patch, and gets a story of its own. No
file is ever recorded anew then.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
import zoneinfo
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib import resources
from itertools import count
from pathlib import Path
from typing import Any

from temporalio.client import WorkflowUpdateFailedError

from domain.calendar import Calendar
from domain.instants import HOUR, MINUTE, Instant, render
from domain.policy.catalog import Catalog
from domain.policy.policies import Policy
from domain.policy.snapshot import CalendarVersion
from domain.record.histories import KnownHistory
from domain.record.records import Delivery
from domain.ticket.events import Event, EventKind
from service.instances.planned_events import planned_event
from service.reconciling import Runs
from tests.support.clockwork import (
    ORGANIZATION,
    Clockwork,
    Mailbox,
    Opened,
    Switchable,
    snapshot_of,
    time_skipping,
    working,
)
from tests.support.servers import in_real_time
from workflows.documents import StateDocument
from workflows.messages import PLANNED
from workflows.packing import pack

HISTORIES = Path(__file__).with_name("histories")
ZONE = "Europe/Berlin"
OTHER_RULE = "Asia/Tokyo"

POLICY = Policy.from_json(
    {
        "id": "sla_recorded",
        "name": "Recorded",
        "business_hours_id": "bh_recorded",
        "targets": [{"type": "first_response", "hours": 1}, {"type": "resolution", "hours": 4}],
        "escalations": [{"id": "esc_1", "trigger": "breached", "delay_minutes": 30, "action_type": "notify"}],
    }
)
WHOLE_DAY = {day: [["00:00", "24:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
DAYTIME = {day: [["09:00", "17:00"]] for day in WHOLE_DAY}


class Nowhere:
    """A projection that takes everything and knows nothing: histories do not depend on what it holds."""

    async def apply(self, record: Any) -> None: ...

    async def deliveries(self, step: Any) -> Sequence[Delivery]:
        return ()

    async def load(self, organization: str, instance_id: str) -> StateDocument | None:
        return None

    async def auto_escalate(self, organization: str) -> bool:
        return False

    async def catalog(self, organization: str) -> Catalog:
        return catalog(WHOLE_DAY)


def catalog(weekly_hours: dict[str, Any]) -> Catalog:
    calendar = Calendar.from_json({"timezone": ZONE, "weekly_hours": weekly_hours})
    return Catalog(ORGANIZATION, (POLICY,), {"bh_recorded": CalendarVersion(calendar, "bh_recorded")})


async def met(clockwork: Clockwork) -> Any:
    ticket = await clockwork.open(snapshot_of(POLICY, catalog=catalog(WHOLE_DAY)))
    await ticket.go_to(10)
    await ticket.signal("acknowledge", 10, event_id="a")
    await ticket.applied("a")
    await ticket.go_to(20)
    await ticket.signal("resolve", 20, event_id="r")
    await ticket.result()
    return ticket.handle


async def breached_and_escalated(clockwork: Clockwork) -> Any:
    ticket = await clockwork.open(snapshot_of(POLICY, catalog=catalog(WHOLE_DAY)))
    for minutes in (31, 46, 61, 91, 121, 181, 241, 271):
        await ticket.go_to(minutes)
    await ticket.fired("resolution/escalation:esc_1")
    await ticket.signal("resolve", event_id="r")
    await ticket.result()
    return ticket.handle


async def paused_late_and_refused(clockwork: Clockwork) -> Any:
    ticket = await clockwork.open(snapshot_of(POLICY, catalog=catalog(WHOLE_DAY)))
    await ticket.go_to(70)
    await ticket.fired("first_response/breached")
    await ticket.signal("acknowledge", 50, event_id="late")
    await ticket.handle.signal("pause", "broken")
    await ticket.signal("pause", 70, event_id="p", cause="customer")
    await ticket.applied("late", "p")
    await ticket.go_to(500)
    await ticket.signal("resume", 500, event_id="r")
    await ticket.applied("r")
    await ticket.signal("cancel", event_id="c")
    await ticket.result()
    return ticket.handle


async def still_running(clockwork: Clockwork) -> Any:
    ticket = await clockwork.open(snapshot_of(POLICY, catalog=catalog(WHOLE_DAY)))
    await ticket.go_to(35)
    await ticket.fired("first_response/halfway")
    await ticket.signal("pause", 35, event_id="p")
    await ticket.applied("p")
    return ticket.handle


async def under_another_zone_rule(clockwork: Clockwork) -> Any:
    """Planned while Berlin had other rules than it has: the recorded due instants are not what we would plan now."""
    with zone_rule(ZONE, OTHER_RULE):
        ticket = await clockwork.open(snapshot_of(POLICY, catalog=catalog(DAYTIME)))
        await ticket.signal("pause", 1, event_id="p")
        await ticket.applied("p")
        await ticket.signal("resume", 2, event_id="r")
        await ticket.applied("r")
        return ticket.handle


async def continued_as_new(clockwork: Clockwork) -> Any:
    """A run that continues as new while a notice is on its way."""
    short = Policy.from_json({"id": "sla_short", "name": "Short", "targets": [{"type": "resolution", "minutes": 0.1}]})
    ticket = await clockwork.open(snapshot_of(short))
    first = (await ticket.handle.describe()).run_id
    for number in count():
        await ticket.signal("update", event_id=f"u{number}")
        await asyncio.sleep(0.2)
        if (await ticket.handle.describe()).run_id != first:
            return clockwork.client.get_workflow_handle(ticket.handle.id, run_id=first)
    return None


async def opened_with_an_event(clockwork: Clockwork) -> Any:
    """Both reach Temporal at once, after what was put right would have fired."""
    opened_at = Instant(await clockwork.now() - 2 * HOUR)
    first = {"event_id": "a", "occurred_at": render(Instant(opened_at + 10 * MINUTE))}
    ticket = await clockwork.open(
        snapshot_of(POLICY, catalog=catalog(WHOLE_DAY)), opened_at, first=("acknowledge", first)
    )
    await ticket.applied("a")
    await ticket.signal("resolve", event_id="r")
    await ticket.result()
    return ticket.handle


async def told_with_their_plans(clockwork: Clockwork) -> Any:
    """Events as the API sends them, with a milestone and a signal between, and one too many."""
    snapshot = snapshot_of(POLICY, catalog=catalog(WHOLE_DAY))
    ticket = await clockwork.open(snapshot, recorded=True)
    opened = Event(EventKind.OPENED, "opened", ticket.opened_at, ticket.opened_at)
    known = KnownHistory(snapshot.to_json(), snapshot, (), "").with_events([opened]).history
    for minutes, kind in ((10, EventKind.ACKNOWLEDGED), (20, EventKind.PAUSED), (150, EventKind.RESUMED)):
        await ticket.go_to(minutes)
        known = await tell_planned(ticket, known, kind)
    await ticket.go_to(300)
    await ticket.fired("resolution/halfway")
    await ticket.signal("update", event_id="u", attributes={"n": 1})
    await ticket.applied("u")
    with suppress(WorkflowUpdateFailedError):
        await tell_planned(ticket, known, EventKind.ACKNOWLEDGED)
    await ticket.signal("resolve", event_id="r")
    await ticket.result()
    return ticket.handle


async def tell_planned(ticket: Opened, known: KnownHistory, kind: EventKind) -> KnownHistory:
    now = await ticket.clockwork.now()
    applied = known.with_events([Event(kind, kind.value, now, now, source="api")])
    told = planned_event(known, applied).to_json()
    await ticket.handle.execute_update(PLANNED, pack(told), id=kind.value)
    return applied.history


async def after_a_run_that_was_terminated(clockwork: Clockwork) -> Any:
    ticket = await clockwork.open(snapshot_of(POLICY, catalog=catalog(WHOLE_DAY)))
    await ticket.signal("acknowledge", event_id="a")
    await ticket.handle.signal("pause", "broken")
    run_id = (await ticket.handle.describe()).run_id
    await ticket.handle.terminate()
    await Runs(clockwork.client, clockwork.task_queue).start(ticket.handle.id, run_id, None)
    again = Opened(clockwork, clockwork.client.get_workflow_handle(ticket.handle.id), ticket.opened_at)
    await again.applied("a")
    await again.signal("resolve", event_id="r")
    await again.result()
    return again.handle


STORIES: Mapping[str, Callable[[Clockwork], Awaitable[Any]]] = {
    story.__name__: story
    for story in (
        met,
        breached_and_escalated,
        paused_late_and_refused,
        still_running,
        under_another_zone_rule,
        continued_as_new,
        opened_with_an_event,
        told_with_their_plans,
        after_a_run_that_was_terminated,
    )
}
# The time-skipping server does not suggest to continue as new.
IN_REAL_TIME = (continued_as_new.__name__, after_a_run_that_was_terminated.__name__)


@contextmanager
def zone_rule(zone: str, rule: str) -> Iterator[None]:
    """`zone` keeps the clock of `rule` for a while. What was compiled before stays, so each story has its process."""
    source = next(Path(path, rule) for path in (*zoneinfo.TZPATH, _packaged()) if Path(path, rule).exists())
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, zone)
        target.parent.mkdir(parents=True)
        shutil.copy(source, target)
        before = zoneinfo.TZPATH
        zoneinfo.reset_tzpath(to=[folder])
        zoneinfo.ZoneInfo.clear_cache()
        try:
            yield
        finally:
            zoneinfo.reset_tzpath(to=before)
            zoneinfo.ZoneInfo.clear_cache()


def _packaged() -> str:
    return str(resources.files("tzdata") / "zoneinfo")


async def record(names: list[str]) -> None:
    for name in names:
        server = in_real_time if name in IN_REAL_TIME else time_skipping
        async with await server() as env:
            clockwork = Clockwork(env, Switchable(Nowhere()), Mailbox(seconds=1.5 if name in IN_REAL_TIME else 0))
            async with working(clockwork):
                handle = await STORIES[name](clockwork)
                history = await handle.fetch_history()
            (HISTORIES / f"{name}.json").write_text(history.to_json())
            print(f"{name}: {len(history.events)} events")


if __name__ == "__main__":
    HISTORIES.mkdir(exist_ok=True)
    if sys.argv[1:]:
        asyncio.run(record(sys.argv[1:]))
        # The SDK's threads may still be on their way out, and an interpreter that takes itself apart aborts on them.
        sys.stdout.flush()
        os._exit(0)
    else:
        for story in STORIES:
            subprocess.run([sys.executable, "-m", "tests.histories.record_histories", story], check=True)
