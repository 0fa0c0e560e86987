"""What a ticket system is to the engine."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

from sources.tickets import TicketLog


class Source(Protocol):
    """A ticket system whose exports can be read."""

    def read(self, path: Path, zone: ZoneInfo) -> TicketLog:
        """The tickets of an export and their events; `zone` is where its clocks hung if its times do not say so.

        Raises InvalidValue naming line, column and value of what makes no sense. What is merely incomplete is skipped
        and listed in the log.
        """
