"""Laws of working time for any calendar, and a minute-by-minute oracle around clock changes."""

import zoneinfo
from collections.abc import Iterable
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.calendar import Calendar, Holiday, Window
from domain.calendar.local_time.zones import HORIZON, offset_spans_of_year
from domain.calendar.rules.days import DatedWindows
from domain.errors import WorkingTimeExhausted
from domain.instants import DAY, HOUR, MINUTE, SECOND, Instant, Micros, to_datetime
from tests.support.examples import examples

ZONES = (
    "UTC",
    "Africa/Cairo",
    "Africa/Casablanca",
    "America/Caracas",
    "America/New_York",
    "America/St_Johns",
    "Antarctica/Casey",
    "Antarctica/Troll",
    "Asia/Gaza",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Europe/Berlin",
    "Europe/Dublin",
    "Pacific/Apia",
    "Pacific/Chatham",
    "Pacific/Kiritimati",
    "Pacific/Kwajalein",
)
EVENTFUL_YEARS = (1970, 1972, 1986, 1988, 1993, 1994, 1995, 2007, 2010, 2011, 2014, 2016, 2026, 2038, 2087, 2100)

times = st.integers(0, 24 * 60 - 1).map(lambda minute: minute * MINUTE)
ends = times | st.just(24 * HOUR)
windows = st.tuples(times, ends).filter(lambda pair: pair[0] != pair[1]).map(lambda pair: Window(*pair))
days = st.lists(windows, max_size=3).map(tuple)
weeks = st.tuples(*[days] * 7).filter(any)
near = st.integers(-3, 4)
dated_near = st.dictionaries(near, days, max_size=3)
holidays_near = st.sets(near, max_size=2)
zones, years = st.sampled_from(ZONES), st.sampled_from(EVENTFUL_YEARS)
minutes_around = st.integers(-48 * 60, 48 * 60)


@st.composite
def moments(draw: st.DrawFn) -> tuple[str, int]:
    """A zone and an instant within two days of one of its clock changes, or of New Year."""
    zone, year = draw(zones), draw(years)
    edge = draw(st.sampled_from([part.start for part in offset_spans_of_year(zone, year)]))
    return zone, max(0, edge + draw(minutes_around) * MINUTE)


any_moment = moments()


@st.composite
def cases(draw: st.DrawFn) -> tuple[Calendar, Instant]:
    zone, instant = draw(any_moment)

    def dated() -> tuple[DatedWindows, ...]:
        return tuple((_date(instant, offset), hours) for offset, hours in draw(dated_near).items())

    week, holidays = draw(weeks), tuple(Holiday(_date(instant, offset)) for offset in draw(holidays_near))
    return Calendar(zone, week, holidays, dated(), dated()), Instant(instant)


def _date(instant: int, offset: int) -> date:
    return to_datetime(Instant(instant)).date() + timedelta(days=offset)


ONE_DAY = timedelta(days=1)


class Oracle:
    """The rule word by word: is this wall time of this date open?"""

    def __init__(self, calendar: Calendar) -> None:
        self.zone = zoneinfo.ZoneInfo(calendar.timezone)
        self.week = calendar.weekly_hours
        self.holidays = {holiday.day for holiday in calendar.holidays}
        self.special, self.breaks = dict(calendar.special_days), dict(calendar.breaks)

    def is_open(self, instant: int) -> bool:
        local = to_datetime(Instant(instant)).astimezone(self.zone)
        today = local.date()
        yesterday = today - ONE_DAY
        time = (local.hour * 60 + local.minute) * MINUTE + local.second * SECOND + local.microsecond
        if today in self.holidays or self._covers(self.breaks, today, yesterday, time):
            return False
        if today in self.special:
            return any(_evening(window, time) for window in self.special[today])
        weekly = {today: self.week[today.weekday()], yesterday: self.week[yesterday.weekday()]}
        spill = any(_morning(window, time) for window in self.special.get(yesterday, ()))
        return spill or self._covers(weekly, today, yesterday, time)

    @staticmethod
    def _covers(hours: dict[date, tuple[Window, ...]], today: date, yesterday: date, time: int) -> bool:
        evening = any(_evening(window, time) for window in hours.get(today, ()))
        return evening or any(_morning(window, time) for window in hours.get(yesterday, ()))


def _evening(window: Window, time: int) -> bool:
    past_midnight = window.closes < window.opens
    return window.opens <= time and (past_midnight or time < window.closes)


def _morning(window: Window, time: int) -> bool:
    return window.closes < window.opens and time < window.closes


