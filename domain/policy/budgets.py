"""How much a promise allows: working time, working days, or the time until a fixed instant or one of the ticket's."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from domain.calendar import Calendar
from domain.calendar.local_time.zones import HORIZON, LAST_YEAR
from domain.calendar.validation import WEEKDAYS
from domain.errors import InvalidValue, WorkingTimeExhausted
from domain.fields import refuse_unknown, require_bool, require_mapping
from domain.instants import EPOCH, HOUR, MICROSECOND, MINUTE, Instant, Micros, duration, in_units, to_datetime
from domain.policy.field_deadlines import FieldDeadline

MOST_DAYS = 3660
_LONGEST_SEARCH = 3660
"""Days looked at for the next working day."""
_DAYS_OF_A_WEEK = 7
_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")


@dataclass(frozen=True, slots=True)
class WorkingDays:
    """So many working days: until the same wall time that many working days later, or until the end of that day.

    A working day is a local date on which the calendar opens. Two days from Monday 15:00 end on Wednesday 15:00.
    Outside opening hours the count begins at the next opening. The promise is measured as the working time until then,
    so that a pause puts its end off by working time. Raises InvalidValue for a count outside 1 to 3660.
    """

    count: int
    end_of_day: bool = False

    def __post_init__(self) -> None:
        if type(self.count) is not int or not 1 <= self.count <= MOST_DAYS:
            raise InvalidValue("days", self.count, f"must be a whole number from 1 to {MOST_DAYS}")

    def length(self, calendar: Calendar, start: Instant) -> Micros:
        """The working time from `start` on. Raises WorkingTimeExhausted where it would end after the year 2100."""
        zone = ZoneInfo(calendar.timezone)
        # A microsecond has been worked one microsecond after the opening, or after the start if it is open then.
        begins = to_datetime(Instant(calendar.add(start, Micros(1)) - 1)).astimezone(zone)
        day = begins.date()
        for _ in range(self.count):
            day = _next_working_day(calendar, day)
        end = _closing(calendar, day) if self.end_of_day else datetime.combine(day, begins.time())
        return Micros(max(1, calendar.elapsed(start, _instant(end, zone))))


@dataclass(frozen=True, slots=True)
class Deadline:
    """The next `time` on `weekday` (None: on any day) strictly after the start, in the calendar's zone.

    By 16:00 is today at 16:00 for a ticket of 15:59, tomorrow for one of 16:00. A wall time that a clock change skips
    counts one hour later; one that comes twice counts the first time. Neither pauses nor opening hours move it.
    """

    time: time
    weekday: str | None = None

    def after(self, timezone: str, start: Instant) -> Instant:
        """The instant of the deadline for a clock that starts then.

        Raises WorkingTimeExhausted where it lies after the year 2100.
        """
        zone = ZoneInfo(timezone)
        today = to_datetime(start).astimezone(zone).date()
        for ahead in range(_DAYS_OF_A_WEEK + 2):
            day = today + timedelta(days=ahead)
            at = _instant(datetime.combine(day, self.time), zone)
            if at > start and self.weekday in (None, WEEKDAYS[day.weekday()]):
                return at
        raise AssertionError("every weekday comes within a week")

    def to_json(self) -> dict[str, Any]:
        spelled = {"time": self.time.strftime("%H:%M")}
        return spelled if self.weekday is None else {"weekday": self.weekday, **spelled}

    @classmethod
    def from_json(cls, document: Any, field: str = "by") -> Deadline:
        body = require_mapping(document, field)
        refuse_unknown(body, frozenset({"weekday", "time"}), field)
        weekday = body.get("weekday")
        if weekday is not None and weekday not in WEEKDAYS:
            raise InvalidValue(f"{field}.weekday", weekday, f"must be one of {', '.join(WEEKDAYS)}")
        return cls(_time(body.get("time"), f"{field}.time"), weekday)


Budget = Micros | WorkingDays | Deadline | FieldDeadline


def budget_to_json(budget: Budget) -> dict[str, Any]:
    """`hours` and `minutes`, both null for a promise in `days` or `by` an instant."""
    if isinstance(budget, WorkingDays):
        return {**_NO_TIME, "days": budget.count, **({"end_of_day": True} if budget.end_of_day else {})}
    if isinstance(budget, Deadline | FieldDeadline):
        return {**_NO_TIME, "by": budget.to_json()}
    return {"hours": in_units(budget, HOUR), "minutes": in_units(budget, MINUTE)}


def budget_from_json(body: Mapping[str, Any], field: str) -> Budget:
    """From `hours` or `minutes`, `days` with `end_of_day`, or `by`. Raises InvalidValue."""
    given = [name for name in ("hours", "minutes", "days", "by") if body.get(name) is not None]
    if not given:
        raise InvalidValue(f"{field}.hours", None, "hours, minutes, days or by must be given")
    others = [name for name in given if name in ("days", "by")]
    if others and len(given) > 1:
        raise InvalidValue(f"{field}.{others[0]}", body[others[0]], f"only one of {', '.join(given)} may be given")
    end_of_day = require_bool(body.get("end_of_day") or False, f"{field}.end_of_day")
    if end_of_day and given != ["days"]:
        raise InvalidValue(f"{field}.end_of_day", True, "is for targets in days")
    if given == ["by"]:
        if require_mapping(body["by"], f"{field}.by").get("field") is not None:
            return FieldDeadline.from_json(body["by"], f"{field}.by")
        return Deadline.from_json(body["by"], f"{field}.by")
    if given == ["days"]:
        return _working_days(body["days"], end_of_day, field)
    return _working_time(body.get("hours"), body.get("minutes"), field)


_NO_TIME: Mapping[str, None] = {"hours": None, "minutes": None}


def _working_days(days: Any, end_of_day: bool, field: str) -> WorkingDays:
    try:
        return WorkingDays(days, end_of_day)
    except InvalidValue as error:
        raise error.under(field) from None


def _working_time(hours: Any, minutes: Any, field: str) -> Micros:
    lengths = {
        duration(amount, unit, f"{field}.{name}")
        for name, amount, unit in (("hours", hours, HOUR), ("minutes", minutes, MINUTE))
        if amount is not None
    }
    if len(lengths) > 1:
        raise InvalidValue(f"{field}.minutes", minutes, f"contradicts hours {hours!r}; give one of them")
    return lengths.pop()


def _next_working_day(calendar: Calendar, day: date) -> date:
    for ahead in range(1, _LONGEST_SEARCH):
        following = day + timedelta(days=ahead)
        if following.year > LAST_YEAR:
            break
        if calendar.open_windows(following):
            return following
    raise WorkingTimeExhausted("there is no such working day before the year 2101")


def _closing(calendar: Calendar, day: date) -> datetime:
    """The last closing time of a working day, as a local wall time."""
    midnight = datetime.combine(day, time())
    return midnight + calendar.open_windows(day)[-1].today.end * MICROSECOND


def _instant(wall: datetime, zone: ZoneInfo) -> Instant:
    at = (wall.replace(tzinfo=zone, fold=0) - EPOCH) // MICROSECOND
    if at > HORIZON:
        raise WorkingTimeExhausted("it would end after the year 2100")
    return Instant(at)


def _time(value: Any, field: str) -> time:
    found = _TIME.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise InvalidValue(field, value, "must be a time of day such as 16:00")
    return time(int(found[1]), int(found[2]))
