"""Instants and durations: integers of microseconds inside the core, aware UTC datetimes at its edges.

`Instant` counts microseconds since 1970-01-01T00:00:00Z, `Micros` is a length of time. Integers keep the maths exact
and make a naive or float value impossible.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, NewType

from domain.errors import InvalidValue

Instant = NewType("Instant", int)
Micros = NewType("Micros", int)

SECOND = Micros(1_000_000)
MINUTE = Micros(60 * SECOND)
HOUR = Micros(60 * MINUTE)
DAY = Micros(24 * HOUR)
LONGEST = Micros(100 * 366 * DAY)

KEPT = 8192
"""Texts whose instants are known, and instants whose texts are: each stands in many places of a plan."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2101, 1, 1, tzinfo=UTC)


def from_datetime(moment: datetime, field: str = "instant") -> Instant:
    """The instant of an aware datetime. Raises InvalidValue for a naive one or one outside 1970..2100."""
    if moment.tzinfo is None or moment.utcoffset() is None:
        raise InvalidValue(field, moment.isoformat(), "must carry a UTC offset")
    if not EARLIEST <= moment <= LATEST:
        raise InvalidValue(field, moment.isoformat(), "must lie between the years 1970 and 2100")
    return Instant((moment - EPOCH) // MICROSECOND)


def to_datetime(instant: Instant) -> datetime:
    """The aware UTC datetime of an instant."""
    return EPOCH + instant * MICROSECOND


def parse(text: Any, field: str = "instant") -> Instant:
    """The instant of an ISO 8601 / RFC 3339 text with an offset. Raises InvalidValue naming the field and the text."""
    if not isinstance(text, str):
        raise InvalidValue(field, text, "must be an ISO 8601 date and time with a UTC offset")
    try:
        return _parsed(text)
    except InvalidValue as error:
        raise InvalidValue(field, text, error.reason) from None
    except ValueError:
        raise InvalidValue(field, text, "must be an ISO 8601 date and time with a UTC offset") from None


@lru_cache(KEPT)
def _parsed(text: str) -> Instant:
    """Raises ValueError for what is no date and time, InvalidValue for one that is no instant."""
    return from_datetime(datetime.fromisoformat(text))


@lru_cache(KEPT)
def render(instant: Instant) -> str:
    """RFC 3339 in UTC with `Z`; the fraction is written only where there is one."""
    return to_datetime(instant).isoformat().replace("+00:00", "Z")


def render_optional(instant: Instant | None) -> str | None:
    return None if instant is None else render(instant)


def parse_optional(text: Any, field: str = "instant") -> Instant | None:
    return None if text is None else parse(text, field)


def duration(amount: Any, unit: Micros, field: str) -> Micros:
    """A positive length of time from a number of units, fractions allowed, exact to the microsecond.

    Raises InvalidValue for anything that is not a positive finite number or that exceeds a hundred years.
    """
    if isinstance(amount, bool) or not isinstance(amount, int | float | Decimal | str):
        raise InvalidValue(field, amount, "must be a number")
    try:
        micros = Decimal(str(amount)) * unit
    except (ArithmeticError, ValueError):
        raise InvalidValue(field, amount, "must be a number") from None
    if micros.is_nan() or micros <= 0:
        raise InvalidValue(field, amount, "must be greater than zero")
    if micros > LONGEST:
        raise InvalidValue(field, amount, "must be at most a hundred years")
    if (length := round(micros)) == 0:
        raise InvalidValue(field, amount, "must be at least a microsecond")
    return Micros(length)


def in_units(length: Micros, unit: Micros) -> int | float:
    """A length as a number of units, for output: an integer where it divides evenly."""
    return length // unit if length % unit == 0 else length / unit


def in_seconds(length: Micros) -> int | float:
    return in_units(length, SECOND)
