"""The worker's composition root: real store, real channels, real clock. `python worker.py` runs it on its own."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from functools import partial
from typing import Any, cast

from temporalio.client import Client
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner, Worker, WorkerDeploymentConfig, WorkflowRunner

from activities.applying import Applying
from activities.heartbeats import Heartbeats
from activities.loading import Loading
from activities.log_lines import in_brief
from activities.notices.addressing import NobodyKnown
from activities.notices.delivery import Deliverer
from activities.notices.escalating import Escalating
from activities.notices.sending import Sender
from activities.notices.telling import Telling
from activities.ports import (
    Addressees,
    Connectors,
    InVain,
    NoConnectors,
    NoticeChannel,
    Projection,
    Receivers,
    Refused,
    SearchAttributes,
    SignalTimes,
    no_receivers,
    unheard,
)
from activities.recording import Recorder, Recording
from activities.signal_times import HistorySignalTimes
from addressees import OrganizationAddressees
from channels.channel import Outside, opened
from channels.registry import configured
from connection import connect, leave
from connectors import ConnectorChannels, KnownConnectors, both
from domain.calendar import pin_packaged_tzdata
from domain.errors import SlaError
from domain.instants import Instant
from domain.plan.planning import plan
from domain.policy.catalog import Catalog
from domain.record.histories import KnownHistories, Planner
from domain.record.records import Delivery, Record
from guard import GuardedRunner, NotReplayed, ignore
from outlets import ChannelOutlets, OrganizationChannels, cipher_of
from service.deliveries.attempts import AttemptLog
from service.deliveries.resending import Named, Resender
from service.dependencies import Dependencies
from service.hooks.applying import Applier
from service.people.contacts import Contacts
from service.people.directories import KnownDirectories
from service.people.refreshing import FeedReader
from service.receivers import MAIL, KnownReceivers, NoOutlets
from service.reconciling import Reconciler, Runs, Suspects, Suspicion
from service.reconciling.catching_up import EarlierRuns
from service.reconciling.filling import keep_filled
from service.reconciling.healing import Replays
from service.templates import KnownTemplates
from service.temporal.engine import provider
from service.temporal.run_histories import RunHistories
from service.temporal.search_attributes import available
from service.tools.ciphers import Cipher
from settings import Settings
from store.store import Store
from workflows.documents import SetAside, StateDocument
from workflows.instance.sla_instance import SlaInstance
from workflows.visibility import ATTRIBUTES

logger = logging.getLogger("slakeeper.worker")

WEBHOOK_TIMEOUT_SECONDS = 10
DEPLOYMENT = "slakeeper"
STICKY_TIMEOUT = timedelta(seconds=1)
# By default the SDK keeps heartbeats back for four fifths of their timeout: then none of them may be lost.
HEARTBEAT_PAUSE = timedelta(seconds=1)
# A receiver that hangs holds its slot for `WEBHOOK_TIMEOUT_SECONDS`; plans and records must find one meanwhile.
ACTIVITY_SLOTS = 500


class StoreProjection:
    """The store as the activities see it."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def apply(self, record: Record) -> None:
        await self._store.instances.apply(record)

    async def deliveries(self, step: Record) -> Sequence[Delivery]:
        notice_ids = [notice["id"] for notice in step.notices]
        return await self._store.instances.deliveries(step.organization, step.instance_id, notice_ids)

    async def load(self, organization: str, instance_id: str) -> StateDocument | None:
        loaded = await self._store.instances.load(organization, instance_id)
        if loaded is None:
            return None
        return {
            "snapshot": loaded.snapshot,
            "plan": loaded.plan,
            "events": [event.to_json() for event in loaded.events],
            "ledger": [firing.to_json() for firing in loaded.ledger],
            "sequence": loaded.sequence,
            "set_aside": cast("SetAside", loaded.set_aside),
            "ongoing": loaded.ongoing,
            "outstanding": [
                {"notice": notice, "settled": [delivery.to_json() for delivery in settled]}
                for notice, settled in loaded.undelivered
            ],
        }

    async def catalog(self, organization: str) -> Catalog:
        return await self._store.catalog(organization)

    async def auto_escalate(self, organization: str) -> bool:
        return (await self._store.ims.get(organization)).auto_escalate


