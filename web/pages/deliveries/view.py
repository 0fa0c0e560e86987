"""Deliveries as they are shown. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from domain.ids import InstanceId
from domain.instants import SECOND, Instant, Micros
from domain.record.deliveries import DeliveryState
from domain.record.ledger import TICKET
from domain.record.notices import WITHDRAWN, type_of_milestone
from domain.record.outcomes import CONNECTOR
from store.analytics.lateness import SHARES, ChannelFigures
from store.deliveries.log import DeliveryPage, LoggedDelivery
from web.pages.deliveries.filters import LogFilters
from web.pages.deliveries.names import Named, Names
from web.pages.deliveries.reading import OPEN, Found
from web.showing.durations import duration
from web.showing.words import words

KINDS = {
    DeliveryState.PENDING: "idle",
    DeliveryState.RETRIED: "warn",
    DeliveryState.DELIVERED: "good",
    DeliveryState.DEAD: "bad",
    DeliveryState.SKIPPED: "idle",
}


NONE = "\N{EN DASH}"


@dataclass(frozen=True, slots=True)
class Row:
    """`resend_at` is where it is sent once more; empty where it cannot be."""

    id: str
    notice: str
    instance_id: str
    subject: str
    channel: str
    receiver: Named
    state: str
    kind: str
    planned: Instant | None
    fired: Instant
    taken: Instant | None
    attempts: str
    error: str
    resend_at: str


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


def rows_of(deliveries: Iterable[LoggedDelivery], names: Names) -> Sequence[Row]:
    return [row_of(one, names) for one in deliveries]


def row_of(one: LoggedDelivery, names: Names) -> Row:
    instance = InstanceId.parse(one.key.instance_id)
    channel, receiver = names.of(one.key.channel)
    return Row(
        id=one.key.id,
        notice=notice_words(one.key.notice_id, one.type),
        instance_id=one.key.instance_id,
        subject=f"{words(instance.subject_type.value)} {instance.subject}",
        channel=channel,
        receiver=receiver,
        state=one.state.value,
        kind=KINDS[one.state],
        planned=one.planned_at,
        fired=one.fired_at,
        taken=one.taken_at,
        attempts=attempts_of(one),
        error=one.error or "",
        resend_at=resend_at(one),
    )


def notice_words(notice_id: str, type_: str) -> str:
    """`first response: breached`, `resolution (2): at risk, taken back`, of the notice's id and type."""
    _, _, target, cycle, milestone, *_ = [*notice_id.split("/"), *("",) * 5]
    said = words(type_)
    if type_ == WITHDRAWN:
        said = f"{words(type_of_milestone(milestone))}, taken back"
    if target == TICKET:
        return said
    return f"{words(target)}{f' ({cycle})' if cycle.isdecimal() and cycle != '1' else ''}: {said}"


def attempts_of(one: LoggedDelivery) -> str:
    again = f", sent again {one.resends} times" if one.resends else ""
    return f"{one.attempts}{again}" if one.attempts or again else ""


def resend_at(one: LoggedDelivery) -> str:
    settled = one.state in (DeliveryState.DELIVERED, DeliveryState.DEAD)
    is_written = (one.key.channel or "").startswith(f"{CONNECTOR}:")
    return f"/deliveries/{one.key.id}/resend" if settled and not is_written else ""


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
