"""What all of the service works with. Whoever starts the process builds it; tests pass their own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from domain.calendar import tzdata_version
from domain.instants import Instant
from domain.people.directory import Directory
from service.deliveries.log import DeliveryLog
from service.people.contacts import Contacts
from service.people.directories import directory_of
from service.people.on_calls import OnCalls
from service.receivers import MAIL, NoOutlets, Outlets, Receivers
from service.systems import NoTicketSystems, TicketSystems
from service.templates import Templates
from service.temporal.engine import ClientProvider, Engine
from service.temporal.known_attributes import Attributes
from service.temporal.known_instances import KnownInstances
from service.temporal.slots import CommandSlots
from service.tools.ciphers import Cipher
from service.tools.guesses import Guesses
from service.tools.timeouts import Timeouts
from service.tools.watch import Watch
from store.database.clock import system_clock
from store.store import Store

DEFAULT_TASK_QUEUE = "sla"


@dataclass(frozen=True, slots=True)
class Dependencies:
    store: Store
    temporal: ClientProvider
    now: Callable[[], Instant] = system_clock
    tzdata_version: str = field(default_factory=tzdata_version)
    task_queue: str = DEFAULT_TASK_QUEUE
    timeouts: Timeouts = field(default_factory=Timeouts)
    # Writes that no request waits for. The event loop itself holds only weak references to tasks.
    background: set[asyncio.Task[Any]] = field(default_factory=set)
    watch: Watch = field(default_factory=Watch)
    attributes: Attributes = field(default_factory=Attributes)
    slots: CommandSlots = field(default_factory=CommandSlots)
    known: KnownInstances = field(default_factory=KnownInstances)
    guesses: Guesses = field(default_factory=Guesses)
    # For what is encrypted at rest; without keys nothing can be.
    cipher: Cipher = field(default_factory=Cipher)
    outlets: Outlets = field(default_factory=NoOutlets)
    systems: TicketSystems = field(default_factory=NoTicketSystems)
    # Where ticket systems reach the API, if not where the request says.
    public_url: str = ""

    @property
    def receivers(self) -> Receivers:
        return Receivers(self.store.receivers, self.cipher, self.outlets)

    @property
    def deliveries(self) -> DeliveryLog:
        return DeliveryLog(self.store.deliveries, self.store.resends)

    @property
    def templates(self) -> Templates:
        return Templates(self.store.templates, self.store.deliveries, self.outlets.wording)

    @property
    def contacts(self) -> Contacts:
        return Contacts(self.store.contacts, self.cipher, self.outlets)

    @property
    def on_calls(self) -> OnCalls:
        return OnCalls(self.store.on_calls, self.cipher, self.outlets, self.now)

    async def directory(self, organization: str) -> Directory:
        """Whom the organization's policies may name, as the store has them now."""
        people = await self.store.people.of(organization)
        return await directory_of(people, self.cipher, self.now(), writes_mail=self.outlets.sends(MAIL))

    @property
    def engine(self) -> Engine:
        return Engine(self.temporal, self.task_queue, self.timeouts, self.attributes, self.slots)
