"""What a life leaves in Temporal's history: events, and actions as Temporal Cloud bills them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client

from bench.figures import Figure, median
from bench.lives import Life, bare, event, new_ticket, open_by_start, over_rest, paced, subject_of, without_the_api
from bench.rig import Engine, Rig

LIVES = 6
CALM_SECONDS = 1.0
# https://docs.temporal.io/cloud/actions: one each; search attributes given at the start are free. A retry of an
# activity is one more, and stands in the history as the attempt of its start.
_ACTIONS = (
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED,
    EventType.EVENT_TYPE_TIMER_STARTED,
    EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_REJECTED,
    EventType.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED,
)


async def measure(rig: Rig) -> Sequence[Figure]:
    engine = await rig.engine()
    ours, least = await _counts(engine, without_the_api(engine)), await _counts(engine, bare(engine))
    rest = await _counts(engine, over_rest(engine))
    recorded = await _counts(engine, bare(engine, "RecordedLife"))
    obvious = await _counts(engine, bare(engine, "ObviousLife"))
    return [
        Figure(
            "history of a life started with the ticket alone, a second apart", ours[0], "events", least[0], "28 events"
        ),
        Figure("history of a life over REST, a second apart", rest[0], "events", least[0], "28 events"),
        Figure("- against the least that records", rest[0], "events", recorded[0]),
        Figure("history that a milestone adds", await _of_a_milestone(engine), "events", None, "12 events"),
        Figure(
            "billable actions of a life started with the ticket alone, against the obvious design",
            ours[1],
            "",
            obvious[1],
            "< 1x",
        ),
        Figure("billable actions of a life over REST, against the obvious design", rest[1], "", obvious[1], "< 1x"),
    ]


async def _counts(engine: Engine, live: Life) -> tuple[float, float]:
    """Medians of a life's events and billable actions."""
    counted = [await counts(engine.client, id_) for id_ in await paced(live, LIVES, 5, 1.0)]
    return median([events for events, _ in counted]), median([actions for _, actions in counted])


async def counts(client: Client, workflow_id: str) -> tuple[int, int]:
    """Events and billable actions of the latest run, once it has ended."""
    handle = client.get_workflow_handle(workflow_id)
    await handle.result()
    seen: Counter[int] = Counter()
    attempts = 0
    async for one in handle.fetch_history_events():
        seen[one.event_type] += 1
        attempts += one.activity_task_started_event_attributes.attempt
    return seen.total(), attempts + sum(seen[kind] for kind in _ACTIONS)


async def _of_a_milestone(engine: Engine) -> float:
    """Three milestones within six seconds, then the end: against a life that ends before the first of them."""
    with_milestones: list[int] = []
    without: list[int] = []
    for milestones, found in ((True, with_milestones), (False, without)):
        for _ in range(LIVES // 2):
            ticket = new_ticket()
            handle = await open_by_start(engine.client, ticket, priority="six")
            if milestones:
                await engine.receiver.count_of(subject_of(ticket), 3, 30)
            # The receiver hears of a milestone before the instance does: a signal in between would be a task more.
            await asyncio.sleep(CALM_SECONDS)
            await handle.signal("resolve", event(ticket, "resolve"))
            found.append((await counts(engine.client, handle.id))[0])
    return (median(with_milestones) - median(without)) / 3
