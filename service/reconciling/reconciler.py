"""Rounds over all instances, page by page. Several workers may make them at once: doing a step twice is harmless."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence

from temporalio.service import RPCError

from domain.errors import InvalidValue, Unavailable
from domain.ids import workflow_id
from domain.instants import MINUTE, Instant, Micros
from service.reconciling.findings import OVERDUE_AFTER, Finding, Report
from service.reconciling.healing import GRACE, Healing, Replays, address_of
from service.reconciling.runs import RUNNING, Run, Runs, closed
from service.reconciling.suspects import Suspects
from store.instances.upkeep import PAGE, Address, RecordedInstance
from store.store import Store

logger = logging.getLogger("slakeeper.reconciler")

# A run records its last step at most that long before it ends.
LAST_STEP_WITHIN = Micros(MINUTE)
INTERVAL_SECONDS = 15.0
# After a round the pause is at least so many times as long, so that rounds do not take all the engine's time.
SHARE = 5.0
# A store that was not compared for longer may be another one, or an older copy.
KNOWN_FOR = Micros(10 * MINUTE)
# Visibility may be late, and clocks differ.
OVERLAP = Micros(5 * MINUTE)
# The number of running instances whose history is compared in a round that is not thorough.
PORTION = 100
AT_ONCE = 8


class Reconciler:
    """With `dry` it reports what it would do, and changes nothing."""

    def __init__(
        self, store: Store, runs: Runs, replays: Replays, now: Callable[[], Instant], *, dry: bool = False
    ) -> None:
        self._store = store
        self._runs = runs
        self._healing = Healing(store, runs, replays, now, dry)
        self._now = now
        self._compared: Address | None = None

    async def keep(self, suspects: Suspects) -> None:
        """Make rounds for ever. The first one is thorough. Suspected runs are examined between rounds."""
        clock = asyncio.get_running_loop().time
        thorough = True
        while True:
            began = clock()
            try:
                _log(await self.round(thorough=thorough))
                thorough = False
            except (Unavailable, RPCError) as error:
                logger.warning("the round broke off: %s", error)
            except Exception:
                # Whatever is wrong with one instance, the next round must look after the others.
                logger.exception("the round broke off")
            until = clock() + max(INTERVAL_SECONDS, SHARE * (clock() - began))
            while (left := until - clock()) > 0:
                await suspects.wait(left)
                await self._look_at(suspects)

    async def round(self, *, thorough: bool) -> Report:
        """Compare the store with Temporal: what goes on, and what has ended since the last round.

        If `thorough`, or if the store was not compared for a while, the history of every running instance is compared,
        too. A dry round looks at all runs that have ever ended. Raises StoreUnavailable and RPCError.
        """
        report, began = Report(), self._now()
        compared = await self._store.upkeep.compared_at()
        is_unknown = compared is None or compared < began - KNOWN_FOR
        running = {id_: run async for id_, run in self._runs.list(RUNNING)}
        report.running = len(running)
        known = await self._recorded(report, running, thorough=thorough or is_unknown)
        await self._unrecorded(report, {id_: run for id_, run in running.items() if id_ not in known})
        await _gather(report, [self._healing.fill(one) for one in await self._store.upkeep.gapped()])
        await self._stuck(report)
        await self._finished(report, None if self._healing.dry or compared is None else Instant(compared - OVERLAP))
        if not self._healing.dry:
            await self._store.upkeep.has_been_compared(began)
        return report

    async def _look_at(self, suspects: Suspects) -> None:
        report = Report()
        taken = suspects.take()
        try:
            await _gather(
                report, [self._healing.examine(id_, suspicion, run_id) for (id_, run_id), suspicion in taken.items()]
            )
        except (Unavailable, RPCError) as error:
            logger.warning("suspected runs could not be looked at: %s", error)
        except Exception:
            logger.exception("suspected runs could not be looked at")
        _log(report)

    async def _recorded(self, report: Report, running: Mapping[str, Run], *, thorough: bool) -> set[str]:
        """Check what is recorded as going on; return the ids of its workflows."""
        known: set[str] = set()
        compared, last = 0, None
        async for page in self._ongoing():
            report.recorded += len(page)
            work: list[Awaitable[Finding | None]] = []
            for one in page:
                known.add(id_ := workflow_id(*one.address))
                if (run := running.get(id_)) is None:
                    work.append(self._healing.start_again(one))
                elif thorough or (compared < PORTION and self._is_next(one)):
                    compared, last = compared + 1, one.address
                    work.append(self._healing.record(one, id_, run))
            await _gather(report, work)
        # Once the end is reached, the next round begins at the start.
        self._compared = last if compared == PORTION else None
        return known

    def _is_next(self, recorded: RecordedInstance) -> bool:
        return self._compared is None or recorded.address > self._compared

    async def _unrecorded(self, report: Report, running: Mapping[str, Run]) -> None:
        """Check what runs although nothing is recorded of it, or only that it is over."""
        old = {id_: run for id_, run in running.items() if run.started_at < self._now() - GRACE}
        for some in _portions(old):
            recorded = await self._store.upkeep.recorded(list(some))
            await _gather(report, [self._healing.record(recorded.get(one), id_, old[id_]) for one, id_ in some.items()])

    async def _stuck(self, report: Report) -> None:
        await _gather(report, [self._healing.examine(id_, None) for id_ in await self._runs.failing()])
        overdue = await self._store.upkeep.overdue_instances(Instant(self._now() - OVERDUE_AFTER))
        named = {finding.workflow_id for finding in report.findings}
        await _gather(report, [self._healing.overdue(one) for one in overdue if workflow_id(*one.address) not in named])

    async def _finished(self, report: Report, since: Instant | None) -> None:
        """Check the instances whose workflow has ended since then, as far as Temporal still has it."""
        page: dict[str, Run] = {}
        async for id_, run in self._runs.list(closed(since)):
            report.finished += 1
            if id_ not in page:
                page[id_] = run
            if len(page) == PAGE:
                await self._compare_finished(report, page)
                page = {}
        await self._compare_finished(report, page)

    async def _compare_finished(self, report: Report, runs: Mapping[str, Run]) -> None:
        for some in _portions(runs):
            recorded = await self._store.upkeep.recorded(list(some))
            await _gather(
                report,
                [
                    self._healing.record(recorded.get(one), id_, runs[id_])
                    for one, id_ in some.items()
                    if _may_be_behind(recorded.get(one), runs[id_])
                ],
            )

    async def _ongoing(self) -> AsyncIterator[Sequence[RecordedInstance]]:
        after: Address | None = None
        while page := await self._store.upkeep.ongoing(after):
            yield page
            after = page[-1].address


def _may_be_behind(recorded: RecordedInstance | None, run: Run) -> bool:
    """Whether the run may hold more than is recorded. Only then its history is read."""
    return recorded is None or run.closed_at is None or recorded.recorded_at < run.closed_at - LAST_STEP_WITHIN


def _portions(runs: Iterable[str]) -> Iterable[dict[Address, str]]:
    """Portions of workflow ids by the addresses of their instances. Other workflows are left out."""
    portion: dict[Address, str] = {}
    for id_ in runs:
        try:
            portion[address_of(id_)] = id_
        except InvalidValue:
            continue
        if len(portion) == PAGE:
            yield portion
            portion = {}
    if portion:
        yield portion


async def _gather(report: Report, work: Sequence[Awaitable[Finding | None]]) -> None:
    """Do the work, at most `AT_ONCE` pieces at a time, and add the findings to the report."""
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(piece: Awaitable[Finding | None]) -> Finding | None:
        async with slots:
            return await piece

    found = await asyncio.gather(*map(one, work), return_exceptions=True)
    for finding in found:
        if isinstance(finding, BaseException):
            raise finding
        if finding is not None:
            report.findings.append(finding)


def _log(report: Report) -> None:
    for finding in report.findings:
        logger.log(logging.ERROR if finding.done is None else logging.WARNING, "%s", finding)
