"""`load`: what an instance needs that was started with the ticket alone, or that goes on after an earlier run."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from temporalio import activity

from activities.boundary import temporal_errors
from activities.ports import EarlierRuns, Projection, SearchAttributes
from domain.calendar import tzdata_version
from domain.errors import InvalidValue, NotFound
from domain.fields import optional_flag, require_mapping
from domain.ids import InstanceId, workflow_id
from domain.instants import Instant, parse, render
from domain.plan.planning import plan
from domain.plan.plans import Plan
from domain.record.records import first_record, refusal
from domain.ticket.events import FUTURE_TOLERANCE, Event, EventKind
from domain.ticket.tickets import SUBJECT_FIELDS, Ticket
from workflows.calls import LOAD
from workflows.documents import (
    Beginning,
    Document,
    EarlierRun,
    LoadAnswer,
    LoadRequest,
    SignalDocument,
    StartInput,
    StateDocument,
)
from workflows.messages import AFTER
from workflows.packing import pack, unpack
from workflows.signals import Refusal, read_signal

NOTHING: EarlierRun = {"start": {}, "started_at": None, "signals": []}


class Loading:
    def __init__(self, projection: Projection, earlier_runs: EarlierRuns, search_attributes: SearchAttributes) -> None:
        self._projection = projection
        self._earlier_runs = earlier_runs
        self._search_attributes = search_attributes

    @activity.defn(name=LOAD)
    async def load(self, packed: Document) -> Document:
        """A `LoadRequest` to a `LoadAnswer`.

        The answer is empty when no policy, or none of its targets, applies to the ticket. The first step of an instance
        that begins is recorded before it is answered.
        """
        request = unpack(packed, LoadRequest)
        with temporal_errors():
            organization, instance_id = request["organization"], request["instance_id"]
            earlier = await self._earlier_runs(workflow_id(organization, instance_id), request["after"]) or NOTHING
            recorded = await self._projection.load(organization, instance_id)
            if recorded is not None:
                lost = list(missed(earlier["signals"], recorded))
                return self._answer({"recorded": pack(recorded), "missed": lost})
            begun = await self._begin(
                {**request, "started_at": earlier["started_at"] or request["started_at"]}, earlier["start"]
            )
            if begun is None:
                return {}
            opened, planned = Event.from_json(begun["opened"]), Plan.from_json(begun["plan"])
            await self._projection.apply(first_record(begun["snapshot"], planned, opened))
            return self._answer(
                {
                    "snapshot": begun["snapshot"],
                    "plan": begun["plan"],
                    "opened": begun["opened"],
                    "missed": earlier["signals"],
                }
            )

    def _answer(self, answer: LoadAnswer) -> Document:
        answer["attributes"] = self._search_attributes()
        return pack(answer)

    async def _begin(self, request: LoadRequest, start: StartInput) -> Beginning | None:
        """What the instance starts with: as the earlier run did, if there was one. None when no policy applies."""
        if "snapshot" in start:
            return {"snapshot": start["snapshot"], "plan": start["plan"], "opened": start["opened"]}
        organization, instance_id = request["organization"], request["instance_id"]
        document = request["ticket"] or {name: value for name, value in start.items() if name != AFTER}
        ticket = read_ticket(document, InstanceId.parse(instance_id))
        opened = opening(document, instance_id, parse(request["started_at"]))
        catalog = await self._projection.catalog(organization)
        snapshot = catalog.snapshot(ticket, tzdata_version())
        if snapshot is None or not snapshot.targets:
            return None
        opened = catalog.hushed(opened)
        planned = await asyncio.to_thread(plan, snapshot, [opened])
        return {"snapshot": snapshot.to_json(), "plan": planned.to_json(), "opened": opened.to_json()}


def missed(signals: Sequence[SignalDocument], recorded: StateDocument) -> Iterator[SignalDocument]:
    """The signals of an earlier run that the record shows neither as an event nor as set aside."""
    shown, set_aside = {event["event_id"] for event in recorded["events"]}, recorded["set_aside"]
    unreadable = set_aside["count"]
    for signal in signals:
        read = read_signal(signal["name"], signal["payload"], parse(signal["at"]), 0, mint=str)
        if isinstance(read, Refusal):
            unreadable -= 1
            if unreadable < 0:
                yield signal
        elif read.event.event_id not in shown and refusal(set_aside, read.event.event_id) is None:
            yield signal


def read_ticket(document: Any, instance: InstanceId) -> Ticket:
    """The ticket in a start input. The subject may be left out, for the workflow id names it.

    Raises InvalidValue for a subject that contradicts the workflow id, and NotFound without a ticket.
    """
    if not document:
        raise NotFound(f"instance {instance} is not recorded and was started without a ticket")
    body = require_mapping(document, "ticket")
    if "ticket" in body:
        body = require_mapping(body["ticket"], "ticket")
    own = {f"{instance.subject_type}_id": instance.subject, "kind": instance.kind.value}
    for name in (*SUBJECT_FIELDS, "kind"):
        if body.get(name) not in (None, own.get(name)):
            raise InvalidValue(f"ticket.{name}", body[name], f"contradicts the workflow id, which says {instance}")
    return Ticket.from_json({**body, **own}, "ticket")


def opening(document: Mapping[str, Any], instance_id: str, started_at: Instant) -> Event:
    """The opening of a ticket whose instance began as a workflow. By default it opened when the workflow started.

    Raises InvalidValue for a time more than five minutes after that.
    """
    ticket = document.get("ticket", document)
    given, quiet = ticket.get("occurred_at"), optional_flag(ticket.get("quiet"), "ticket.quiet")
    occurred_at = started_at if given is None else parse(given, "ticket.occurred_at")
    if occurred_at > started_at + FUTURE_TOLERANCE:
        raise InvalidValue("ticket.occurred_at", given, f"is more than five minutes ahead of {render(started_at)}")
    return Event(EventKind.OPENED, f"opened/{instance_id}", occurred_at, started_at, source="workflow", quiet=quiet)
