"""Deliveries as they are shown. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from domain.instants import SECOND, Micros
from domain.record.deliveries import DeliveryState
from domain.record.outcomes import CONNECTOR
from store.analytics.lateness import SHARES, ChannelFigures
from store.deliveries.log import DeliveryPage
from web.pages.deliveries.filters import LogFilters
from web.pages.deliveries.reading import OPEN, Found
from web.pages.deliveries.rows import KINDS, Row, rows_of
from web.showing.durations import duration
from web.showing.words import words

NONE = "\N{EN DASH}"


@dataclass(frozen=True, slots=True)
class Late:
    """Of a kind of channel; times from when the engine got to a notice until it was taken."""

    channel: str
    total: int
    delivered: int
    dead: int
    shares: Sequence[str]
    from_planned: str


@dataclass(frozen=True, slots=True)
class Count:
    name: str
    number: int
    kind: str
    href: str


@dataclass(frozen=True, slots=True)
class Log:
    counts: Sequence[Count]
    open: Sequence[Row]
    open_total: int
    open_at: str
    title: str
    rows: Sequence[Row]
    total: int
    first: str
    next: str
    csv: str
    lateness: Sequence[Late]
    empty: str
    advice: str


def log_of(found: Found, query: LogFilters) -> Log:
    whole = query.model_copy(update={"cursor": ""})
    waiting = found.open or DeliveryPage((), 0, None)
    empty, advice = ("", "") if found.log.deliveries or waiting.deliveries else _nothing(query)
    return Log(
        counts=[
            Count(state.value, number, KINDS[state], whole.address(state=[state.value]))
            for state, number in found.counts.items()
        ],
        open=rows_of(waiting.deliveries, found.names),
        open_total=waiting.total,
        open_at=whole.address(state=[state.value for state in OPEN]),
        title=_title(query),
        rows=rows_of(found.log.deliveries, found.names),
        total=found.log.total,
        first=whole.address() if query.cursor else "",
        next=query.address(cursor=found.next_cursor) if found.next_cursor else "",
        csv=whole.address("/deliveries/deliveries.csv"),
        lateness=[_late(one) for one in found.lateness],
        empty=empty,
        advice=advice,
    )


def _late(one: ChannelFigures) -> Late:
    fired, planned = one.lateness.from_fired, one.lateness.from_planned
    return Late(
        channel="ticket system" if one.channel == CONNECTOR else one.channel or "not known yet",
        total=sum(one.counts.values()),
        delivered=one.counts.get(DeliveryState.DELIVERED, 0),
        dead=one.counts.get(DeliveryState.DEAD, 0),
        shares=[_short(fired[share]) if share in fired else NONE for share in SHARES],
        from_planned=_short(planned["p95"]) if "p95" in planned else NONE,
    )


def _short(length: Micros) -> str:
    """Under a minute in seconds: notices take parts of them."""
    return f"{length / SECOND:.3g} s" if length < 60 * SECOND else duration(length)


def _title(query: LogFilters) -> str:
    return ", ".join(map(words, query.state)).capitalize() if query.state else "Delivered, or for nobody"


def _nothing(query: LogFilters) -> tuple[str, str]:
    if query.is_narrowed:
        return "Nothing matches", "No notice fits these filters."
    return "No notice yet", "When a milestone of a ticket fires, what is told to whom stands here."
