"""What escalations order of a ticket system is written to it, each action once as far as the vendor lets it."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from domain.errors import NoticeFailed, NoticeRefused
from domain.policy.actions import FIELD, Action
from domain.record.outcomes import CONNECTOR, Outcome, written
from domain.ticket.tickets import SUBJECT_FIELDS
from service.hooks.connecting import connection_of, target_of
from service.systems import Target, TicketSystems
from service.tools.ciphers import Cipher
from sources.connectors import Answer, Order, Request, Unwritable, carry_out, check
from store.sources.sources import SourceDocument, StoredSource
from store.sources.writes import NewWrite, Writes, WriteState

Notice = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Writer:
    """Carries out the actions of one source's connector."""

    source: StoredSource
    writes: Writes
    systems: TicketSystems
    cipher: Cipher

    async def carry_out(self, notice: Notice) -> Sequence[Mapping[str, Any]]:
        """What became of all actions of the notice.

        Raises NoticeFailed as long as one of them may still be taken, after all the others were tried.
        """
        outcomes: list[Mapping[str, Any]] = []
        failures: list[NoticeFailed] = []
        for place, outcome in enumerate(notice["data"]["outcomes"]):
            if outcome.get(CONNECTOR) != self.source.id or outcome["outcome"] != Outcome.WAITING:
                outcomes.append(outcome)
                continue
            try:
                outcomes.append(written(outcome, await self._write(notice, outcome, f"{notice['id']}/{place}")))
            except NoticeFailed as failure:
                outcomes.append(outcome)
                failures.append(failure)
        if failures:
            raise NoticeFailed(failures[0].message, failures[0].retry_after, outcomes)
        return outcomes

    async def _write(self, notice: Notice, outcome: Mapping[str, Any], key: str) -> str | None:
        """Why it was refused; None: it is done."""
        action = outcome["action"]
        subject, value = _subject(notice), str(outcome[FIELD[Action(action)] or ""])
        kept = await self.writes.begin(self.source.organization, self.source.id, NewWrite(key, subject, action, value))
        if kept.state is WriteState.DONE:
            return None
        if kept.state is WriteState.REFUSED:
            return kept.reason
        begun_at = None if kept.is_new else kept.begun_at
        try:
            document = self.source.document
            asked = carry_out(connection_of(document), Order(action, value, key), subject, begun_at)
            await drive(asked, target_of(document, self.cipher), self.systems)
        except (Unwritable, NoticeRefused) as refusal:
            await self._settle(key, WriteState.REFUSED, refusal.message)
            return refusal.message
        await self._settle(key, WriteState.DONE)
        return None

    async def _settle(self, key: str, state: WriteState, reason: str = "") -> None:
        await self.writes.settle(self.source.organization, self.source.id, key, state, reason)


async def drive(asked: Generator[Request, Answer, str], target: Target, systems: TicketSystems) -> str:
    """Send each request of the generator and give it the answer; what it returns in the end."""
    try:
        request = next(asked)
        while True:
            request = asked.send(await systems.ask(target, request))
    except StopIteration as end:
        return str(end.value or "")


@dataclass(frozen=True, slots=True)
class TriedConnector:
    """Whose credentials the connector has (`account`), as the ticket system names him, or what went wrong."""

    outcome: Literal["taken", "refused", "failed"]
    account: str | None = None
    error: str | None = None


async def try_connector(document: SourceDocument, cipher: Cipher, systems: TicketSystems) -> TriedConnector:
    """Raises InvalidValue for a source without a connector, and SecretsUnreadable."""
    connection, target = connection_of(document), target_of(document, cipher)
    try:
        return TriedConnector("taken", await drive(check(connection), target, systems))
    except (NoticeRefused, Unwritable) as refusal:
        return TriedConnector("refused", error=refusal.message)
    except NoticeFailed as failure:
        return TriedConnector("failed", error=failure.message)


def _subject(notice: Notice) -> str:
    ticket = notice["data"]["ticket"]
    return next(str(ticket[name]) for name in SUBJECT_FIELDS if ticket.get(name) is not None)
