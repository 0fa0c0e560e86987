"""The connectors as channels of the worker.

No room may import all of these sides; `worker.py` puts this module in.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from activities.ports import Found, NoticeChannel
from channels.channel import Outside
from domain.errors import NoticeFailed, NoticeRefused, SlaError, StoreUnavailable
from domain.record.notices import organization_of
from domain.record.outcomes import CONNECTOR, Outcome, system_named
from service.hooks.writing import Writer
from service.tools.ciphers import Cipher
from service.tools.last_known import LastKnown
from store.sources.sources import StoredSource
from store.sources.writes import Writes
from ticket_systems import HttpSystems

KIND = "connector"


class KnownConnectors(LastKnown[Sequence[StoredSource]]):
    """The sources of each organization that have a connector, as a worker knows them: None while the store is down and
    nothing was ever read."""

    what = "connectors"


class ConnectorChannels:
    """The connectors of a notice's organization, each a channel of the notices whose actions it is to carry out."""

    def __init__(self, known: KnownConnectors, writes: Writes, cipher: Cipher, outside: Outside) -> None:
        self._known = known
        self._writes = writes
        self._cipher = cipher
        self._systems = HttpSystems(outside)
        self._doors = outside.doors

    async def find(self, organization: str, system: str) -> str | None:
        """The source of that id; else the one of that name; else the only one of that kind."""
        every = await self._known.of(organization)
        if every is None:
            raise StoreUnavailable("nobody can say now which connectors there are")
        for named in (
            [one for one in every if one.id == system],
            [one for one in every if one.document.name == system],
        ):
            if named:
                return named[0].id
        alike = [one for one in every if one.document.kind == system]
        return alike[0].id if len(alike) == 1 else None

    async def __call__(self, notice: Mapping[str, Any]) -> Found:
        documents = notice["data"].get("outcomes", ())
        if notice["data"]["withdraws"] is not None or not documents:
            return Found(())
        if any(system_named(one) is not None for one in documents):
            return Found((), known=False)
        wanted = [one[CONNECTOR] for one in documents if CONNECTOR in one and one["outcome"] == Outcome.WAITING]
        if not wanted:
            return Found(())
        every = await self._known.of(organization_of(notice))
        if every is None:
            return Found((), known=False)
        there = {one.id: one for one in every}
        return Found([self._channel(id_, there.get(id_)) for id_ in dict.fromkeys(wanted)])

    def _channel(self, source_id: str, stored: StoredSource | None) -> NoticeChannel:
        if stored is None:
            return _Gone(source_id)
        return self._doors.before(_Connector(Writer(stored, self._writes, self._systems, self._cipher)))


class _Connector:
    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    @property
    def name(self) -> str:
        return f"{KIND}:{self._writer.source.id}"

    async def send(self, notice: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        try:
            return await self._writer.carry_out(notice)
        except NoticeFailed:
            raise
        except SlaError as error:
            # The store is away, or no key opens the credentials: it waits until they are there again.
            raise NoticeFailed(f"{self.name}: {error.message}") from error


class _Gone:
    """A connector that was taken away while it had something to do."""

    def __init__(self, source_id: str) -> None:
        self.name = f"{KIND}:{source_id}"

    async def send(self, notice: Mapping[str, Any]) -> None:  # noqa: ARG002 - the channel's signature
        raise NoticeRefused(f"{self.name}: the source has no connector any more")


def both(*every: Any) -> Any:
    """The channels that several finders have for a notice, as one finder."""

    async def found(notice: Mapping[str, Any]) -> Found:
        answers = await asyncio.gather(*(one(notice) for one in every))
        channels = [channel for answer in answers for channel in answer.channels]
        return Found(channels, known=all(answer.known for answer in answers))

    return found
