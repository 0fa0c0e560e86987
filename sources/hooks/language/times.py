"""Instants as ticket systems write them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Any

from domain.errors import InvalidValue
from domain.instants import Instant, from_datetime
from domain.ticket.precision import Precision

UNITS: Mapping[str, int] = {"epoch_s": 1_000_000, "epoch_ms": 1000, "epoch_us": 1}
NANOSECONDS = "epoch_ns"
ISO = "iso"
FORMATS = (ISO, *UNITS, NANOSECONDS)
_LAST = 4_133_980_800_000_000  # 2101-01-01, in microseconds
_SHAPE = re.compile(
    r"(?P<day>\d{4}-\d{2}-\d{2})[T ](?P<time>\d{2}:\d{2}(?::\d{2})?)(?:[.,](?P<fraction>\d{1,12}))?"
    r"\s*(?P<zone>Z|UTC|GMT|[+-]\d{2}:?\d{2})?",
    re.IGNORECASE | re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant, and what the sender cut it to (None: to nothing that matters)."""

    at: Instant
    precision: Precision | None = None


def read(value: Any, format_: str, zone: tzinfo, field: str) -> Moment:
    """`zone` is where the sender's clock hangs if the text does not say. Raises InvalidValue with field and value."""
    if format_ in UNITS:
        return _epoch(value, UNITS[format_], field)
    if format_ == NANOSECONDS:
        return _nanoseconds(value, field)
    if not isinstance(value, str):
        raise InvalidValue(field, value, "must be a date and time in a text")
    return _iso(value, zone, field) if format_ == ISO else _formatted(value, format_, zone, field)


def _iso(text: str, zone: tzinfo, field: str) -> Moment:
    """`2025-01-08T14:25:30.123456789Z`, `2023-05-25 18:41:09 UTC`, `2017-12-14 21:17:29 +0530`, with or without a zone.

    What is finer than a microsecond is cut off.
    """
    match = _SHAPE.fullmatch(text.strip())
    if match is None:
        raise InvalidValue(field, text, "must be a date and time such as 2026-03-08T13:00:00Z")
    fraction = (match["fraction"] or "")[:6].ljust(6, "0")
    clock = match["time"] if match["time"].count(":") == 2 else f"{match['time']}:00"
    suffix = (match["zone"] or "").upper().replace("UTC", "+00:00").replace("GMT", "+00:00").replace("Z", "+00:00")
    moment = _aware(lambda: datetime.fromisoformat(f"{match['day']}T{clock}.{fraction}{suffix}"), zone, text, field)
    if match["fraction"]:
        return Moment(moment)
    return Moment(moment, Precision.SECOND if match["time"].count(":") == 2 else Precision.MINUTE)


def _formatted(text: str, format_: str, zone: tzinfo, field: str) -> Moment:
    moment = _aware(lambda: datetime.strptime(text.strip(), format_), zone, text, field)  # noqa: DTZ007 - see _aware
    if "%f" in format_:
        return Moment(moment)
    return Moment(moment, Precision.SECOND if "%S" in format_ else Precision.MINUTE)


def _aware(parse: Callable[[], datetime], zone: tzinfo, text: str, field: str) -> Instant:
    try:
        moment = parse()
        return from_datetime(moment if moment.tzinfo else moment.replace(tzinfo=zone), field)
    except InvalidValue as error:
        raise InvalidValue(field, text, error.reason) from None
    except (ValueError, OverflowError):
        raise InvalidValue(field, text, "must be a date and time that there is") from None


def _epoch(value: Any, micros: int, field: str) -> Moment:
    number = _number(value, field)
    cut = Precision.SECOND if micros == UNITS["epoch_s"] and number == number.to_integral_value() else None
    return Moment(_counted(int(number * micros), value, field), cut)


def _nanoseconds(value: Any, field: str) -> Moment:
    return Moment(_counted(int(_number(value, field) // 1000), value, field))


def _number(value: Any, field: str) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise InvalidValue(field, value, "must be a number")
    try:
        number = Decimal(value if isinstance(value, str) and len(value) <= 40 else repr(value))
    except (InvalidOperation, ValueError):
        raise InvalidValue(field, value, "must be a number") from None
    if not number.is_finite() or not 0 <= number <= _LAST * 1000:
        raise InvalidValue(field, value, "must lie between the years 1970 and 2100")
    return number


def _counted(micros: int, value: Any, field: str) -> Instant:
    if micros > _LAST:
        raise InvalidValue(field, value, "must lie between the years 1970 and 2100")
    return Instant(micros)
