"""Receivers that say when to come again, beside others that do not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.notices.delivery import Deliverer
from activities.notices.sending import Sender
from domain.errors import NoticeFailed
from domain.instants import from_datetime
from tests.support.clockwork import Mailbox

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
BUSY, DOWN = NoticeFailed("busy", retry_after=3600), NoticeFailed("down")


async def attempt(deliverer: Deliverer, minutes: float) -> Any:
    """An attempt so long after the first: the answer, or the pause before the next one if the receiver decides it."""
    environment = ActivityEnvironment()
    environment.info = replace(environment.info, current_attempt_scheduled_time=NOW + timedelta(minutes=minutes))
    try:
        return await environment.run(deliverer.deliver, {"notice": {"id": "n"}, "settled": [], "only": None})
    except ApplicationError as error:
        return error.next_retry_delay


async def test_a_receiver_that_asks_for_an_hour_holds_up_no_other_and_has_its_hour() -> None:
    busy, down = Mailbox("busy", failures=[BUSY] * 2), Mailbox("down", failures=[DOWN] * 2)
    deliverer = Deliverer(Sender([busy, down], lambda: from_datetime(NOW)))
    assert await attempt(deliverer, 0) is None
    assert await attempt(deliverer, 1) is None
    assert (busy.attempts, down.attempts) == (1, 2)
    answer = await attempt(deliverer, 2)
    assert [one["channel"] for one in answer["deliveries"]] == ["down"]
    assert answer["pending"] == ["busy"]
    assert busy.attempts == 1
    await attempt(deliverer, 60)
    assert busy.attempts == 2


@pytest.mark.parametrize("minutes", [0, 40])
async def test_the_shortest_of_their_pauses_counts_where_all_have_said_one(minutes: float) -> None:
    sooner, later = (
        Mailbox("sooner", failures=[NoticeFailed("b", retry_after=60)] * 9),
        Mailbox("l", failures=[BUSY] * 2),
    )
    deliverer = Deliverer(Sender([sooner, later], lambda: from_datetime(NOW)))
    assert await attempt(deliverer, minutes) == timedelta(minutes=1)
    assert await attempt(deliverer, minutes + 1) == timedelta(minutes=1)
    assert later.attempts == 1
