"""Zones as stretches of constant offset, and the database they come from."""

import zoneinfo
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import import_module, metadata
from itertools import pairwise
from pathlib import Path
from zoneinfo import _common  # the only reader of transitions in the standard library

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.calendar import pin_packaged_tzdata, tzdata_version
from domain.calendar.local_time.zones import (
    FIRST_YEAR,
    LAST_YEAR,
    YEAR_STARTS,
    offset_at,
    offset_spans,
    offset_spans_of_year,
)
from domain.instants import DAY, MICROSECOND, SECOND, Instant, to_datetime

pin_packaged_tzdata()  # the transitions below are read from the package whatever the machine has
ZONES = sorted(zoneinfo.available_timezones() - {"Factory"})


@pytest.fixture(autouse=True)
def _pinned_database() -> Iterator[None]:
    pin_packaged_tzdata()
    yield
    pin_packaged_tzdata()


def recorded_offsets(key: str) -> list[tuple[int, int]]:
    """(instant, offset) of every change in the zone's own file from 1970 on, in seconds."""
    index, transitions, offsets, *_ = _common.load_data(_common.load_tzdata(key))
    changes = [(at, offsets[kind]) for at, kind in zip(transitions, index, strict=True)]
    return [(at, new) for (_, old), (at, new) in pairwise(changes) if at > 0 and new != old]


@pytest.mark.parametrize("letter", sorted({key[:4] for key in ZONES}))
def test_every_change_of_offset_in_the_database_is_found(letter: str) -> None:
    missed = []
    for key in (key for key in ZONES if key.startswith(letter)):
        for at, offset in recorded_offsets(key):
            year = to_datetime(Instant(at * SECOND)).year
            if year > LAST_YEAR:
                break
            if not any(
                (part.start, part.offset) == (at * SECOND, offset * SECOND) for part in offset_spans_of_year(key, year)
            ):
                missed.append((key, at))
    assert not missed


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(ZONES), st.integers(0, YEAR_STARTS[-1] - 1))
def test_every_instant_lies_in_a_segment_with_its_offset(key: str, instant: int) -> None:
    moment = to_datetime(Instant(instant))
    parts = offset_spans_of_year(key, moment.year)
    index = moment.year - FIRST_YEAR
    assert [parts[0].start, *(part.end for part in parts)] == [*(part.start for part in parts), YEAR_STARTS[index + 1]]
    (offset,) = (part.offset for part in parts if part.start <= instant < part.end)
    assert moment.astimezone(zoneinfo.ZoneInfo(key)).utcoffset() == offset * MICROSECOND


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(ZONES), st.integers(0, YEAR_STARTS[-1] - 1), st.integers(1, 800 * DAY))
def test_a_time_is_cut_where_the_clocks_change_and_nowhere_else(key: str, start: int, length: int) -> None:
    end = min(start + length, YEAR_STARTS[-1])
    spans = list(offset_spans(key, start, start + length))
    assert [start, *(span.end for span in spans)] == [*(span.start for span in spans), end]
    assert all(before.offset != after.offset for before, after in pairwise(spans))
    assert all(span.offset == offset_at(key, at) for span in spans for at in (span.start, span.end - 1))


def test_offsets_of_the_years_before_1972_keep_their_seconds() -> None:
    (first, last) = offset_spans_of_year("Africa/Monrovia", 1972)
    assert first.offset == -(44 * 60 + 30) * SECOND
    assert last.offset == 0
    assert to_datetime(Instant(last.start)) == datetime(1972, 1, 7, 0, 44, 30, tzinfo=UTC)


def test_the_pinned_package_names_its_release() -> None:
    assert zoneinfo.TZPATH == ()
    package = metadata.version("tzdata")
    assert tzdata_version() == import_module("tzdata").IANA_VERSION
    assert tzdata_version().startswith(package.split(".")[0])


@pytest.mark.parametrize(
    ("name", "content", "version"),
    [("tzdata.zi", "# version 2025b\nR d 1916\n", "2025b"), ("+VERSION", "2024a\n", "2024a"), ("UTC", "", "unknown")],
)
def test_a_database_of_the_machine_names_its_release(tmp_path: Path, name: str, content: str, version: str) -> None:
    (tmp_path / name).write_text(content)
    zoneinfo.reset_tzpath(to=[str(tmp_path / "absent"), str(tmp_path)])
    assert tzdata_version() == version


def test_search_folders_that_do_not_exist_leave_the_package_to_decide(tmp_path: Path) -> None:
    zoneinfo.reset_tzpath(to=[str(tmp_path / "absent")])
    assert tzdata_version() == import_module("tzdata").IANA_VERSION
