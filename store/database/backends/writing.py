"""The one thread that writes to a SQLite file, and commits several jobs together.

A commit to disk costs more than the statements of a job, so jobs share it. A job that fails undoes itself alone.
Callers get their answers when everything is on disk.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from domain.errors import StoreUnavailable
from store.database.backends.progress import WaitProgress

T = TypeVar("T")
Work = Callable[[sa.Connection], T]

WRITES = "slakeeper_writes"
"""The execution option of connections that write."""
MOST_TOGETHER = 64
"""The largest number of jobs in one commit."""
LONGEST_TOGETHER = 0.02
"""Seconds after which a commit takes no further job."""
LONGEST_PAUSE = 60.0
"""Seconds between two steps of a transaction, after which the task that holds it counts as gone."""


class Job:
    """Work for the thread, and the future of the task that waits for it."""

    def __init__(self, work: Work[Any]) -> None:
        self.work = work
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[Any] = self.loop.create_future()
        self._token = threading.Lock()

    def claim(self) -> bool:
        """True once: either for the thread that is about to do the job, or for the task that gives it up."""
        return self._token.acquire(blocking=False)


class WriteSession(Job):
    """A transaction that one task holds. `steps` are the jobs it sends, None is its end."""

    def __init__(self) -> None:
        super().__init__(lambda _: None)
        self.steps: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._is_over = False

    async def run(self, work: Work[T]) -> T:
        result: T = await self._ask(Job(work))
        return result

    async def commit(self) -> None:
        await self._ask(Commit())

    def end(self) -> None:
        """End the transaction. Without a commit it is undone."""
        self.steps.put(None)

    def rest(self) -> Sequence[Job]:
        """The steps that are left undone when the thread leaves the transaction. Only the thread calls this."""
        self._is_over = True
        left = [self.steps.get() for _ in range(self.steps.qsize())]
        return [step for step in left if step is not None and step.claim()]

    async def _ask(self, step: Job) -> Any:
        self.steps.put(step)
        if self._is_over and step.claim():
            raise _over()
        return await step.future


class Commit(Job):
    def __init__(self) -> None:
        super().__init__(lambda _: None)


class JobOutcome:
    """The result or the error of a job."""

    __slots__ = ("error", "job", "result")

    def __init__(self, job: Job, result: Any = None, error: BaseException | None = None) -> None:
        self.job = job
        self.result = result
        self.error = error

    def resolve(self) -> None:
        if self.job.future.done():
            return
        if self.error is None:
            self.job.future.set_result(self.result)
        else:
            self.job.future.set_exception(self.error)


class Writer:
    """Does jobs in the order of their arrival."""

    def __init__(self, engine: sa.Engine, timeout: float) -> None:
        """The transactions of `engine` take SQLite's lock when they begin. `timeout` is in seconds."""
        self._engine = engine
        self._progress = WaitProgress(timeout)
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._next: Job | None = None
        self._session: WriteSession | None = None
        self._is_closing = False
        self._thread = threading.Thread(target=self._run, name="slakeeper-writer", daemon=True)
        self._thread.start()

    async def do(self, work: Work[T]) -> T:
        """What `work` returns, after the commit. Raises TimeoutError when the thread makes no progress."""
        job = Job(work)
        await self._turn(job)
        result: T = job.future.result()
        return result

    @asynccontextmanager
    async def session(self) -> AsyncIterator[WriteSession]:
        """A transaction during which the thread does nothing else. Raises TimeoutError as `do` does."""
        session = WriteSession()
        try:
            await self._turn(session)
            session.future.result()
            yield session
            await session.commit()
        finally:
            session.end()

    def close(self) -> None:
        """Finish the jobs that wait and stop the thread. A transaction that a task still holds is undone."""
        self._is_closing = True
        self._jobs.put(None)
        if (session := self._session) is not None:
            session.end()
        self._thread.join()

    async def _turn(self, job: Job) -> None:
        """Wait until the job is done or has failed."""
        self._jobs.put(job)
        try:
            await self._progress.until(lambda: asyncio.wait({job.future}))
        except BaseException as error:
            if job.claim() or not isinstance(error, TimeoutError):
                raise
            # The thread is doing it, so its outcome has to be waited for.
            await asyncio.wait({job.future})

    def _run(self) -> None:
        while (job := self._take()) is not None:
            if not job.claim():
                continue
            try:
                with self._engine.connect() as conn:
                    transaction = conn.begin()
                    self._progress.made()
                    if isinstance(job, WriteSession):
                        self._serve(job, conn, transaction)
                    else:
                        self._write(job, conn, transaction)
            except BaseException as error:  # noqa: BLE001  # whatever it is, they are told, and the thread goes on
                # If this transaction cannot begin, none of those that wait can.
                self._resolve([JobOutcome(one, error=error) for one in (job, *self._waiting())])

    def _take(self) -> Job | None:
        job, self._next = self._next, None
        return self._jobs.get() if job is None else job

    def _more(self) -> Iterator[Job]:
        """The jobs that are committed together with the first one."""
        started = time.monotonic()
        for _ in range(MOST_TOGETHER - 1):
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                return
            if job is None or isinstance(job, WriteSession):
                self._put_back(job)
                return
            if job.claim():
                yield job
            if time.monotonic() - started > LONGEST_TOGETHER:
                return

    def _waiting(self) -> Iterator[Job]:
        """The jobs that wait at this moment, taken out of the queue."""
        for _ in range(self._jobs.qsize() + (self._next is not None)):
            job = self._take()
            if job is None:
                self._put_back(job)
                return
            if job.claim():
                yield job

    def _put_back(self, job: Job | None) -> None:
        if job is None:
            self._jobs.put(None)
        else:
            self._next = job

    def _write(self, first: Job, conn: sa.Connection, transaction: sa.Transaction) -> None:
        """Do the job and those that wait behind it, with one commit."""
        alone = self._jobs.empty()
        outcomes = [_outcome(conn, first, undo=not alone)]
        if alone and outcomes[0].error is not None:
            transaction.rollback()
            self._resolve(outcomes)
            return
        more = self._more()
        while _is_open(conn) and (job := next(more, None)) is not None:
            outcomes.append(_outcome(conn, job, undo=True))
            self._progress.made()
        self._resolve(_committed(conn, transaction, outcomes))

    def _serve(self, session: WriteSession, conn: sa.Connection, transaction: sa.Transaction) -> None:
        """Do the steps of a transaction until it ends."""
        self._session = session
        self._resolve([JobOutcome(session)])
        lost: BaseException | None = None
        while (step := self._step(session)) is not None:
            if lost is not None:
                self._resolve([JobOutcome(step, error=lost)])
            elif isinstance(step, Commit):
                self._resolve(_committed(conn, transaction, [JobOutcome(step)]))
                break
            else:
                outcome = _outcome(conn, step, undo=False)
                lost = None if _is_open(conn) else outcome.error
                self._resolve([outcome])
        self._session = None
        self._resolve([JobOutcome(step, error=_over()) for step in session.rest()])

    def _step(self, session: WriteSession) -> Job | None:
        """The next step, claimed: a task that looks up late must not call undone what was done meanwhile."""
        try:
            step = None if self._is_closing else session.steps.get(timeout=LONGEST_PAUSE)
        except queue.Empty:
            return None
        return step if step is None or step.claim() else None

    def _resolve(self, outcomes: Sequence[JobOutcome]) -> None:
        self._progress.made()
        by_loop: dict[asyncio.AbstractEventLoop, list[JobOutcome]] = {}
        for outcome in outcomes:
            by_loop.setdefault(outcome.job.loop, []).append(outcome)
        for loop, theirs in by_loop.items():
            with suppress(RuntimeError):  # a loop that is closed has nobody who waits
                loop.call_soon_threadsafe(_resolve_all, theirs)


