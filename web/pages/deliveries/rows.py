"""Entries of the log as rows, here and on the page of a ticket. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from domain.ids import InstanceId
from domain.instants import Instant
from domain.record.deliveries import DeliveryState
from domain.record.ledger import TICKET
from domain.record.notices import WITHDRAWN, type_of_milestone
from domain.record.outcomes import CONNECTOR
from store.deliveries.log import LoggedDelivery
from web.pages.deliveries.names import Named, Names
from web.showing.words import words

KINDS = {
    DeliveryState.PENDING: "idle",
    DeliveryState.RETRIED: "warn",
    DeliveryState.DELIVERED: "good",
    DeliveryState.DEAD: "bad",
    DeliveryState.SKIPPED: "idle",
}


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
    attempts: int
    resends: int
    error: str
    resend_at: str


def rows_of(deliveries: Iterable[LoggedDelivery], names: Names) -> Sequence[Row]:
    return [row_of(one, names) for one in deliveries]


def row_of(one: LoggedDelivery, names: Names) -> Row:
    instance = InstanceId.parse(one.key.instance_id)
    channel, receiver = names.of(one.key.channel)
    return Row(
        id=one.key.id,
        notice=notice_words(one.key.notice_id, one.type, one.escalation),
        instance_id=one.key.instance_id,
        subject=f"{words(instance.subject_type.value)} {instance.subject}",
        channel=channel,
        receiver=receiver,
        state=one.state.value,
        kind=KINDS[one.state],
        planned=one.planned_at,
        fired=one.fired_at,
        taken=one.taken_at,
        attempts=one.attempts,
        resends=one.resends,
        error=one.error or "",
        resend_at=resend_at(one),
    )


def notice_words(notice_id: str, type_: str, escalation: str | None = None) -> str:
    """`first response: breached`, `resolution (2): at risk, taken back`, of the notice's id and type, and an escalation
    by what it is called."""
    _, _, target, cycle, milestone, *_ = [*notice_id.split("/"), *("",) * 5]
    said = words(type_)
    if type_ == WITHDRAWN:
        said = words(type_of_milestone(milestone))
    said = f"{said} ({escalation})" if escalation else said
    if type_ == WITHDRAWN:
        said = f"{said}, taken back"
    if target == TICKET:
        return said
    return f"{words(target)}{f' ({cycle})' if cycle.isdecimal() and cycle != '1' else ''}: {said}"


def resend_at(one: LoggedDelivery) -> str:
    settled = one.state in (DeliveryState.DELIVERED, DeliveryState.DEAD)
    is_written = (one.key.channel or "").startswith(f"{CONNECTOR}:")
    return f"/deliveries/{one.key.id}/resend" if settled and not is_written else ""
