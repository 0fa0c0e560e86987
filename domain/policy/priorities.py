"""The priorities of Scrubbe's tickets."""

from __future__ import annotations

from enum import StrEnum


class Priority(StrEnum):
    """The most urgent first."""

    CRITICAL = "CRITICAL"
    HIGH = "HIGH"
    MEDIUM = "MEDIUM"
    LOW = "LOW"
