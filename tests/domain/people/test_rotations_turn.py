"""Who is on call by a rotation, whatever the clocks do: every instant has one shift, with a handover at its time."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from domain.errors import InvalidValue
from domain.instants import DAY, HOUR, MINUTE, Instant, Micros, from_datetime, parse, to_datetime
from domain.people.local import instant_of, wall_at, wall_of
from domain.people.on_call import OnCall, Rota
from domain.people.rotations import Rotation

ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Sao_Paulo",
    "Asia/Kathmandu",
    "Pacific/Apia",
)
MEMBERS = ("con_ada", "con_grace", "con_joan")

zones = st.sampled_from(ZONES)
handovers = st.integers(0, 24 * 60 - 1).map(lambda minutes: minutes * MINUTE)
shifts = st.one_of(st.integers(1, 400), st.integers(1, 20).map(lambda days: days * 24)).map(lambda n: Micros(n * HOUR))
starts = st.dates(date(2010, 1, 1), date(2026, 12, 31))
instants = st.integers(parse("2011-01-01T00:00:00Z"), parse("2028-01-01T00:00:00Z")).map(Instant)


def rotation(**changes: object) -> Rotation:
    return Rotation.from_json({"members": list(MEMBERS), "shift": {"days": 7}, "start": "2026-03-02", **changes})


def on_call(**changes: object) -> Rota:
    turns = rotation().to_json()
    document = {"id": "onc_1", "name": "Nights", "timezone": "Europe/Berlin", "handover": "09:00", "rotation": turns}
    return Rota(OnCall.from_json({**document, **changes}))


def at(text: str, zone: str = "Europe/Berlin") -> Instant:
    return from_datetime(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)))


@given(zones, handovers, shifts, starts, instants)
def test_every_instant_from_the_first_shift_on_lies_in_one_shift(
    zone: str, handover: int, shift: Micros, start: date, moment: Instant
) -> None:
    """Every instant from the first shift on lies in one shift, which the clocks only make shorter or longer."""
    turns = Rotation(MEMBERS, shift, start)
    first = instant_of(zone, wall_at(start, handover))
    member = turns.at(moment, zone, handover)
    assert (member is None) == (moment < first)
    assume(moment >= first)
    end = Instant(moment + 2 * shift + 2 * DAY)
    begins = list(turns.handovers(Instant(moment + 1), end, zone, handover))
    # Until the next handover it is the same one; from it on the next, unless that shift has no length.
    assert turns.at(Instant(begins[0] - 1), zone, handover) == member
    following = [MEMBERS[(MEMBERS.index(member or "") + turn) % 3] for turn in range(1, 3)]
    assert turns.at(begins[0], zone, handover) == following[begins.count(begins[0]) - 1]
    assert begins == sorted(begins)


@given(zones, handovers, starts, st.integers(1, 30), instants)
def test_shifts_of_days_are_handed_over_at_the_same_time_of_day_whatever_the_clocks_do(
    zone: str, handover: int, start: date, days: int, moment: Instant
) -> None:
    """Shifts are handed over at the same time of day all year; a time that the clocks skip is when they skip it."""
    turns = Rotation(MEMBERS, Micros(days * DAY), start)
    for begins in turns.handovers(moment, Instant(moment + 200 * DAY), zone, handover):
        # What the clocks show then, and what they would have shown: in between lies what they skip.
        shows, would_show = wall_of(zone, begins), wall_of(zone, Instant(begins - 1)) + 1
        at_the_time = (shows - handover) // DAY * DAY + handover
        assert shows == at_the_time or would_show <= at_the_time < shows


@given(zones, st.integers(0, 60 * 366 * 24 * 60), st.integers(0, 3 * 24 * 60))
def test_a_later_wall_time_is_never_an_earlier_instant(zone: str, minutes: int, later: int) -> None:
    wall = wall_at(date(1971, 1, 1), minutes * MINUTE)
    assert instant_of(zone, wall) <= instant_of(zone, wall + later * MINUTE)


def test_a_week_is_handed_over_at_nine_in_winter_and_in_summer() -> None:
    rota = on_call()
    assert rota.at(at("2026-03-02T08:59")).contacts == ()
    assert rota.at(at("2026-03-02T09:00")).contacts == ("con_ada",)
    assert rota.at(at("2026-03-30T08:59")).contacts == ("con_ada",)
    assert rota.at(at("2026-03-30T09:00")).contacts == ("con_grace",)
    assert to_datetime(at("2026-03-30T09:00")).hour == 7


def test_a_shift_of_twelve_hours_is_an_hour_shorter_in_the_night_that_the_clocks_are_put_forward() -> None:
    rota = on_call(handover="21:00", rotation={**rotation().to_json(), "shift": {"hours": 12}})
    night = [
        one
        for one in rota.shifts(at("2026-03-28T12:00"), at("2026-03-29T21:00"))
        if one.start >= at("2026-03-28T21:00")
    ]
    assert [(one.end - one.start) // HOUR for one in night] == [11, 12]
    night = list(rota.shifts(at("2026-10-24T21:00"), at("2026-10-25T09:00")))
    assert [(one.end - one.start) // HOUR for one in night] == [13]


def test_a_handover_that_the_clocks_skip_comes_when_they_skip_it() -> None:
    rota = on_call(handover="02:30", rotation={**rotation().to_json(), "shift": {"days": 1}})
    begins = [one.start for one in rota.shifts(at("2026-03-28T12:00"), at("2026-03-30T12:00"))][1:]
    assert [to_datetime(one).isoformat() for one in begins] == [
        "2026-03-29T01:00:00+00:00",
        "2026-03-30T00:30:00+00:00",
    ]


def test_an_override_takes_over_from_one_handover_to_another() -> None:
    """Of overrides that overlap the later one in the list counts."""
    christmas = {"from": "2026-12-24", "until": "2026-12-27", "contact": "con_joan"}
    lunch = {"from": "2026-12-25T12:00", "until": "2026-12-25T13:00", "contact": "con_grace"}
    rota = on_call(overrides=[christmas, lunch])
    usual = on_call().at(at("2026-12-24T08:59")).contacts
    assert rota.at(at("2026-12-24T08:59")).contacts == usual
    assert (rota.at(at("2026-12-24T09:00")).contacts, rota.at(at("2026-12-24T09:00")).because) == (
        ("con_joan",),
        "override",
    )
    assert rota.at(at("2026-12-25T12:30")).contacts == ("con_grace",)
    assert rota.at(at("2026-12-27T08:59")).contacts == ("con_joan",)
    assert rota.at(at("2026-12-27T09:00")).because == "rotation"
    cut = [(one.duty.contacts, one.duty.because) for one in rota.shifts(at("2026-12-24T00:00"), at("2026-12-28T00:00"))]
    assert [because for _, because in cut] == ["rotation", "override", "override", "override", "rotation"]


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20)), max_size=6), zones)
def test_a_schedule_has_no_gaps_and_says_at_each_instant_who_is_on_call(
    spans: list[tuple[int, int]], zone: str
) -> None:
    first = date(2026, 3, 2).toordinal()
    overrides = [
        {
            "from": date.fromordinal(first + begins).isoformat(),
            "until": date.fromordinal(first + begins + days).isoformat(),
            "contact": MEMBERS[place % 3],
        }
        for place, (begins, days) in enumerate(spans)
    ]
    rota = on_call(timezone=zone, overrides=overrides)
    start, end = at("2026-03-01T00:00"), at("2026-05-20T00:00")
    shifts_of_it = list(rota.shifts(start, end))
    assert [shifts_of_it[0].start, *(one.end for one in shifts_of_it)] == [*(one.start for one in shifts_of_it), end]
    for one in shifts_of_it:
        assert rota.at(one.start) == one.duty == rota.at(Instant(one.end - 1))


def test_a_rota_comes_back_from_its_document_as_it_was() -> None:
    one = on_call(overrides=[{"from": "2026-12-24", "until": "2026-12-24T18:30", "contact": "con_joan"}]).on_call
    assert OnCall.from_json(one.to_json()) == one


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("rotation.shift", {"rotation": {"members": ["a"], "shift": {}, "start": "2026-03-02"}}),
        ("rotation.shift", {"rotation": {"members": ["a"], "shift": {"days": 1, "hours": 1}, "start": "2026-03-02"}}),
        ("rotation.shift.days", {"rotation": {"members": ["a"], "shift": {"days": 0}, "start": "2026-03-02"}}),
        ("rotation.shift.days", {"rotation": {"members": ["a"], "shift": {"days": 367}, "start": "2026-03-02"}}),
        ("rotation.shift.hours", {"rotation": {"members": ["a"], "shift": {"hours": 1.5}, "start": "2026-03-02"}}),
        ("rotation.shift.weeks", {"rotation": {"members": ["a"], "shift": {"weeks": 1}, "start": "2026-03-02"}}),
        ("rotation.members", {"rotation": {"members": [], "shift": {"days": 1}, "start": "2026-03-02"}}),
        ("rotation.start", {"rotation": {"members": ["a"], "shift": {"days": 1}, "start": "2026-02-30"}}),
        ("rotation.start", {"rotation": {"members": ["a"], "shift": {"days": 1}, "start": "20260302"}}),
        ("handover", {"handover": "24:00"}),
        ("timezone", {"timezone": "Mars/Base"}),
        ("overrides[0].until", {"overrides": [{"from": "2026-12-24", "until": "2026-12-24", "contact": "a"}]}),
        ("overrides[0].from", {"overrides": [{"from": "2026-12-24T25:00", "until": "2026-12-26", "contact": "a"}]}),
        ("overrides[0].contact", {"overrides": [{"from": "2026-12-24", "until": "2026-12-26"}]}),
    ],
)
def test_what_is_no_rota_is_refused_by_its_field(field: str, changes: dict[str, object]) -> None:
    with pytest.raises(InvalidValue) as refusal:
        on_call(**changes)
    assert refusal.value.field is not None
    assert refusal.value.field.removeprefix("on_call.") == field


def test_long_before_and_long_after_its_start_a_rotation_has_an_answer() -> None:
    rota = on_call()
    assert rota.at(parse("1970-01-01T00:00:00Z")).contacts == ()
    assert rota.at(parse("2099-12-31T00:00:00Z")).contacts != ()


def test_an_override_in_an_hour_that_the_clocks_skip_is_refused_and_says_so() -> None:
    override = {"from": "2026-03-29T02:15", "until": "2026-03-29T02:45", "contact": "con_a"}
    turns = {"members": ["con_a"], "shift": {"days": 1}, "start": "2026-03-02"}
    document = {
        "id": "onc_1",
        "name": "Nights",
        "timezone": "Europe/Berlin",
        "rotation": turns,
        "overrides": [override],
    }
    with pytest.raises(InvalidValue, match=r"must lie after 2026-03-29T02:15: the clocks skip the time between them"):
        OnCall.from_json(document)
