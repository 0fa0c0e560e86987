"""The clock of the machine. In the store it says when a row was written, never when something happened to a ticket."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from domain.instants import Instant, from_datetime

Clock = Callable[[], Instant]


def system_clock() -> Instant:
    return from_datetime(datetime.now(UTC))
