"""An event over REST is planned and recorded by the API; its instance decides, and a signal is always the way out."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest
from temporalio.client import WorkflowHandle, WorkflowUpdateFailedError
from temporalio.worker import Worker

from domain.ids import workflow_id
from domain.instants import HOUR, SECOND, Instant, render
from domain.record.records import Record
from domain.ticket.events import Event, EventKind
from service.instances import planned_events
from service.reconciling import Reconciler, Runs, Trouble
from service.temporal.known_instances import KnownInstances
from store.instances.instances import LoadedInstance
from store.store import Store
from tests.api.conftest import UNHURRIED
from tests.support.clockwork import Mailbox, Switchable, eventually
from tests.support.replaying import event_types, replayer
from worker import StoreProjection, build_worker, replays, system_now
from workflows.messages import PLANNED
from workflows.visibility import STATUS

HALF_AN_HOUR = HOUR // 2


async def history_of(api: Any, id_: str) -> list[str]:
    """The types of its events, after it was replayed."""
    history = await handle_of(api, id_).fetch_history()
    await replayer().replay_workflow(history)
    return event_types(history)


def handle_of(api: Any, id_: str) -> WorkflowHandle[Any, Any]:
    handle: WorkflowHandle[Any, Any] = api.temporal.get_workflow_handle(workflow_id(api.organization, id_))
    return handle


async def loaded(api: Any, id_: str) -> LoadedInstance:
    found: LoadedInstance | None = await api.dependencies.store.instances.load(api.organization, id_)
    assert found is not None
    return found


async def recorded_ids(api: Any, id_: str) -> list[str]:
    return [event.event_id for event in (await loaded(api, id_)).events if event.kind is not EventKind.OPENED]


def another_process(api: Any) -> None:
    """From now on requests reach one that has told no instance anything yet."""
    api.use(known=KnownInstances())


async def running(api: Any, **policy: Any) -> str:
    await api.policy(**policy)
    await api.with_worker()
    return str((await api.ticket())["id"])


async def test_a_life_over_rest_calls_no_activity(api: Any) -> None:
    id_ = await running(api)
    for command in ("acknowledge", "resolve"):
        answer = await api.post(f"/instances/{id_}/{command}", {"event_id": command})
        assert (answer.status_code, answer.json()["source"]) == (200, "store"), answer.text
    await api.ended(id_)
    counted = Counter(await history_of(api, id_))
    assert counted["WORKFLOW_EXECUTION_UPDATE_COMPLETED"] == 2
    assert counted["ACTIVITY_TASK_SCHEDULED"] == counted["WORKFLOW_EXECUTION_SIGNALED"] == 0
    assert counted.total() <= 20
    found = (await api.get(f"/instances/{id_}")).json()
    assert (found["status"], found["targets"]["first_response"]["met"]) == ("met", True)
    stored = await loaded(api, id_)
    assert (stored.sequence, stored.ongoing) == (3, False)


async def test_an_instance_that_was_told_something_else_meanwhile_takes_both(api: Any) -> None:
    """The API planned from what it knew: it learns of the other event, and plans again."""
    id_ = await running(api)
    await api.post(f"/instances/{id_}/pause", {"event_id": "p"})
    await handle_of(api, id_).signal("resume", {"event_id": "r"})
    await eventually(lambda: recorded_ids(api, id_), lambda ids: ids == ["p", "r"])
    answer = await api.post(f"/instances/{id_}/acknowledge", {"event_id": "a"})
    assert answer.status_code == 200
    assert await recorded_ids(api, id_) == ["p", "r", "a"]
    assert Counter(await history_of(api, id_))["WORKFLOW_EXECUTION_UPDATE_COMPLETED"] == 2


async def test_an_instance_that_the_store_is_behind_is_sent_a_signal(api: Any) -> None:
    """Its worker cannot record what another system has told it."""
    await api.policy()
    projection = Switchable(StoreProjection(api.dependencies.store), down=True)
    await api.stack.enter_async_context(build_worker(api.temporal, projection, [], task_queue=api.organization))
    id_ = (await api.ticket())["id"]
    await handle_of(api, id_).signal("pause", {"event_id": "p"})
    await eventually(lambda: handle_of(api, id_).query("state"), lambda state: "p" in state["applied"])
    assert (await api.post(f"/instances/{id_}/acknowledge", {"event_id": "a"})).status_code == 202
    assert await recorded_ids(api, id_) == []
    projection.down = False
    await eventually(lambda: recorded_ids(api, id_), lambda ids: ids == ["p", "a"])


async def test_operators_see_an_event_whose_sender_could_not_ask_for_search_attributes(api: Any) -> None:
    id_ = await running(api)
    api.dependencies.attributes.forget()
    assert await api.dependencies.attributes.names(api.temporal) == ()
    assert (await api.post(f"/instances/{id_}/pause", {"event_id": "p"})).status_code == 200
    assert (await handle_of(api, id_).describe()).typed_search_attributes[STATUS] == "paused"


async def test_many_events_at_once_each_twice_count_once_each_in_one_chain(api: Any) -> None:
    id_ = await running(api)
    ids = [f"e{number:02}" for number in range(12)]
    answers = await asyncio.gather(
        *(
            api.post("/events", {"type": "agent_replied", "event_id": one, "conversation_id": _subject(id_)})
            for one in [*ids, *ids]
        )
    )
    assert {answer.status_code for answer in answers} == {200}
    assert sorted(await recorded_ids(api, id_)) == ids
    await history_of(api, id_)
    assert (await api.post(f"/instances/{id_}/resolve", {"event_id": "r"})).status_code == 200
    await api.ended(id_)
    assert not (await loaded(api, id_)).ongoing


def _subject(id_: str) -> str:
    return id_.split("_", 3)[3]


async def test_a_step_whose_sender_died_is_recorded_when_the_event_is_sent_again(
    api: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Later, by another process: the step is the one that was taken, not one of that later instant."""
    id_ = await running(api)
    await taken_and_left(api, id_, "acknowledge", monkeypatch)
    assert await recorded_ids(api, id_) == []
    another_process(api)
    answer = await api.post(f"/instances/{id_}/acknowledge", {"event_id": "left", "occurred_at": None})
    assert (answer.status_code, answer.json()["status"]) == (200, "active")
    assert await recorded_ids(api, id_) == ["left"]
    assert (await api.post(f"/instances/{id_}/resolve", {"event_id": "r"})).status_code == 200
    await api.ended(id_)
    counted = Counter(await history_of(api, id_))
    assert counted["WORKFLOW_EXECUTION_UPDATE_COMPLETED"] == 2
    assert counted["ACTIVITY_TASK_SCHEDULED"] == 0


