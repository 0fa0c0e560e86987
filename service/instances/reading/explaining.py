"""What is recorded of an instance, as of now or of an earlier instant, and its explanation. Temporal is not needed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from domain.errors import InvalidValue, NotFound
from domain.explaining import Explanation, RecordedHistory, explain
from domain.instants import Instant, parse, render
from store.store import Store

FindHistory = Callable[[], Awaitable[RecordedHistory]]
"""Finds the recorded history of one instance; raises where there is none."""


async def recorded_history(store: Store, organization: str, instance_id: str) -> RecordedHistory | None:
    """What the store has of the instance; None while it lacks the opening."""
    loaded = await store.instances.load(organization, instance_id)
    if loaded is None:
        return None
    return RecordedHistory.of(loaded.snapshot, loaded.events, loaded.ledger, loaded.plan, loaded.is_complete)


async def history_as_of(
    find: FindHistory, instance_id: str, as_of: str | None, now: Callable[[], Instant], *, field: str = "as_of"
) -> tuple[RecordedHistory, Instant]:
    """What was known of the instance at an RFC 3339 instant (None: what is known now), and that instant.

    Raises InvalidValue, naming `field`, for a text that is no instant or one that lies ahead; NotFound where nothing
    was known at the instant; and whatever `find` raises.
    """
    if as_of is None:
        return await find(), now()
    instant = _past_instant(as_of, now(), field)
    history = await find()
    known = await asyncio.to_thread(history.as_of, instant)
    if known is None:
        reason = f"Nothing was known of instance {instance_id} at {render(instant)}."
        raise NotFound(reason, field=field, value=as_of)
    return known, instant


async def explain_instance(
    find: FindHistory,
    instance_id: str,
    as_of: str | None,
    segments: int,
    now: Callable[[], Instant],
    *,
    field: str = "as_of",
) -> Explanation:
    """Where every second of the instance went, of each clock the latest so many segments. Raises as `history_as_of`."""
    history, instant = await history_as_of(find, instance_id, as_of, now, field=field)
    # An explanation walks over dates, and other requests need not wait for that.
    return await asyncio.to_thread(explain, history, instant, segments)


def _past_instant(text: str, now: Instant, field: str) -> Instant:
    instant = parse(text, field)
    if instant > now:
        raise InvalidValue(field, text, f"must not lie ahead of {render(now)}")
    return instant
