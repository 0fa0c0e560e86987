"""Instants as ticket systems write them."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from domain.errors import InvalidValue
from domain.instants import render
from domain.ticket.precision import Precision
from sources.hooks.language import times

SECOND, MINUTE = Precision.SECOND, Precision.MINUTE


@pytest.mark.parametrize(
    ("value", "format_", "expected", "precision"),
    [
        ("2025-01-08T14:25:30.123456789Z", "iso", "2025-01-08T14:25:30.123456Z", None),
        ("2025-01-12T16:45:21.1Z", "iso", "2025-01-12T16:45:21.100000Z", None),
        ("2025-01-08T14:25:30Z", "iso", "2025-01-08T14:25:30Z", SECOND),
        ("2023-05-25 18:41:09 UTC", "iso", "2023-05-25T18:41:09Z", SECOND),
        ("2016-01-19 04:52:04", "iso", "2016-01-19T04:52:04Z", SECOND),
        ("2019-02-15T19:11:18.321-0800", "iso", "2019-02-16T03:11:18.321000Z", None),
        ("2017-12-14 21:17:29 +0530", "iso", "2017-12-14T15:47:29Z", SECOND),
        ("2026-03-08T13:00", "iso", "2026-03-08T13:00:00Z", MINUTE),
        (1553378413, "epoch_s", "2019-03-23T22:00:13Z", SECOND),
        ("1752161782", "epoch_s", "2025-07-10T15:36:22Z", SECOND),
        (1518309749.673, "epoch_s", "2018-02-11T00:42:29.673000Z", None),
        (1711234567890, "epoch_ms", "2024-03-23T22:56:07.890000Z", None),
        (1420452224764002246, "epoch_ns", "2015-01-05T10:03:44.764002Z", None),
        ("29-02-2016 06:38", "%d-%m-%Y %H:%M", "2016-02-29T06:38:00Z", MINUTE),
    ],
)
def test_an_instant_is_read_as_it_is_written(
    value: Any, format_: str, expected: str, precision: Precision | None
) -> None:
    moment = times.read(value, format_, ZoneInfo("UTC"), "time")
    assert (render(moment.at), moment.precision) == (expected, precision)


def test_a_time_without_a_zone_is_that_of_the_clock_that_wrote_it() -> None:
    summer = times.read("2026-07-01 12:00:00", "iso", ZoneInfo("Europe/Berlin"), "time")
    said = times.read("2026-07-01 12:00:00Z", "iso", ZoneInfo("Europe/Berlin"), "time")
    assert (render(summer.at), render(said.at)) == ("2026-07-01T10:00:00Z", "2026-07-01T12:00:00Z")


@pytest.mark.parametrize(
    ("value", "format_"),
    [
        ("0001-01-01T00:00:00Z", "iso"),
        ("2026-02-30T00:00:00Z", "iso"),
        ("2026-03-08", "iso"),
        ("٢٠٢٦-03-08T00:00:00Z", "iso"),
        ("yesterday", "iso"),
        (5, "iso"),
        (True, "epoch_s"),
        ("1e400", "epoch_s"),
        (10**400, "epoch_s"),
        (-1, "epoch_ms"),
        (float("nan"), "epoch_s"),
        ([], "epoch_ms"),
        ("1711234567890", "epoch_s"),
        ("32-01-2026 00:00", "%d-%m-%Y %H:%M"),
    ],
)
def test_what_is_no_instant_is_refused_with_its_value(value: Any, format_: str) -> None:
    with pytest.raises(InvalidValue, match=r"^time: must "):
        times.read(value, format_, ZoneInfo("UTC"), "time")
