"""An event by its subject, as it goes to every instance of a conversation, ticket or incident."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from domain.ids import InstanceId
from domain.ticket.events import Event
from domain.ticket.tickets import Ticket
from service.instances.signals import Signal


@dataclass(frozen=True, slots=True)
class CarriedTickets:
    """The ticket that an event carries for an unknown subject, once for each kind of instance that it may get.

    `opened` is the event that opens them.
    """

    tickets: Sequence[Ticket]
    opened: Event


@dataclass(frozen=True, slots=True)
class SubjectEvent:
    """`signal` is what instances are sent, None for an opening: that is no news to an instance that exists."""

    subject: Sequence[InstanceId]
    event_id: str
    signal: Signal | None
    carried: CarriedTickets | None
