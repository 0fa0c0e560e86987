"""Breaches as they are shown. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from domain.instants import Instant
from web.pages.breaches.filters import BreachFilters
from web.pages.breaches.heat import Heat, heat_of
from web.pages.breaches.reading import Found
from web.pages.breaches.rows import Row, row_of
from web.pages.reports import days
from web.showing.numbers import percent

EXCUSABLE = "A breach that was nobody's fault can be excused with a reason: it is kept, and counts in no rate."


@dataclass(frozen=True, slots=True)
class Count:
    """How many, of all that are listed, and the address that shows these alone; empty where there is none."""

    name: str
    number: int
    share: str
    href: str


@dataclass(frozen=True, slots=True)
class BreachesPage:
    """`counting` and `excused` are numbers of breaches, each with the address that lists them."""

    days: str
    presets: Sequence[tuple[str, str]]
    lists_excused: bool
    listed: int
    excused: int
    counting_at: str
    excused_at: str
    rows: Sequence[Row]
    first: str
    next: str
    heat: Heat
    by_team: Sequence[Count]
    by_policy: Sequence[Count]
    list_csv: str
    heat_csv: str
    empty: str
    advice: str

    @property
    def counting(self) -> int:
        return self.heat.total


def page_of(found: Found, query: BreachFilters, now: Instant, zone: str) -> BreachesPage:
    breaches, names, people = found.breaches, found.breaches.names, found.choices.people
    whole = query.model_copy(update={"cursor": ""})
    empty, advice = ("", "") if breaches.page else _nothing(query)
    return BreachesPage(
        days=days.said(found.period),
        presets=list(days.presets(whole, now, zone)),
        lists_excused=bool(query.excused),
        listed=breaches.total,
        excused=breaches.excused,
        counting_at=whole.address(excused=""),
        excused_at=whole.address(excused="true"),
        rows=[row_of(one, names, people, query.address()) for one in breaches.page],
        first=whole.address() if query.cursor else "",
        next=query.address(cursor=found.next_cursor) if found.next_cursor else "",
        heat=heat_of(found.week),
        by_team=counts(breaches.by_team, names.teams, whole, "team_id", "no team"),
        by_policy=counts(breaches.by_policy, names.policies, whole, "policy_id", "no policy"),
        list_csv=whole.address("/breaches/breaches.csv"),
        heat_csv=whole.address("/breaches/heatmap.csv"),
        empty=empty,
        advice=advice,
    )


def counts(
    found: Iterable[tuple[str | None, int]], names: Mapping[str, str], query: BreachFilters, name: str, nobody: str
) -> Sequence[Count]:
    numbers = list(found)
    whole = sum(number for _, number in numbers)
    return [
        Count(
            names.get(id_, id_) if id_ else nobody,
            number,
            percent(number / whole),
            query.address(**{name: id_}) if id_ else "",
        )
        for id_, number in numbers
    ]


def _nothing(query: BreachFilters) -> tuple[str, str]:
    if query.is_narrowed:
        return "Nothing matches", "No breach of these days fits these filters."
    if query.excused:
        return "Nothing is excused", EXCUSABLE
    return "No breach", "Every promise whose due passed in these days was kept."
