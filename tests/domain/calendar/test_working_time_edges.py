"""Working time at its edges: no time, closing time, 1970 and 2100, refused input, many threads at once."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from random import Random
from threading import Barrier
from typing import Any

import pytest

from domain.calendar import Calendar
from domain.calendar import calendar as calendars
from domain.calendar.compiling.compilation import Compilation
from domain.errors import InvalidValue, WorkingTimeExhausted
from domain.instants import DAY, HOUR, MINUTE, Instant, Micros, parse, render

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri")
FIRST = Instant(0)
LAST = parse("2101-01-01T00:00:00Z")
NOTHING = Micros(0)
HOLIDAYS = ("2026-05-01", "2026-12-25")


def office(timezone: str = "Europe/Berlin", closes: str = "17:00", holidays: Sequence[str] = ()) -> Calendar:
    hours = {weekday: [["09:00", closes]] for weekday in WEEKDAYS}
    return Calendar.from_json({"timezone": timezone, "weekly_hours": hours, "holidays": list(holidays)})


def test_no_working_time_ends_where_it_starts_even_at_night() -> None:
    for start in ("2026-03-02T10:00:00Z", "2026-03-01T03:00:00.000001Z"):
        assert office().add(parse(start), NOTHING) == parse(start)


def test_due_on_closing_time_is_the_closing_instant_not_the_next_opening() -> None:
    assert render(office().add(parse("2026-03-06T08:00:00Z"), Micros(8 * HOUR))) == "2026-03-06T16:00:00Z"
    assert render(office().add(parse("2026-03-06T08:00:00Z"), Micros(8 * HOUR + 1))) == "2026-03-09T08:00:00.000001Z"


def test_a_window_is_open_from_its_first_instant_and_closed_at_its_last() -> None:
    opening, closing = parse("2026-03-06T08:00:00Z"), parse("2026-03-06T16:00:00Z")
    answers = [office().is_open(Instant(instant)) for instant in (opening - 1, opening, closing - 1, closing)]
    assert answers == [False, True, True, False]


def test_windows_that_meet_at_midnight_leave_no_seam() -> None:
    hours = {"mon": [["09:00", "24:00"]], "tue": [["00:00", "12:00"]]}
    calendar = Calendar.from_json({"timezone": "UTC", "weekly_hours": hours})
    midnight = parse("2026-03-03T00:00:00Z")
    assert calendar.is_open(midnight)
    assert calendar.add(Instant(midnight - HOUR), Micros(2 * HOUR)) == midnight + HOUR


def test_a_calendar_that_is_always_open_is_plain_arithmetic() -> None:
    always = Calendar.always()
    assert always.add(Instant(5), Micros(7)) == 12
    assert always.elapsed(FIRST, LAST) == LAST - FIRST
    assert always.is_open(FIRST)
    assert always.add(FIRST, Micros(LAST)) == LAST
    with pytest.raises(WorkingTimeExhausted):
        always.add(LAST, Micros(1))


@pytest.mark.parametrize("calendar", [office("UTC"), Calendar.always()])
def test_who_asks_for_more_time_than_there_is_hears_of_which_hours_and_how_much(calendar: Calendar) -> None:
    with pytest.raises(WorkingTimeExhausted) as refusal:
        calendar.add(Instant(LAST - DAY), Micros(2 * DAY))
    asked = (refusal.value.field, refusal.value.value)
    assert asked == ("business_hours", "172800 seconds from 2100-12-31T00:00:00Z")


def test_every_hour_of_the_week_in_any_zone_equals_always() -> None:
    hours = {weekday: [["00:00", "24:00"]] for weekday in (*WEEKDAYS, "sat", "sun")}
    calendar = Calendar.from_json({"timezone": "Pacific/Apia", "weekly_hours": hours})
    assert calendar.elapsed(FIRST, LAST) == LAST - FIRST
    assert calendar.add(FIRST, Micros(LAST)) == LAST


@pytest.mark.parametrize("timezone", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "UTC", "Africa/Monrovia"])
def test_1970_and_2100_are_inside(timezone: str) -> None:
    calendar = office(timezone)
    total = calendar.elapsed(FIRST, LAST)
    assert calendar.add(FIRST, total) <= LAST
    assert calendar.elapsed(FIRST, calendar.add(FIRST, total)) == total
    assert calendar.elapsed(Instant(LAST - 7 * DAY), LAST) == pytest.approx(40 * HOUR, abs=8 * HOUR)
    with pytest.raises(WorkingTimeExhausted):
        calendar.add(FIRST, Micros(total + 1))
    with pytest.raises(WorkingTimeExhausted):
        calendar.add(LAST, Micros(1))
    assert calendar.add(LAST, NOTHING) == LAST
    assert calendar.is_open(FIRST) in (True, False)
    assert not calendar.is_open(LAST) or calendar.elapsed(Instant(LAST - 1), LAST) == 1


def test_a_calendar_whose_future_is_all_holidays_runs_out_and_says_so() -> None:
    holidays = [(date(2098, 1, 1) + timedelta(days=day)).isoformat() for day in range(3 * 366)]
    calendar = office("UTC", holidays=holidays)
    with pytest.raises(WorkingTimeExhausted, match="2101"):
        calendar.add(parse("2097-12-31T17:00:00Z"), Micros(1))


def test_a_year_without_working_time_is_stepped_over() -> None:
    holidays = [(date(2026, 1, 1) + timedelta(days=day)).isoformat() for day in range(2 * 365)]
    calendar = office("UTC", holidays=holidays)
    assert render(calendar.add(parse("2025-12-31T16:00:00Z"), Micros(HOUR))) == "2025-12-31T17:00:00Z"
    assert render(calendar.add(parse("2025-12-31T16:00:00Z"), Micros(HOUR + 1))) == "2028-01-03T09:00:00.000001Z"
    assert render(calendar.add(parse("2026-07-01T00:00:00Z"), Micros(HOUR))) == "2028-01-03T10:00:00Z"


@pytest.mark.parametrize("calendar", [office(), Calendar.always()])
def test_an_end_before_its_start_a_negative_length_and_an_instant_out_of_range_are_refused(calendar: Calendar) -> None:
    inside, before, after = parse("2026-03-02T10:00:00Z"), Instant(-1), Instant(LAST + 1)
    with pytest.raises(InvalidValue, match="end: must not lie before 2026-03-02T10:00:00Z, got '2026-03-02T09:59:00Z'"):
        calendar.elapsed(inside, Instant(inside - MINUTE))
    with pytest.raises(InvalidValue, match="working: must not be negative, got -1"):
        calendar.add(inside, Micros(-1))
    for instant in (before, after):
        with pytest.raises(InvalidValue, match="start: "):
            calendar.add(instant, Micros(1))
        with pytest.raises(InvalidValue, match="instant: "):
            calendar.is_open(instant)
    with pytest.raises(InvalidValue, match="start: "):
        calendar.elapsed(before, inside)
    with pytest.raises(InvalidValue, match="end: "):
        calendar.elapsed(inside, after)


def test_fortnights_compiled_in_any_order_by_many_threads_give_one_truth() -> None:
    workers, rounds = 8, 3
    for attempt in range(rounds):
        closing = f"17:{attempt:02}:07"
        reference = office("Europe/London", closing)
        instants = [Instant(Random(attempt).randrange(LAST)) for _ in range(60)]
        pairs = [(min(a, b), max(a, b)) for a in instants[:8] for b in instants]
        barrier = Barrier(workers)

        def measure(
            seed: int, pairs: list[tuple[Instant, Instant]], barrier: Barrier, closing: str
        ) -> dict[object, int]:
            mine, calendar = list(pairs), office("Europe/London", closing)
            Random(seed).shuffle(mine)
            barrier.wait()
            return {pair: calendar.elapsed(*pair) for pair in mine}

        with ThreadPoolExecutor(workers) as pool:
            futures = [pool.submit(measure, seed, pairs, barrier, closing) for seed in range(workers)]
            answers = [future.result() for future in futures]
        assert all(answer == answers[0] for answer in answers)
        assert answers[0] == {
            pair: reference.elapsed(FIRST, pair[1]) - reference.elapsed(FIRST, pair[0]) for pair in pairs
        }


def test_calendars_in_use_are_compiled_once_each_however_many_are_asked_in_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compiled: list[Compilation] = []

    def compile_one(*rules: Any) -> Compilation:
        compiled.append(Compilation(*rules))
        return compiled[-1]

    monkeypatch.setattr(calendars, "Compilation", compile_one)
    offices = [
        office(closes=f"18:{index // 60 % 60:02}:{index % 60:02}", holidays=HOLIDAYS[: index // 3600])
        for index in range(9000)
    ]
    for each in offices + offices:
        each.add(parse("2026-03-06T08:00:00Z"), Micros(8 * HOUR))
    assert len(compiled) == len(offices)
