"""IANA time zones as spans of constant UTC offset."""

from __future__ import annotations

import zoneinfo
from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

from domain.errors import InvalidValue
from domain.instants import DAY, MICROSECOND, SECOND, Instant, from_datetime, to_datetime

FIRST_YEAR = 1970
LAST_YEAR = 2100
YEAR_STARTS = tuple(from_datetime(datetime(year, 1, 1, tzinfo=UTC)) for year in range(FIRST_YEAR, LAST_YEAR + 2))
"""Where each UTC year from 1970 to 2101 begins."""
HORIZON = YEAR_STARTS[-1]

_SAMPLE_DAYS = 3
_SAMPLE = _SAMPLE_DAYS * DAY
_NOT_ZONES = frozenset({"localtime", "posixrules", "Factory"})


class OffsetSpan(NamedTuple):
    """The instants `[start, end)` during which local wall time is UTC plus `offset` microseconds."""

    start: int
    end: int
    offset: int


def require_zone(key: Any, field: str = "timezone") -> str:
    """The key itself. Raises InvalidValue for anything but the name of an IANA zone in the database in use."""
    if not isinstance(key, str) or key not in _known_zones():
        raise InvalidValue(field, key, "must be the name of an IANA time zone such as Europe/Berlin")
    return key


@cache
def offset_spans_of_year(key: str, year: int) -> tuple[OffsetSpan, ...]:
    """The spans of constant offset that make up one UTC year, in order."""
    # Kept without a bound: there are about six hundred zones, each with 131 years.
    zone = zoneinfo.ZoneInfo(key)
    start, end = YEAR_STARTS[year - FIRST_YEAR], YEAR_STARTS[year - FIRST_YEAR + 1]
    starts = [start, *_transitions(zone, start, end)]
    ends = [*starts[1:], end]
    return tuple(OffsetSpan(a, b, _offset(zone, a)) for a, b in zip(starts, ends, strict=True))


def offset_spans(key: str, start: int, end: int) -> Iterator[OffsetSpan]:
    """The spans of constant offset that `[start, end)` is cut into, in order, neighbours with other offsets.

    What lies before 1970 or after 2100 is left out.
    """
    begins, until, offset = max(start, 0), min(end, HORIZON), None
    for year in range(_year_of(begins), _year_of(until - 1) + 1):
        for one in offset_spans_of_year(key, year):
            if one.end <= begins or one.offset == offset:
                continue
            if one.start >= until:
                break
            if offset is not None:
                yield OffsetSpan(begins, one.start, offset)
                begins = one.start
            offset = one.offset
    if offset is not None:
        yield OffsetSpan(begins, until, offset)


def _year_of(instant: int) -> int:
    """The UTC year of an instant from 1970 on; of what comes after 2100, 2100."""
    return min(FIRST_YEAR + bisect_right(YEAR_STARTS, instant) - 1, LAST_YEAR)


@lru_cache(maxsize=1)
def tzdata_version() -> str:
    """The release of the IANA database in use, such as `2026a`; `unknown` where it does not say."""
    folders = [Path(path) for path in zoneinfo.TZPATH if Path(path).is_dir()]
    if folders:
        return _stated_version(folders[0])
    try:
        return _stated_version(resources.files("tzdata") / "zoneinfo")
    except ModuleNotFoundError:
        return "unknown"


def pin_packaged_tzdata() -> None:
    """Use the installed `tzdata` package and not the machine's database. Call it before the first calendar is used."""
    zoneinfo.reset_tzpath(to=[])
    zoneinfo.ZoneInfo.clear_cache()
    _known_zones.cache_clear()
    tzdata_version.cache_clear()
    offset_spans_of_year.cache_clear()


@lru_cache(maxsize=1)
def _known_zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones() - _NOT_ZONES)


def offset_at(key: str, instant: int) -> int:
    """The offset of the zone from UTC at an instant, in microseconds."""
    return _offset(zoneinfo.ZoneInfo(key), instant)


def _offset(zone: zoneinfo.ZoneInfo, instant: int) -> int:
    return _ahead(zone, to_datetime(Instant(instant))) // MICROSECOND


def _ahead(zone: zoneinfo.ZoneInfo, moment: datetime) -> timedelta:
    ahead = moment.astimezone(zone).utcoffset()
    assert ahead is not None, "a ZoneInfo has an offset at every instant"
    return ahead


def _transitions(zone: zoneinfo.ZoneInfo, start: int, end: int) -> list[int]:
    # Since 1970 no zone has changed its offset twice within 6.9 days, so a sample every three days misses nothing; a
    # test compares the outcome with the transitions in the database's own files.
    found: list[int] = []
    moment, step = to_datetime(Instant(start)), timedelta(_SAMPLE_DAYS)
    offset = _ahead(zone, moment)
    for sample in range(start + _SAMPLE, end + _SAMPLE, _SAMPLE):
        moment += step
        sampled = _ahead(zone, moment)
        if sampled != offset:
            found.append(_first_change(zone, sample - _SAMPLE, sample))
            offset = sampled
    return [transition for transition in found if transition < end]


def _first_change(zone: zoneinfo.ZoneInfo, before: int, after: int) -> int:
    offset = _offset(zone, before)
    while after - before > SECOND:
        middle = before + (after - before) // (2 * SECOND) * SECOND
        if _offset(zone, middle) == offset:
            before = middle
        else:
            after = middle
    return after


def _stated_version(folder: Any) -> str:
    for name, prefix in (("tzdata.zi", "# version "), ("+VERSION", "")):
        file = folder / name
        if file.is_file():
            line = file.read_text(encoding="utf-8").partition("\n")[0]
            return line.removeprefix(prefix).strip() or "unknown"
    return "unknown"
