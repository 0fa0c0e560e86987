"""When a notice that nobody takes becomes a dead letter."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.notices.delivery import GIVE_UP_ATTEMPTS, Deliverer
from activities.notices.sending import Sender
from domain.errors import NoticeFailed
from domain.instants import from_datetime, render
from tests.support.clockwork import Mailbox

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


async def deliver(attempt: int, since: timedelta | None) -> dict[str, Any]:
    """An attempt at a notice that the receiver will not take, asked for by this run ten minutes ago."""
    environment = ActivityEnvironment()
    environment.info = replace(
        environment.info,
        attempt=attempt,
        scheduled_time=NOW - timedelta(minutes=10),
        current_attempt_scheduled_time=NOW,
    )
    deaf = Mailbox(failures=[NoticeFailed("down")])
    request: dict[str, Any] = {"notice": {"id": "n"}, "settled": [], "only": None}
    if since is not None:
        request["since"] = render(from_datetime(NOW - since))
    deliverer = Deliverer(Sender([deaf], lambda: from_datetime(NOW)))
    answer: dict[str, Any] = await environment.run(deliverer.deliver, request)
    return answer


async def test_a_notice_is_given_up_a_day_after_an_earlier_run_began_to_send_it() -> None:
    answer = await deliver(GIVE_UP_ATTEMPTS, timedelta(days=1, minutes=1))
    assert [delivery["status"] for delivery in answer["deliveries"]] == ["dead"]


@pytest.mark.parametrize(
    ("attempt", "since"),
    [
        (GIVE_UP_ATTEMPTS - 1, timedelta(days=2)),
        (GIVE_UP_ATTEMPTS, timedelta(hours=23)),
        (GIVE_UP_ATTEMPTS, None),
    ],
    ids=["tried too seldom", "too young", "asked for by a run that did not tell since when"],
)
async def test_a_notice_is_tried_again_until_then(attempt: int, since: timedelta | None) -> None:
    with pytest.raises(ApplicationError, match="down"):
        await deliver(attempt, since)
