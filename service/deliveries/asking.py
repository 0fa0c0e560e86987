"""What the log of deliveries is narrowed to, and its columns in a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from domain.errors import InvalidValue
from domain.fields import require_choice
from domain.ids import InstanceId, Kind, SubjectType
from domain.instants import parse_optional
from domain.record.deliveries import DeliveryState
from domain.record.notices import WITHDRAWN
from domain.record.receivers import TYPES
from store.deliveries.log import DeliveryFilters

COLUMNS = (
    *("id", "notice_id", "type", "escalation", "channel", "state", "instance_id"),
    *("conversation_id", "ticket_id", "incident_id"),
    *("policy_id", "planned_at", "fired_at", "sent_at", "taken_at", "attempts", "resends", "error"),
)

Several = Sequence[str] | None


class Asked(Protocol):
    """As clients ask for it: several values of one filter are a union, and none narrows nothing."""

    @property
    def state(self) -> Several: ...
    @property
    def channel(self) -> Several: ...
    @property
    def receiver(self) -> Several: ...
    @property
    def type(self) -> Several: ...
    @property
    def instance_id(self) -> Several: ...
    @property
    def conversation_id(self) -> Several: ...
    @property
    def ticket_id(self) -> Several: ...
    @property
    def incident_id(self) -> Several: ...
    @property
    def policy_id(self) -> Several: ...
    @property
    def since(self) -> str | None: ...
    @property
    def until(self) -> str | None: ...


def filters_of(asked: Asked) -> DeliveryFilters:
    """Raises InvalidValue for what makes no sense."""
    since, until = parse_optional(asked.since, "since"), parse_optional(asked.until, "until")
    if since is not None and until is not None and since >= until:
        raise InvalidValue("until", asked.until, "must be later than since")
    for place, one in enumerate(asked.type or ()):
        if one not in (*TYPES, WITHDRAWN):
            raise InvalidValue(f"type[{place}]", one, f"must be one of {', '.join((*TYPES, WITHDRAWN))}")
    return DeliveryFilters(
        states=[require_choice(one, DeliveryState, f"state[{place}]") for place, one in enumerate(asked.state or ())],
        kinds=asked.channel or (),
        receivers=asked.receiver or (),
        types=asked.type or (),
        instance_ids=_instances(asked),
        policy_ids=asked.policy_id or (),
        since=since,
        until=until,
    )


def _instances(asked: Asked) -> list[str]:
    """The ids of the instances that are asked for by id or by subject; a subject has one of each kind."""
    subjects = {
        SubjectType.CONVERSATION: asked.conversation_id,
        SubjectType.TICKET: asked.ticket_id,
        SubjectType.INCIDENT: asked.incident_id,
    }
    given = {type_: ids for type_, ids in subjects.items() if ids}
    names = [f"{type_}_id" for type_ in given] + (["instance_id"] if asked.instance_id else [])
    if len(names) > 1:
        raise InvalidValue(names[1], names[1], f"must not be given together with {names[0]}")
    found = [str(InstanceId.parse(one)) for one in asked.instance_id or ()]
    for type_, ids in given.items():
        found += [str(InstanceId(kind, type_, one)) for one in ids for kind in Kind]
    return found
