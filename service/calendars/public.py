"""Public holidays by country and region, as the installed release of the library `holidays` has them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.metadata import version
from typing import Any

import holidays
from holidays.registry import EntityLoader

from domain.calendar import Holiday, PublicHolidays
from domain.errors import InvalidValue

YEARS_BACK, YEARS_AHEAD = 1, 5
"""Years before and after the present one that are frozen: late events look back, long targets ahead."""
FIRST_YEAR, LAST_YEAR = 1970, 2100
ENGLISH = "en_US"
SHOWN = 20
"""The number of valid names that a refusal lists."""


@cache
def countries() -> dict[str, tuple[str, ...]]:
    """Country codes (ISO 3166-1, two letters) and the subdivisions of each, in order.

    The first call takes a second or two.
    """
    return {country: _parts(country) for country in codes()}


def release() -> str:
    return version("holidays")


def around(year: int, country: str, subdivision: str | None, field: str = "") -> PublicHolidays:
    """The holidays of the years around `year`. Raises InvalidValue for an unknown country or subdivision."""
    first, last = max(year - YEARS_BACK, FIRST_YEAR), min(year + YEARS_AHEAD, LAST_YEAR)
    return of_years(range(first, last + 1), country, subdivision, field)


def of_years(years: range, country: str, subdivision: str | None, field: str = "") -> PublicHolidays:
    """The holidays of those years.

    Raises InvalidValue for an unknown country or subdivision, naming some known ones.
    """
    _require_one_of(codes(), country, f"{field}country")
    if subdivision is not None:
        _require_one_of(_parts(country), subdivision, f"{field}subdivision")
    dated = _dated(country, subdivision, years.start, years.stop)
    return PublicHolidays(country, subdivision, release(), years.start, years.stop - 1, dated)


@cache
def codes() -> tuple[str, ...]:
    """The country codes alone, without loading any country."""
    return tuple(sorted(EntityLoader.get_country_codes(include_aliases=False)))


def _parts(country: str) -> tuple[str, ...]:
    return tuple(sorted(_class_of(country).subdivisions))


@cache
def _class_of(country: str) -> Any:
    return getattr(holidays, country)


def _dated(country: str, subdivision: str | None, first: int, end: int) -> tuple[Holiday, ...]:
    # Without a language the names would be in the language of the machine.
    known = _class_of(country)
    language = ENGLISH if ENGLISH in known.supported_languages else known.default_language
    found = holidays.country_holidays(country, subdiv=subdivision, years=range(first, end), language=language)
    # Observed days may fall into the years before and after.
    return tuple(Holiday(day, name) for day, name in sorted(found.items()) if first <= day.year < end)


def _require_one_of(known: Iterable[str], given: Any, field: str) -> None:
    names = list(known)
    if given not in names:
        listed = ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
        raise InvalidValue(field, given, f"must be one of {listed or 'none, there are no parts'}")