def system_now() -> Instant:
    return Instant(time.time_ns() // 1000)


def build_worker(  # noqa: PLR0913 - a composition root names all that it puts together
    client: Client,
    projection: Projection,
    channels: Sequence[NoticeChannel],
    *,
    task_queue: str,
    attributes: Sequence[str] = (),
    signal_times: SignalTimes | None = None,
    receivers: Receivers = no_receivers,
    in_vain: InVain = unheard,
    refused: Refused = ignore,
    not_replayed: NotReplayed = ignore,
    build_id: str | None = None,
    planner: Planner = plan,
    addressees: Addressees | None = None,
    connectors: Connectors | None = None,
    **options: Any,
) -> Worker:
    """A worker for `SlaInstance`.

    `channels` are the operator's, which take every notice; `receivers` finds those of an organization. `attributes`
    are the search attributes that the namespace has. `in_vain` is told of each attempt that is made again. `refused` is
    called with each run whose record contradicts what the store has, `not_replayed` with each run whose history did not
    replay. `planner` is the core's unless it is to see other dates than the events bear. `addressees` finds those whom
    escalations name; left out: nobody is known. `connectors` finds the way back to ticket systems. With a `build_id`
    the worker is a version of the deployment `slakeeper`, and gets tasks once that version is made current.
    """

    return Worker(
        client,
        task_queue=task_queue,
        workflows=[SlaInstance],
        activities=_activities(
            client,
            projection,
            Sender(
                tuple(channels),
                system_now,
                addressees or NobodyKnown(),
                receivers,
                connectors or NoConnectors(),
                in_vain,
            ),
            Recorder(projection, refused),
            signal_times or HistorySignalTimes(client),
            lambda: list(attributes),
            planner,
        ),
        workflow_runner=GuardedRunner(workflow_runner(), not_replayed),
        deployment_config=_deployment(build_id),
        # Instances of a worker that was killed wait that long for it before another worker may take them over.
        sticky_queue_schedule_to_start_timeout=STICKY_TIMEOUT,
        graceful_shutdown_timeout=timedelta(seconds=WEBHOOK_TIMEOUT_SECONDS),
        max_concurrent_activities=ACTIVITY_SLOTS,
        interceptors=[Heartbeats(), *options.pop("interceptors", ())],
        max_heartbeat_throttle_interval=HEARTBEAT_PAUSE,
        **options,
    )


def _activities(
    client: Client,
    projection: Projection,
    sender: Sender,
    recorder: Recorder,
    signal_times: SignalTimes,
    existing: SearchAttributes,
    planner: Planner,
) -> list[Callable[..., Any]]:
    """Everything that a workflow may ask of the worker."""
    earlier_runs = EarlierRuns(RunHistories(client), projection.apply)
    return [
        Applying(projection, recorder, signal_times, existing, KnownHistories(), planner).apply_events,
        Loading(projection, earlier_runs, existing).load,
        Recording(recorder, existing).record,
        Telling(sender, projection, recorder, existing).tell,
        Deliverer(sender).deliver,
        Escalating(projection).auto_escalate,
    ]


def workflow_runner() -> WorkflowRunner:
    """The runner below the guard. A replayer needs no guard: it answers no queries.

    There is no sandbox of the SDK in it. All that the workflow imports would have to be passed through the sandbox, so
    that it would watch nothing (decision 18); tests/workflows/costs/test_workflow_code.py watches instead.
    """
    return UnsandboxedWorkflowRunner()


def replays(client: Client) -> Replays:
    """Whether the code of this process can replay a run's history."""
    replayer = Replayer(
        workflows=[SlaInstance], data_converter=client.data_converter, workflow_runner=workflow_runner()
    )

    async def can_be_replayed(workflow_id: str, run_id: str) -> bool:
        history = await client.get_workflow_handle(workflow_id, run_id=run_id).fetch_history()
        result = await replayer.replay_workflow(history, raise_on_replay_failure=False)
        return result.replay_failure is None

    return can_be_replayed


def receivers_of(
    store: Store, cipher: Cipher, outside: Outside, words: KnownTemplates | None = None
) -> OrganizationChannels:
    """The organizations' receivers as they stand in the store; the last known ones while it is down. `words` are the
    organizations' own templates; left out: they are read as the receivers are."""
    known, words = KnownReceivers(store.receivers.enabled), words or KnownTemplates(store.templates.of)
    return OrganizationChannels(known, cipher, outside, store.receivers.switch_off, words)


def named_among(
    channels: Sequence[NoticeChannel], receivers: OrganizationChannels, addressees: OrganizationAddressees
) -> Named:
    """Finds a channel by its name: the operator's are everybody's."""
    everybodys = {channel.name: channel for channel in channels}

    async def named(organization: str, name: str, notice: Mapping[str, Any]) -> NoticeChannel | None:
        found = everybodys.get(name) or await receivers.named(organization, name)
        return found or await addressees.named(organization, name, notice)

    return named


def connectors_of(store: Store, cipher: Cipher, outside: Outside) -> ConnectorChannels:
    """The connectors of organizations' sources, known as receivers are."""
    return ConnectorChannels(KnownConnectors(store.sources.connected), store.source_writes, cipher, outside)


def addressees_of(
    store: Store, cipher: Cipher, outside: Outside, words: KnownTemplates | None = None
) -> OrganizationAddressees:
    """Those whom escalations name, as the store has them; the last known ones while it is down."""
    writes_mail = ChannelOutlets(outside).sends(MAIL)
    known = KnownDirectories(store.people.of, cipher, system_now, writes_mail=writes_mail)
    mark = Contacts(store.contacts, cipher, NoOutlets()).mark
    return OrganizationAddressees(known, outside, words or KnownTemplates(store.templates.of), mark)


def build_reconciler(client: Client, store: Store, *, task_queue: str, dry: bool = False) -> Reconciler:
    return Reconciler(store, Runs(client, task_queue), replays(client), system_now, dry=dry)


def _deployment(build_id: str | None) -> WorkerDeploymentConfig:
    # Declared here and not on the workflow: servers refuse a behaviour from a worker that is not versioned.
    return WorkerDeploymentConfig(
        version=WorkerDeploymentVersion(deployment_name=DEPLOYMENT, build_id=build_id or "unversioned"),
        use_worker_versioning=build_id is not None,
        default_versioning_behavior=(
            VersioningBehavior.UNSPECIFIED if build_id is None else VersioningBehavior.AUTO_UPGRADE
        ),
    )


async def run(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT."""
    pin_packaged_tzdata()
    # httpx would write receivers' URLs, tokens included, into the log.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    logging.getLogger("temporalio.activity").addFilter(in_brief)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        client = await connect(settings)
        store = Store.open(settings.database_url)
        stack.push_async_callback(store.close)
        outside = await stack.enter_async_context(opened(settings, WEBHOOK_TIMEOUT_SECONDS))
        channels, cipher = configured(outside), cipher_of(settings)
        words = KnownTemplates(store.templates.of)
        receivers = receivers_of(store, cipher, outside, words)
        addressees = addressees_of(store, cipher, outside, words)
        connectors = connectors_of(store, cipher, outside)
        attempts = AttemptLog(store.attempts)
        stack.push_async_callback(attempts.close)
        suspects = Suspects()
        worker = build_worker(
            client,
            StoreProjection(store),
            channels,
            task_queue=settings.task_queue,
            attributes=await available(client, ATTRIBUTES),
            receivers=both(receivers, connectors),
            in_vain=attempts.note,
            connectors=connectors,
            addressees=addressees,
            refused=partial(suspects.report, Suspicion.REFUSED),
            not_replayed=partial(suspects.report, Suspicion.NOT_REPLAYED),
            build_id=settings.build_id,
        )
        await stack.enter_async_context(worker)
        reconciler = build_reconciler(client, store, task_queue=settings.task_queue)
        deps = Dependencies(store, provider(client), task_queue=settings.task_queue)
        applier = Applier(deps, settings.hook_days, settings.hook_memory_days)
        resender = Resender(store.resends, named_among(channels, receivers, addressees), system_now)
        feeds = FeedReader(store.on_calls, cipher, ChannelOutlets(outside).fetch, system_now)
        for upkeep in (
            *(reconciler.keep(suspects), keep_filled(store.dimensions), applier.keep()),
            *(attempts.keep(), resender.keep(), feeds.keep()),
        ):
            stack.callback(asyncio.create_task(upkeep).cancel)
        logger.info("worker on task queue %s, %d channel(s)", settings.task_queue, len(channels))
        await stop.wait()


def main() -> None:
    try:
        settings = Settings.load()
        logging.basicConfig(level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")
        asyncio.run(run(settings))
    except SlaError as error:
        print(error.message, file=sys.stderr)  # noqa: T201 - whoever started the worker reads it
        leave(1)
    leave(0)


if __name__ == "__main__":
    main()
