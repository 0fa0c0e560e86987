"""Every row of the shared vectors: facts from oracles that share no code with this project."""

import json
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from domain.calendar import Calendar
from domain.instants import SECOND, Micros, parse, render

DATA = Path(__file__).parents[2] / "data"
Row = dict[str, Any]


def rows_by_tag(name: str) -> list[Any]:
    rows = [json.loads(line) for line in (DATA / name).read_text().splitlines()]
    groups = groupby(sorted(rows, key=lambda row: str(row["tag"])), key=lambda row: str(row["tag"]))
    return [pytest.param(list(group), id=tag) for tag, group in groups]


def windows(hours: dict[str, str]) -> list[list[str]]:
    return [[opens, closes] for opens, closes in hours.items()]


def calendar(row: Row) -> Calendar:
    return Calendar.from_json(
        {
            "timezone": row["tz"],
            "weekly_hours": {weekday: windows(hours) for weekday, hours in row["hours"].items()},
            "holidays": row["holidays"],
            "special_days": {day: windows(hours) for day, hours in row.get("special", {}).items()},
            "breaks": {day: windows(hours) for day, hours in row.get("breaks", {}).items()},
        }
    )


@pytest.mark.parametrize("rows", rows_by_tag("working_time_add.jsonl"))
def test_working_time_added_to_a_start_ends_where_the_oracle_says(rows: list[Row]) -> None:
    answers = {
        row["id"]: render(calendar(row).add(parse(row["start"]), Micros(row["seconds"] * SECOND))) for row in rows
    }
    assert answers == {row["id"]: row["expected"] for row in rows}


@pytest.mark.parametrize("rows", rows_by_tag("working_time_measure.jsonl"))
def test_working_time_between_two_instants_is_what_the_oracle_says(rows: list[Row]) -> None:
    answers = {row["id"]: calendar(row).elapsed(parse(row["start"]), parse(row["end"])) for row in rows}
    assert answers == {row["id"]: row["expected_seconds"] * SECOND for row in rows}


def test_no_row_of_the_vectors_was_lost() -> None:
    counts = [
        sum(len(case.values[0]) for case in rows_by_tag(f"working_time_{kind}.jsonl")) for kind in ("add", "measure")
    ]
    assert counts == [1997, 2033]