def is_writing(conn: sa.Connection) -> bool:
    """Whether the connection writes: what it reads may still be undone then."""
    return bool(conn.get_execution_options().get(WRITES, False))


def in_savepoint(conn: sa.Connection, work: Work[T]) -> T:
    """Do the work; undo only the work if it fails."""
    conn.exec_driver_sql("SAVEPOINT job")
    try:
        result = work(conn)
    except BaseException:
        with suppress(
            DBAPIError
        ):  # a database that has given the whole transaction up tells so with the next statement
            conn.exec_driver_sql("ROLLBACK TO SAVEPOINT job")
            conn.exec_driver_sql("RELEASE SAVEPOINT job")
        raise
    conn.exec_driver_sql("RELEASE SAVEPOINT job")
    return result


def _in_savepoint(conn: sa.Connection, work: Work[T]) -> T:
    """As `in_savepoint`, straight on the driver, because every job pays for what SQLAlchemy adds."""
    file: Any = conn.connection.driver_connection
    file.execute("SAVEPOINT job")
    try:
        result = work(conn)
    except BaseException:
        if file.in_transaction:
            file.execute("ROLLBACK TO SAVEPOINT job")
            file.execute("RELEASE SAVEPOINT job")
        raise
    file.execute("RELEASE SAVEPOINT job")
    return result


def _outcome(conn: sa.Connection, job: Job, undo: bool) -> JobOutcome:
    try:
        return JobOutcome(job, _in_savepoint(conn, job.work) if undo else job.work(conn))
    except BaseException as error:  # noqa: BLE001  # it belongs to whoever waits for the job
        return JobOutcome(job, error=error)


def _committed(
    conn: sa.Connection, transaction: sa.Transaction, outcomes: Sequence[JobOutcome]
) -> Sequence[JobOutcome]:
    if not _is_open(conn):
        return _failed(outcomes, outcomes[-1].error)
    try:
        transaction.commit()
    except BaseException as error:  # noqa: BLE001  # it belongs to all of them
        # For SQLAlchemy the transaction is over, for SQLite it may go on: the connection must not be used again.
        conn.invalidate()
        return _failed(outcomes, error)
    return outcomes


def _failed(outcomes: Sequence[JobOutcome], error: BaseException | None) -> Sequence[JobOutcome]:
    return [JobOutcome(one.job, error=one.error or error) for one in outcomes]


def _is_open(conn: sa.Connection) -> bool:
    """False once SQLite has ended the transaction by itself, as it does when the disk is full."""
    return bool(getattr(conn.connection.driver_connection, "in_transaction"))  # noqa: B009


def _over() -> StoreUnavailable:
    return StoreUnavailable(
        "the store has undone the transaction: nothing was asked of it for too long, or it was closed"
    )


def _resolve_all(outcomes: Sequence[JobOutcome]) -> None:
    for outcome in outcomes:
        outcome.resolve()
