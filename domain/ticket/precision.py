"""How exactly a source tells the time of what happened."""

from __future__ import annotations

from enum import StrEnum

from domain.instants import MINUTE, SECOND, Micros


class Precision(StrEnum):
    """A source that cuts its times says what to: what happened did so within the second or minute that it names."""

    SECOND = "second"
    MINUTE = "minute"

    @property
    def length(self) -> Micros:
        return SECOND if self is Precision.SECOND else MINUTE
