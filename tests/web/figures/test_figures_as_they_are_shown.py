"""What pages of figures make of the figures: words, drawings, tables, links. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from domain.analytics.periods import read_period
from domain.analytics.week import Week
from domain.errors import InvalidValue
from domain.ids import SubjectType
from domain.instants import HOUR, MINUTE, Micros, parse
from domain.plan.facts import Excuse
from domain.ticket.excuses import Covers
from store.analytics.breaches import MeasuredBreach
from store.analytics.summaries import Names
from web.pages.breaches.filters import BreachFilters
from web.pages.breaches.heat import heat_of
from web.pages.breaches.rows import ExcuseRow, row_of
from web.pages.breaches.view import counts
from web.pages.compliance.figures import Change, change, rate
from web.pages.compliance.filters import ComplianceFilters
from web.pages.compliance.groups import tables
from web.pages.compliance.trend import named, trend_of
from web.pages.compliance.view import month_address
from web.pages.reports import days
from web.pages.reports.choices import with_chosen

NOW = parse("2026-03-20T23:30:00Z")


def bucket(label: str, met: int, breached: int = 0) -> dict[str, Any]:
    share = round(100 * met / (met + breached), 2) if met + breached else None
    return {"label": label, "met": met, "breached": breached, "excused": 0, "clipped": False, "compliance_rate": share}


def week(**counts: int) -> Week:
    """`mon9=3` is three on Mondays from 9 to 10."""
    names = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    return Week([[counts.get(f"{name}{hour}", 0) for hour in range(24)] for name in names])


def test_a_line_is_broken_where_nothing_was_counted_and_a_lone_day_is_a_dot() -> None:
    found = trend_of([bucket("a", 9, 1), bucket("b", 10), bucket("c", 0), bucket("d", 4, 1)])
    assert found is not None
    assert (found.lowest, found.most) == (80, 10)
    assert found.lines == ["M12.5 50L37.5 0"]
    assert found.dots == [(12.5, 50.0), (37.5, 0.0), (87.5, 100.0)]
    assert found.text == "90 % in a, 80 % in d; lowest 80 % in d."
    assert [(bar.met, bar.breached) for bar in found.bars] == [(90, 10), (100, 0), (0, 0), (40, 10)]
    assert [row.rate for row in found.rows] == ["90 %", "100 %", "\u2013", "80 %"]


@pytest.mark.parametrize(
    ("label", "words"),
    [
        ("2026-03-02", "Mon 2 Mar 2026"),
        ("2026-03-02T14:00+01:00", "Mon 2 Mar 2026 14:00"),
        ("2026-W09", "week 9 of 2026"),
        ("2026-03", "March 2026"),
    ],
)
def test_a_part_of_a_trend_is_named_as_people_say_it(label: str, words: str) -> None:
    assert named(label) == words


def test_a_trend_of_nothing_is_not_drawn_and_one_of_a_single_day_is_a_word() -> None:
    assert trend_of([bucket("a", 0)]) is None
    found = trend_of([bucket("a", 1)])
    assert found is not None
    assert (found.text, found.lines, found.lowest) == ("100 % in a.", [], 90)


def test_the_hours_of_the_week_have_grounds_by_their_share_of_the_most() -> None:
    found = heat_of(week(mon9=10, mon10=1, sun23=5))
    assert (found.days[0].cells[9].level, found.days[0].cells[10].level, found.days[6].cells[23].level) == (5, 1, 3)
    assert (found.days[0].total, found.hours[9], found.total) == (11, 10, 16)
    assert found.text == "Most were due on Monday between 9:00 and 10:00: 10 of 16."
    assert heat_of(week()).text == "No promise was broken."
    assert {cell.level for day in heat_of(week()).days for cell in day.cells} == {0}


@pytest.mark.parametrize(
    ("value", "better", "shown"),
    [
        (None, 1, None),
        (0, 1, Change("no change", "idle")),
        (1.5, 1, Change("+1.5", "good")),
        (1.5, -1, Change("+1.5", "bad")),
        (-2, -1, Change("\u22122", "good")),
        (-2, 0, Change("\u22122", "idle")),
        (0.1 + 0.2, 1, Change("+0.3", "good")),
    ],
)
def test_a_change_has_its_sign_and_says_whether_it_is_for_the_better(value: Any, better: Any, shown: Any) -> None:
    assert change(value, better) == shown


def test_a_rate_has_the_digits_that_rest_has() -> None:
    assert [rate(one) for one in (100.0, 92.5, 66.67, 0.0, None)] == ["100 %", "92.5 %", "66.67 %", "0 %", "\u2013"]


def test_groups_lead_to_themselves_and_what_has_no_value_to_nothing() -> None:
    entry = {"met": 1, "breached": 1, "excused": 0, "compliance_rate": 50.0}
    summary: dict[str, Any] = {
        "by_target_type": [{"type": "first_response", **entry}],
        "by_priority": [],
        "by_policy": [{"policy_id": None, "policy_name": None, **entry}],
        "by_team": [{"team_id": "t", "team_name": None, **entry}],
        "groups": {"by": "customer", "total": 3, "data": [{"value": "A & B", **entry}, {"value": None, **entry}]},
    }
    found = tables(summary)
    assert [one.title for one in found] == ["By promise", "By policy", "By team", "By customer"]
    assert [(row.name, row.narrows) for one in found for row in one.rows] == [
        ("first response", ("type", "first_response")),
        ("no policy", None),
        ("t", ("team_id", "t")),
        ("A & B", ("field", "customer:A & B")),
        ("no customer", None),
    ]
    assert found[3].note == "The 2 largest of 3."


def test_counts_have_shares_and_lead_to_the_list_of_each() -> None:
    query = BreachFilters(start_date="2026-03-01", cursor="")
    first, second = counts([("t", 3), (None, 1)], {"t": "Support"}, query, "team_id", "no team")
    assert (first.name, first.share, first.href) == ("Support", "75 %", "/breaches?team_id=t&start_date=2026-03-01")
    assert (second.name, second.share, second.href) == ("no team", "25 %", "")


def test_a_row_is_called_by_its_ticket_and_says_who_excused_it() -> None:
    said = Excuse("e", NOW, Covers.BREACH, "a storm", "key_1")
    broken = MeasuredBreach(
        *("inst_ola_ticket_a~20b", SubjectType.TICKET, "a b", "resolution/x", 2, "resolution", NOW, None),
        *(Micros(90 * MINUTE), Micros(26 * HOUR), None, "t", None),
        said,
    )
    row = row_of(broken, Names({}, {"t": "Support"}), {"key_1": "Ada"}, "/breaches?a=1&b=2")
    assert (row.title, row.promise, row.overrun, row.wall) == ("a b", "resolution (2)", "+1 h 30 min", "26 h")
    assert (row.team, row.policy, row.priority) == ("Support", "", "")
    assert row.excuse == ExcuseRow("a storm", "Ada", NOW)
    assert row.excuse_at == (
        "/breaches/inst_ola_ticket_a~20b/excuse?target=resolution%2Fx&cycle=2&back=%2Fbreaches%3Fa%3D1%26b%3D2"
    )
    assert row_of(replace(broken, title="No tone", excuse=None), Names({}, {}), {}, "/").title == "No tone"


def test_days_are_those_of_the_organizations_zone() -> None:
    query = BreachFilters(team_id="t", cursor="somewhere")
    found = dict(days.presets(query, NOW, "Europe/Berlin"))
    assert found["7 days"] == "/breaches?team_id=t&start_date=2026-03-15&end_date=2026-03-21"
    assert found["last month"] == "/breaches?team_id=t&start_date=2026-02-01&end_date=2026-02-28"
    assert days.said(read_period("2025-12-30", "2026-01-02", "UTC", NOW)) == "30 Dec 2025 to 2 Jan 2026"
    assert days.said(read_period("2026-01-02", "2026-01-02", "UTC", NOW)) == "2 Jan 2026"


def test_a_month_is_whole_and_comes_after_the_one_before() -> None:
    march = days.month_period("", "Europe/Berlin", NOW)
    assert (march.start_date.isoformat(), march.end_date.isoformat()) == ("2026-03-01", "2026-03-31")
    february = days.month_before(march)
    assert february is not None
    assert (february.start_date.isoformat(), february.end_date.isoformat()) == ("2026-02-01", "2026-02-28")
    assert days.month_before(days.month_period("1970-01", "UTC", NOW)) is None
    with pytest.raises(InvalidValue, match="2026-11"):
        days.month_period("2026-1", "UTC", NOW)


def test_the_month_to_print_keeps_what_the_page_is_narrowed_to() -> None:
    query = ComplianceFilters(team_id="t", group_by="customer", start_date="2026-01-20", end_date="2026-02-10")
    period = read_period(query.start_date, query.end_date, "UTC", NOW)
    assert month_address(query, period) == "/compliance/month?team_id=t&month=2026-02"
    assert query.is_narrowed
    assert not ComplianceFilters(group_by="customer", end_date="2026-02-10").is_narrowed


def test_a_trend_is_cut_as_it_fits_unless_it_is_said() -> None:
    def cut(start: str, **more: Any) -> str:
        return ComplianceFilters(**more).cut(read_period(start, "2026-03-01", "UTC", NOW)).value

    assert [cut("2026-02-01"), cut("2025-10-01"), cut("2024-01-01")] == ["day", "week", "month"]
    assert cut("2026-02-01", granularity="week") == "week"


def test_what_was_deleted_can_still_be_chosen() -> None:
    assert with_chosen([("a", "A")], "") == [("a", "A")]
    assert with_chosen([("a", "A")], "a") == [("a", "A")]
    assert with_chosen([("a", "A")], "b") == [("a", "A"), ("b", "b")]