async def taken_and_left(api: Any, id_: str, command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The instance takes the event; whoever sent it dies before it is recorded."""
    died = asyncio.Event()

    async def dies(*_: Any) -> None:
        died.set()
        await asyncio.Event().wait()

    with monkeypatch.context() as patch:
        patch.setattr(planned_events, "_record", dies)
        asked = asyncio.create_task(api.post(f"/instances/{id_}/{command}", {"event_id": "left"}))
        await asyncio.wait_for(died.wait(), 60)
        asked.cancel()
        for task in list(api.dependencies.background):
            task.cancel()


@pytest.mark.parametrize(("command", "status"), [("acknowledge", "active"), ("resolve", "breached")])
async def test_a_step_whose_sender_died_is_recorded_from_the_history(
    api: Any, monkeypatch: pytest.MonkeyPatch, command: str, status: str
) -> None:
    """Though the event is never sent again, and though it ended the instance."""
    id_ = await running(api)
    await taken_and_left(api, id_, command, monkeypatch)
    if command == "resolve":
        await api.ended(id_)
    store = api.dependencies.store
    runs = Runs(api.temporal, api.organization)
    looking = Reconciler(store, runs, replays(api.temporal), lambda: Instant(system_now() + 15 * SECOND))

    async def look() -> Any:
        report = await looking.round(thorough=True)
        return [one.trouble for one in report.findings if api.organization in one.workflow_id]

    assert await eventually(look) == [Trouble.UNRECORDED]
    assert await recorded_ids(api, id_) == ["left"]
    assert (await loaded(api, id_)).ongoing == (command == "acknowledge")
    assert await look() == []


async def test_a_store_that_goes_away_before_the_step_is_recorded_leaves_it_to_the_instance(
    api: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = await running(api)

    async def away(*_: Any) -> None:
        """As where the store does not answer."""

    with monkeypatch.context() as patch:
        patch.setattr(planned_events, "_record", away)
        answer = await api.post(f"/instances/{id_}/acknowledge", {"event_id": "a"})
    assert answer.status_code == 200
    assert await recorded_ids(api, id_) == ["a"]
    counted = Counter(await history_of(api, id_))
    assert (counted["WORKFLOW_EXECUTION_UPDATE_COMPLETED"], counted["WORKFLOW_EXECUTION_SIGNALED"]) == (1, 1)
    assert (await api.post(f"/instances/{id_}/resolve")).status_code == 200
    await api.ended(id_)
    assert not (await loaded(api, id_)).ongoing


async def test_without_a_worker_an_event_is_durable_all_the_same_and_only_the_first_waits_for_one(api: Any) -> None:
    await api.policy()
    id_ = (await api.ticket())["id"]
    for one in ("a", "b"):
        answer = await api.post(f"/instances/{id_}/pause", {"event_id": one})
        assert (answer.status_code, answer.json()["instance"]["source"]) == (202, "planned")
    assert not api.app.state.dependencies.known.workers_answer
    await api.with_worker()
    await eventually(lambda: recorded_ids(api, id_), lambda ids: sorted(ids) == ["a", "b"])
    await history_of(api, id_)


@pytest.mark.parametrize(
    "content",
    [
        None,
        5,
        [],
        {},
        {"packed_json": "x"},
        {"event": {}, "basis": "", "before": "", "plan": {}, "plan_digest": "", "recorded": 0, "attributes": []},
        {"event": None, "basis": 1, "before": 2, "plan": None, "plan_digest": 3, "recorded": "x", "attributes": 5},
    ],
    ids=lambda content: str(content)[:20],
)
async def test_what_is_no_event_with_its_plan_is_turned_away_and_harms_nothing(api: Any, content: Any) -> None:
    id_ = await running(api)
    with pytest.raises(WorkflowUpdateFailedError):
        await handle_of(api, id_).execute_update(PLANNED, content)
    assert (await api.post(f"/instances/{id_}/acknowledge")).status_code == 200
    assert Counter(await history_of(api, id_))["WORKFLOW_TASK_FAILED"] == 0


def _told(known: Any, **changes: Any) -> Mapping[str, Any]:
    event = Event(EventKind.ACKNOWLEDGED, "x", system_now(), system_now(), source="api")
    applied = known.with_events([event])
    told = planned_events.planned_event(known, applied)
    return {**told.to_json(), **changes}


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"basis": "other"}, "planned from other events"),
        ({"before": "other"}, "planned from other events"),
        ({"plan": {"targets": [[0, 1]]}}, "the plan cannot be read"),
        ({"plan": {"targets": 7}}, "the plan cannot be read"),
    ],
)
async def test_a_plan_that_does_not_follow_from_the_instance_is_turned_away(
    api: Any, changes: Mapping[str, Any], problem: str
) -> None:
    id_ = await running(api)
    known = api.app.state.dependencies.known.latest((api.organization, id_))
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await handle_of(api, id_).execute_update(PLANNED, _told(known, **changes))
    assert problem in str(refused.value.cause)
    assert (await api.post(f"/instances/{id_}/acknowledge")).status_code == 200
    counted = Counter(await history_of(api, id_))
    assert (counted["WORKFLOW_TASK_FAILED"], counted["WORKFLOW_EXECUTION_UPDATE_ACCEPTED"]) == (0, 1)


class Held(StoreProjection):
    """A store that takes a step once the door is open."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.door = asyncio.Event()
        self.door.set()

    async def apply(self, step: Record) -> None:
        await self.door.wait()
        await super().apply(step)


async def test_an_event_that_comes_first_to_a_new_worker_leaves_a_history_that_replays(api: Any) -> None:
    """The worker before ended after two tasks of which nothing came, the last because a milestone had been told."""
    held = Held(api.dependencies.store)

    def a_worker() -> Worker:
        return build_worker(api.temporal, held, [Mailbox()], task_queue=api.organization)

    async def is_at_work(what: str) -> bool:
        described = (await handle_of(api, id_).describe()).raw_description
        return bool(described.pending_activities) if what == "activity" else described.HasField("pending_workflow_task")

    await api.policy(targets=[{"type": "resolution", "hours": 1}])
    api.use(timeouts=UNHURRIED)
    async with a_worker():
        halfway = Instant(system_now() - HALF_AN_HOUR + 2 * SECOND)
        id_ = str((await api.ticket(occurred_at=render(halfway)))["id"])
        await handle_of(api, id_).signal("acknowledge", {"event_id": "a"})
        await eventually(lambda: recorded_ids(api, id_), lambda ids: ids == ["a"])
        held.door.clear()
        await eventually(lambda: is_at_work("activity"))
        await handle_of(api, id_).signal("acknowledge", {"event_id": "a"})
        await eventually(lambda: is_at_work("task"), lambda at_work: not at_work)
        held.door.set()
        await eventually(lambda: is_at_work("activity"), lambda at_work: not at_work)
        await eventually(lambda: is_at_work("task"), lambda at_work: not at_work)
    another_process(api)
    async with a_worker():
        answer = await api.post(f"/instances/{id_}/resolve", {"event_id": "r"})
        assert answer.status_code == 200, answer.text
        await api.ended(id_)
    await history_of(api, id_)
    assert await recorded_ids(api, id_) == ["a", "r"]
