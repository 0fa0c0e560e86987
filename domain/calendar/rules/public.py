"""The public holidays of a country or a part of it, as they were known on the day they were asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from domain.calendar.rules.holidays import Holiday


@dataclass(frozen=True, slots=True)
class PublicHolidays:
    """Frozen dates and where they come from, so that a newer list of holidays moves nothing by itself.

    `release` is the release of the list that was asked, for the years from `first_year` to `last_year`.
    """

    country: str
    subdivision: str | None
    release: str
    first_year: int
    last_year: int
    holidays: tuple[Holiday, ...]

    def to_json(self) -> dict[str, Any]:
        return {
            "country": self.country,
            "subdivision": self.subdivision,
            "release": self.release,
            "from_year": self.first_year,
            "to_year": self.last_year,
            "holidays": [holiday.to_json() for holiday in self.holidays],
        }
