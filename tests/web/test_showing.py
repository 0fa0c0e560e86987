"""Times, lengths, bars and timelines as people read them: pure functions."""

from __future__ import annotations

import pytest

from domain.instants import DAY, HOUR, MINUTE, SECOND, Instant, parse
from web.showing.bars import used_bar
from web.showing.durations import duration, exact, signed
from web.showing.instants import moment, relative
from web.showing.timeline import WIDTH, Stretch, timeline
from web.showing.words import link

NOON = parse("2026-03-04T12:00:00Z")
BERLIN = "Europe/Berlin"


@pytest.mark.parametrize(
    ("away", "text"),
    [
        (0, "now"),
        (-29 * SECOND, "now"),
        (45 * SECOND, "in 45 s"),
        (-4 * MINUTE, "4 min ago"),
        (125 * MINUTE, "in 2 h 5 min"),
        (2 * HOUR, "in 2 h"),
        (-(2 * DAY + 3 * HOUR), "2 d 3 h ago"),
        (DAY, "in 1 d"),
    ],
)
def test_how_far_an_instant_is(away: int, text: str) -> None:
    assert relative(Instant(NOON + away), NOON) == text


@pytest.mark.parametrize(
    ("at", "text"),
    [
        ("2026-03-04T15:02:00Z", "16:02"),
        ("2026-03-04T23:30:00Z", "Thu 00:30"),
        ("2026-03-09T08:00:00Z", "Mon 09:00"),
        ("2026-05-01T08:00:00Z", "1 May 10:00"),
        ("2027-03-04T08:00:00Z", "4 Mar 2027 09:00"),
    ],
)
def test_an_instant_is_as_short_as_it_is_clear_in_the_organizations_zone(at: str, text: str) -> None:
    assert moment(parse(at), BERLIN, NOON) == text


@pytest.mark.parametrize(
    ("length", "text"),
    [(0, "0 min"), (1, "1 s"), (59 * SECOND, "59 s"), (90 * HOUR, "90 h"), (125 * MINUTE, "2 h 5 min")],
)
def test_working_time_has_no_days(length: int, text: str) -> None:
    assert duration(length) == text


def test_what_is_used_up_has_a_minus() -> None:
    assert (signed(-4 * MINUTE), signed(4 * MINUTE)) == ("\N{MINUS SIGN}4 min", "4 min")


@pytest.mark.parametrize(
    ("used", "kind", "width"),
    [(0, "run", 0), (HOUR, "run", 25), (3 * HOUR, "warn", 75), (4 * HOUR, "warn", 100), (8 * HOUR, "bad", 100)],
)
def test_a_bar_shows_how_much_is_used(used: int, kind: str, width: float) -> None:
    bar = used_bar(used, 4 * HOUR)
    assert (bar.kind, bar.width) == (kind, width)
    assert bar.text == f"{100 * used // (4 * HOUR)} % used: {duration(used)} of 4 h"


def test_a_bar_that_overruns_has_its_due_inside_and_its_steps_where_they_come() -> None:
    bar = used_bar(8 * HOUR, 4 * HOUR, steps=[2 * HOUR, 6 * HOUR, 9 * HOUR])
    assert bar.ticks == (25.0, 37.5, 50.0)
    assert bar.steps == (25.0, 75.0)


def test_a_bar_without_a_budget_is_no_error() -> None:
    assert used_bar(5, 0).kind == "bad"


def stretches(*kinds: str) -> list[Stretch]:
    """An hour each, from noon on."""
    return [
        Stretch(
            kind, Instant(NOON + index * HOUR), Instant(NOON + (index + 1) * HOUR), HOUR * (kind == "running"), kind
        )
        for index, kind in enumerate(kinds)
    ]


def test_a_timeline_has_no_gap_and_what_lies_ahead_gets_a_third_at_most() -> None:
    drawn = timeline(
        stretches("running", "closed", "running"),
        Instant(NOON + 3 * HOUR),
        Instant(NOON + 90 * HOUR),
        4 * HOUR,
        is_over=False,
    )
    assert drawn is not None
    assert [box.kind for box in drawn.boxes] == ["running", "closed", "running", "ahead"]
    for one, two in zip(drawn.boxes, drawn.boxes[1:], strict=False):
        assert one.x + one.width == pytest.approx(two.x, abs=0.2)
    assert drawn.boxes[-1].width == pytest.approx(WIDTH / 3, abs=0.2)
    assert (drawn.due, drawn.ends) == (WIDTH, NOON + 90 * HOUR)
    assert [point.partition(",")[2] for point in drawn.burn.split()] == ["0.0", "25.0", "25.0", "50.0"]


def test_a_clock_that_has_stopped_has_nothing_ahead_and_a_due_that_passed_is_inside() -> None:
    drawn = timeline(
        stretches("running", "running"), Instant(NOON + 2 * HOUR), Instant(NOON + HOUR), HOUR, is_over=True
    )
    assert drawn is not None
    assert (drawn.due, drawn.now, drawn.burn_ahead) == (WIDTH / 2, None, "")
    later = timeline(stretches("running"), Instant(NOON + HOUR), Instant(NOON + 9 * HOUR), 9 * HOUR, is_over=True)
    assert later is not None
    assert later.due is None


def test_a_budget_is_used_up_where_its_due_is_and_not_when_the_clock_stops() -> None:
    drawn = timeline(
        stretches("running", "running"), Instant(NOON + 2 * HOUR), Instant(NOON + HOUR), HOUR, is_over=True
    )
    long = timeline(
        [Stretch("running", NOON, Instant(NOON + 2 * HOUR), 2 * HOUR, "")],
        Instant(NOON + 2 * HOUR),
        Instant(NOON + HOUR // 2),
        HOUR // 2,
        is_over=True,
    )
    assert drawn is not None
    assert long is not None
    assert drawn.burn == "0,0.0 500,100.0 1000,100.0"
    assert (long.burn, long.due) == ("0,0.0 250,100.0 1000,100.0", 250.0)


@pytest.mark.parametrize(
    ("length", "words"), [(0, "0 s"), (HOUR, "1 h"), (HOUR + 4 * SECOND, "1 h 4 s"), (61 * SECOND - 1, "1 min 1 s")]
)
def test_a_length_is_told_to_the_second(length: int, words: str) -> None:
    assert exact(length) == words


def test_a_clock_that_has_not_run_is_not_drawn() -> None:
    assert timeline([], NOON, None, None, is_over=False) is None


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", "//evil", "", None])
def test_a_ticket_leads_nowhere_but_to_web_pages(address: str | None) -> None:
    assert link(address) is None
    assert link("https://desk.example.com/1") == "https://desk.example.com/1"
