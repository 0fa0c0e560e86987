"""Kept bodies become events of tickets, in the order of their arrival at each ticket.

One worker at a time has a source. It takes the bodies that wait in the order of their arrival and goes through those
of different tickets side by side. Events go out first; then one transaction writes what became of the body and what is
remembered of its tickets. A worker that is killed in between has its body interpreted again, from the same memory and
therefore with the same event ids, which count once.

A body that cannot be applied now (Temporal is away) is tried again, each time later, and holds back the later bodies of
its own tickets only. One that can never be applied is set aside with its reason and holds back nothing.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from domain.access.subscriptions import Subscription
from domain.errors import Outdated, SlaError, StoreUnavailable, Unavailable
from domain.ids import Kind
from domain.instants import DAY, SECOND, Instant, Micros
from service.dependencies import Dependencies
from service.hooks.configuring import source_of
from service.hooks.events import apply
from service.hooks.interpreting import Document, Reading, subjects_of
from service.hooks.receiving import delivery_of
from sources.hooks import Echo, Interpretation, Item, Outcome, Source
from store.sources.bodies import BodyState, StoredBody
from store.sources.settling import Lease, Settlement

logger = logging.getLogger("slakeeper.hooks")

PAGE = 100
"""So many bodies of one source, and it is the others' turn."""
AT_ONCE = 8
INTERVAL_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0
FIRST_RETRY = Micros(2 * SECOND)
LAST_RETRY = Micros(60 * SECOND)
PRUNED_EVERY_SECONDS = 600.0


@dataclass
class Round:
    """What came of one look at all sources. `is_broken_off`: Temporal or the store did not answer. `is_cut_short`: a
    source may have more that can be settled now."""

    settled: int = 0
    postponed: int = 0
    is_broken_off: bool = False
    is_cut_short: bool = False


@dataclass
class _Turn:
    """One source while this worker has it. `held` are the tickets whose later bodies have to wait."""

    lease: Lease
    source: Source
    kinds: Sequence[Kind]
    name: str
    held: set[str] = field(default_factory=set)
    failures: int = 0
    settled: int = 0
    is_over: bool = False


@dataclass(frozen=True)
class _Waiting:
    body: StoredBody
    items: Sequence[Item | Interpretation]
    subjects: Sequence[str]