@settings(max_examples=examples(50), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cases())
def test_working_time_equals_a_count_of_the_open_minutes(case: tuple[Calendar, Instant]) -> None:
    calendar, start = case
    oracle = Oracle(calendar)
    end = min(start + 3 * DAY, HORIZON)
    minutes = [Instant(instant) for instant in range(start, end, MINUTE)]
    opened = [minute for minute in minutes if oracle.is_open(minute)]
    assert [minute for minute in minutes if calendar.is_open(minute)] == opened
    assert calendar.elapsed(start, Instant(end)) == len(opened) * MINUTE
    for position in {1, len(opened) // 2, len(opened)} & set(range(1, len(opened) + 1)):
        assert calendar.add(start, Micros(position * MINUTE)) == opened[position - 1] + MINUTE


lengths = st.integers(0, 400 * HOUR)


@settings(max_examples=examples(80), deadline=None)
@given(cases(), lengths)
def test_elapsed_inverts_add_and_add_finds_the_earliest_instant(case: tuple[Calendar, Instant], working: int) -> None:
    calendar, start = case
    try:
        due = calendar.add(start, Micros(working))
    except WorkingTimeExhausted:
        assert calendar.elapsed(start, Instant(HORIZON)) < working
        return
    assert calendar.elapsed(start, due) == working
    if working:
        assert calendar.elapsed(start, Instant(due - 1)) == working - 1
        assert calendar.is_open(Instant(due - 1))
    else:
        assert due == start


@settings(max_examples=examples(80), deadline=None)
@given(cases(), st.lists(st.integers(0, 800 * DAY), min_size=2, max_size=5))
def test_working_time_of_a_whole_is_the_sum_of_its_parts(case: tuple[Calendar, Instant], offsets: list[int]) -> None:
    calendar, start = case
    cuts = [start, *(Instant(min(start + offset, HORIZON)) for offset in sorted(offsets))]
    parts = [calendar.elapsed(a, b) for a, b in pairwise(cuts)]
    assert sum(parts) == calendar.elapsed(cuts[0], cuts[-1])
    assert all(0 <= part <= b - a for part, (a, b) in zip(parts, pairwise(cuts), strict=True))


@settings(max_examples=examples(80), deadline=None)
@given(cases(), lengths, lengths, st.integers(0, 30 * DAY))
def test_more_work_or_a_later_start_never_ends_earlier(
    case: tuple[Calendar, Instant], less: int, more: int, later: int
) -> None:
    calendar, start = case
    less, more = sorted((less, more))
    try:
        longest = calendar.add(start, Micros(more))
        assert calendar.add(start, Micros(less)) <= longest
        assert longest <= calendar.add(Instant(min(start + later, HORIZON)), Micros(more))
    except WorkingTimeExhausted:
        assert start > HORIZON - 1000 * DAY


@settings(max_examples=examples(60), deadline=None)
@given(cases(), lengths, lengths)
def test_work_done_in_two_steps_ends_where_one_step_does(case: tuple[Calendar, Instant], a: int, b: int) -> None:
    calendar, start = case
    if b == 0:
        return
    try:
        whole = calendar.add(start, Micros(a + b))
    except WorkingTimeExhausted:
        return
    assert calendar.add(calendar.add(start, Micros(a)), Micros(b)) == whole


@settings(max_examples=examples(60), deadline=None)
@given(cases())
def test_any_calendar_survives_json(case: tuple[Calendar, Instant]) -> None:
    calendar, _ = case
    document: Any = calendar.to_json()
    assert Calendar.from_json(document) == calendar


@settings(max_examples=examples(60), deadline=None)
@given(cases(), st.randoms())
def test_the_order_in_which_rules_are_written_changes_nothing(case: tuple[Calendar, Instant], random: Any) -> None:
    calendar, start = case

    def shuffled(values: Iterable[Any]) -> tuple[Any, ...]:
        return tuple(random.sample(list(values), len(list(values))))

    def dated(entries: tuple[DatedWindows, ...]) -> tuple[DatedWindows, ...]:
        return shuffled([(day, shuffled(hours)) for day, hours in entries])

    week = tuple(shuffled(day) for day in calendar.weekly_hours)
    other = Calendar(
        calendar.timezone,
        week,
        shuffled(calendar.holidays),
        dated(calendar.special_days),
        dated(calendar.breaks),
    )
    end = Instant(min(start + 30 * DAY, HORIZON))
    assert other.elapsed(start, end) == calendar.elapsed(start, end)
