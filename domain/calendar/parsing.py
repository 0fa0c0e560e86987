"""The JSON shape of business hours, read value by value; every refusal names the path of the value."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import date
from functools import lru_cache
from typing import Any

from domain.calendar.local_time.times import Window
from domain.calendar.rules.days import DatedWindows
from domain.calendar.rules.holidays import Holiday, MonthDay
from domain.calendar.rules.public import PublicHolidays
from domain.calendar.validation import WEEKDAYS
from domain.errors import InvalidValue

_HOLIDAY = ("date", "from", "to", "name", "closed")
_PUBLIC = ("country", "subdivision", "release", "from_year", "to_year", "holidays")
_USUAL = 16_384
"""Windows and dates that many calendars have in common and that are read once."""

_DATE_LENGTH = len("2026-12-25")
_TIME_LENGTH = len("09:00:00")
_SHORT_NAME = 100
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def join(field: str, name: str) -> str:
    return f"{field}.{name}" if field else name


def parse_object(value: Any, field: str, keys: Collection[str] | None = None) -> Mapping[str, Any]:
    """A JSON object. Raises InvalidValue for anything else and for a key that is not one of `keys`."""
    if not isinstance(value, Mapping):
        raise InvalidValue(field or "body", value, "must be an object")
    for key in value:
        if not isinstance(key, str):
            raise InvalidValue(field or "body", key, "must have texts as keys")
        if keys is not None and key not in keys:
            raise InvalidValue(join(field, key), value[key], f"is not known here (known: {', '.join(keys)})")
    return value


def require_always_alone(body: Mapping[str, Any]) -> None:
    """Raises InvalidValue unless the object says `"always": true` and no other rule."""
    if body["always"] is not True:
        raise InvalidValue("always", body["always"], "must be true or left out")
    for key in body.keys() - {"always", "name"}:
        raise InvalidValue(key, body[key], "must be left out of a calendar that is always open")


def parse_weekly(value: Any, field: str) -> tuple[tuple[Window, ...], ...]:
    """Windows from Monday to Sunday; a weekday left out is closed."""
    hours = parse_object(value, field, WEEKDAYS)
    return tuple(
        [parse_windows(hours[weekday], join(field, weekday)) if weekday in hours else () for weekday in WEEKDAYS]
    )


def parse_dated_windows(value: Any, field: str) -> tuple[DatedWindows, ...]:
    windows = parse_object(value, field).items()
    return tuple((parse_date(day, join(field, day)), parse_windows(pairs, join(field, day))) for day, pairs in windows)


def parse_holidays(value: Any, field: str) -> tuple[Holiday, ...]:
    entries = _list(value, field)
    # Lists, here and below: a calendar has many of these, and a generator costs a third more.
    return tuple([_usual_holiday(entry) or _holiday(entry, f"{field}[{index}]") for index, entry in enumerate(entries)])


def parse_windows(value: Any, field: str) -> tuple[Window, ...]:
    entries = _list(value, field)
    return tuple(
        [_usual_window(one) or Window.from_json(one, f"{field}[{index}]") for index, one in enumerate(entries)]
    )


def parse_date(value: Any, field: str) -> date:
    try:
        if isinstance(value, str) and _DATE.fullmatch(value):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise InvalidValue(field, value, "must be a date, YYYY-MM-DD")


def parse_public_holidays(value: Any, field: str) -> tuple[PublicHolidays, ...]:
    entries = _list(value, field)
    return tuple(_public(entry, f"{field}[{index}]") for index, entry in enumerate(entries))


def _public(value: Any, field: str) -> PublicHolidays:
    entry = parse_object(value, field, _PUBLIC)
    for key in ("country", "release"):
        _require_text(entry.get(key), join(field, key))
    if entry.get("subdivision") is not None:
        _require_text(entry["subdivision"], join(field, "subdivision"))
    years = [_year(entry.get(key), join(field, key)) for key in ("from_year", "to_year")]
    return PublicHolidays(
        entry["country"],
        entry.get("subdivision"),
        entry["release"],
        first_year=years[0],
        last_year=years[1],
        holidays=parse_holidays(entry.get("holidays", []), join(field, "holidays")),
    )


def _year(value: Any, field: str) -> int:
    if type(value) is not int:
        raise InvalidValue(field, value, "must be a year")
    return value


def _usual_window(pair: Any) -> Window | None:
    """The window of a pair that many calendars have; None where `Window.from_json` is to read the pair or refuse it."""
    if not isinstance(pair, list) or len(pair) != 2:
        return None
    opens, closes = pair
    return _window_of(opens, closes) if isinstance(opens, str) and isinstance(closes, str) else None


def _usual_holiday(value: Any) -> Holiday | None:
    """The holiday of one date of one year, named or not; None where `_holiday` is to read or refuse the value."""
    if isinstance(value, str):
        return _date_of(value) if len(value) == _DATE_LENGTH else None
    if isinstance(value, dict) and len(value) == 2:
        day, name = value.get("date"), value.get("name")
        if isinstance(day, str) and isinstance(name, str) and len(day) == _DATE_LENGTH and len(name) <= _SHORT_NAME:
            return _date_of(day, name)
    return None


@lru_cache(maxsize=_USUAL)
def _window_of(opens: str, closes: str) -> Window | None:
    if len(opens) > _TIME_LENGTH or len(closes) > _TIME_LENGTH:
        return None
    try:
        return Window.from_json([opens, closes], "")
    except InvalidValue:
        return None


@lru_cache(maxsize=_USUAL)
def _date_of(text: str, name: str | None = None) -> Holiday | None:
    try:
        return Holiday(parse_date(text, ""), name)
    except InvalidValue:
        return None


def _holiday(value: Any, field: str) -> Holiday:
    if not isinstance(value, Mapping):
        return Holiday(_day(value, field))
    entry = parse_object(value, field, _HOLIDAY)
    if "to" in entry and "from" not in entry:
        raise InvalidValue(join(field, "from"), None, "must stand beside `to`")
    if "from" in entry and "date" in entry:
        raise InvalidValue(join(field, "date"), entry["date"], "must be left out beside `from`")
    first = "from" if "from" in entry else "date"
    day = _day(entry.get(first), join(field, first))
    last = _day(entry.get("to"), join(field, "to")) if first == "from" else None
    closed = parse_windows(entry["closed"], join(field, "closed")) if "closed" in entry else ()
    if "closed" in entry and not closed:
        raise InvalidValue(join(field, "closed"), [], "must hold a window, or be left out for the whole day")
    try:
        return Holiday(day, entry.get("name"), last, closed)
    except InvalidValue as refusal:
        raise refusal.under(field) from None


def _day(value: Any, field: str) -> date | MonthDay:
    yearly = MonthDay.parse(value) if isinstance(value, str) else None
    if yearly is not None:
        return yearly
    try:
        return parse_date(value, field)
    except InvalidValue:
        raise InvalidValue(field, value, "must be a date, YYYY-MM-DD, or one of every year, MM-DD") from None


def _require_text(value: Any, field: str) -> None:
    if not isinstance(value, str) or not value.strip():
        raise InvalidValue(field, value, "must be a text that is not empty")


def _list(value: Any, field: str) -> list[Any]:
    if not isinstance(value, list):
        raise InvalidValue(field, value, "must be a list")
    return value