class Applier:
    """`kept_days` is how long bodies are kept that are settled, and what was written; `remembered_days` how long a
    ticket is remembered that nothing is heard of."""

    def __init__(self, deps: Dependencies, kept_days: int = 30, remembered_days: int = 365) -> None:
        self._deps = deps
        self._remembered_for = Micros(remembered_days * DAY)
        self._kept_for = Micros(kept_days * DAY)
        self._worker = f"worker-{uuid.uuid4().hex}"
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def keep(self) -> None:
        """Look for what waits, for ever."""
        pause, pruned = INTERVAL_SECONDS, 0.0
        clock = asyncio.get_running_loop().time
        while True:
            try:
                done = await self.round()
                pause = _pause_after(done, pause)
                if not pruned or clock() - pruned > PRUNED_EVERY_SECONDS:
                    await self.prune()
                    pruned = clock()
            except Unavailable as error:
                logger.warning("webhooks wait: %s", error)
                pause = _longer(pause)
            except Exception:
                # Whatever is wrong with one source, the next round must look after the others.
                logger.exception("webhooks wait")
            await asyncio.sleep(pause)

    async def prune(self) -> None:
        """Remove bodies, writes and memories that have been kept long enough."""
        store, kept_since = self._deps.store, Instant(self._deps.now() - self._kept_for)
        while await store.hook_bodies.prune(kept_since):
            pass
        while await store.source_writes.prune(kept_since):
            pass
        while await store.settling.forget(Instant(self._deps.now() - self._remembered_for)):
            pass

    async def round(self) -> Round:
        """Settle what can be settled now, of each source about a page. Raises StoreUnavailable."""
        done = Round()
        for organization, source_id in await self._deps.store.settling.ready():
            lease = await self._deps.store.settling.lease(organization, source_id, self._worker)
            if lease is None:
                continue
            try:
                await self._source(lease, done)
            except SlaError as error:
                if isinstance(error, StoreUnavailable):
                    raise
                logger.warning("source %s waits: %s", source_id, error)
            finally:
                await self._deps.store.settling.release(lease)
        return done

    async def _source(self, lease: Lease, done: Round) -> None:
        stored = await self._deps.store.sources.get(lease.organization, lease.source_id)
        owner = await self._deps.store.organizations.get(lease.organization)
        kinds = list(Kind) if owner.subscription.covers(Subscription.ENTERPRISE) else [Kind.SLA]
        turn = _Turn(lease, source_of(stored.document), kinds, lease.source_id)
        after = 0
        while page := await self._deps.store.settling.waiting(lease, after, PAGE):
            after = page[-1].arrival
            await asyncio.gather(*(self._chain(turn, chain, done) for chain in _chains(turn.source, page)))
            if turn.is_over:
                return
            if turn.settled >= PAGE:
                done.is_cut_short = True
                return

    async def _chain(self, turn: _Turn, chain: Sequence[_Waiting], done: Round) -> None:
        """The bodies of one ticket, or of tickets that have a body in common, in the order of their arrival."""
        for one in chain:
            async with self._slots:
                if turn.is_over:
                    return
                await self._one(turn, one, done)

    async def _one(self, turn: _Turn, one: _Waiting, done: Round) -> None:
        is_early = one.body.retry_at is not None and one.body.retry_at > self._deps.now()
        if is_early or not turn.held.isdisjoint(one.subjects):
            turn.held.update(one.subjects)
            return
        try:
            settlement = await self._settlement(turn, one)
            await self._deps.store.settling.settle(turn.lease, one.body.arrival, settlement)
        except Outdated:
            turn.is_over = True
        except Unavailable as error:
            turn.held.update(one.subjects)
            turn.failures += 1
            # As many in a row as go side by side: it is not this ticket's fault.
            if turn.failures >= AT_ONCE or isinstance(error, StoreUnavailable):
                turn.is_over = done.is_broken_off = True
            await self._postpone(turn, one, error)
            done.postponed += 1
        else:
            turn.failures = 0
            turn.settled += 1
            done.settled += 1

    async def _postpone(self, turn: _Turn, one: _Waiting, error: SlaError) -> None:
        pause = min(FIRST_RETRY * 2 ** min(one.body.attempts, 10), LAST_RETRY)
        try:
            await self._deps.store.settling.postpone(
                turn.lease, one.body.arrival, Instant(self._deps.now() + pause), error.message
            )
        except Unavailable as worse:
            logger.warning("source %s waits: %s", turn.lease.source_id, worse)
            turn.is_over = True
        except Outdated:
            turn.is_over = True

    async def _settlement(self, turn: _Turn, one: _Waiting) -> Settlement:
        """Raises Unavailable. Whatever else goes wrong with a body is why it is set aside."""
        settling = self._deps.store.settling
        known = await settling.remembered(turn.lease.organization, turn.lease.source_id, one.subjects)
        try:
            return await Reading(turn.source, known, await self._echoes(turn, one)).settlement(
                one.items, lambda found: self._hand(turn, found)
            )
        except Unavailable:
            raise
        except Exception as error:
            logger.exception("body %d of source %s is set aside", one.body.arrival, turn.lease.source_id)
            return Settlement(BodyState.SET_ASIDE, (), f"it could not be applied ({type(error).__name__})")

    async def _echoes(self, turn: _Turn, one: _Waiting) -> Mapping[str, Sequence[Echo]]:
        """What escalations had written to the body's tickets, by their ids."""
        organization, source_id = turn.lease.organization, turn.lease.source_id
        found: dict[str, list[Echo]] = {}
        for write in await self._deps.store.source_writes.awaited(
            organization, source_id, one.subjects, one.body.arrival, one.body.delivery.received_at
        ):
            found.setdefault(write.subject, []).append(Echo(write.key, write.action, write.value))
        return found

    async def _hand(self, turn: _Turn, found: Interpretation) -> Document:
        document = found.to_json()
        if found.ticket is None:
            return document
        try:
            reached = await apply(
                self._deps, turn.lease.organization, found.events, found.ticket, turn.kinds, turn.name
            )
        except Unavailable:
            raise
        except SlaError as error:
            reason = getattr(error, "reason", error.message)
            return {**document, "outcome": Outcome.SET_ASIDE.value, "reason": reason, "field": error.field}
        return {**document, "instances": [str(instance) for instance in reached]}


def _pause_after(done: Round, last: float) -> float:
    """Seconds."""
    if done.is_broken_off:
        return _longer(last)
    return 0.0 if done.is_cut_short else INTERVAL_SECONDS


def _longer(pause: float) -> float:
    return min(max(pause, INTERVAL_SECONDS) * 2, LONGEST_PAUSE_SECONDS)


def _chains(source: Source, page: Sequence[StoredBody]) -> Sequence[Sequence[_Waiting]]:
    """The bodies by the tickets that they speak of: what shares one is in one chain, in the order of arrival."""
    chains: list[list[_Waiting]] = []
    of_subject: dict[str, list[_Waiting]] = {}
    for body in page:
        items = source.items(delivery_of(body.delivery))
        one = _Waiting(body, items, subjects_of(items))
        joined: list[_Waiting] = []
        shared = {id(of_subject[name]): of_subject[name] for name in one.subjects if name in of_subject}
        for other in shared.values():
            joined += other
            chains = [chain for chain in chains if chain is not other]
        joined.sort(key=lambda waiting: waiting.body.arrival)
        joined.append(one)
        chains.append(joined)
        for waiting in joined:
            of_subject |= dict.fromkeys(waiting.subjects, joined)
    return chains
