"""Closed dates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from domain.errors import InvalidValue


@dataclass(frozen=True, slots=True)
class Holiday:
    """A local date that is closed, with the name people know it by. Raises InvalidValue."""

    day: date
    name: str | None = None

    def __post_init__(self) -> None:
        if type(self.day) is not date:
            raise InvalidValue("date", self.day, "must be a date")
        if self.name is not None and not _is_text(self.name):
            raise InvalidValue("name", self.name, "must be a text that is not empty")

    def to_json(self) -> Any:
        """The date alone, or an object with its name."""
        day = self.day.isoformat()
        return day if self.name is None else {"date": day, "name": self.name}


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value.strip() != ""
