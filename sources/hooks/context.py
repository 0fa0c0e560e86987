"""One item beside what is remembered of its ticket: everything that rules look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.ticket.authors import Role
from sources.hooks.echoes import Echo
from sources.hooks.items import Item, not_ahead
from sources.hooks.language.expressions import Unmappable
from sources.hooks.language.mapping import SourceMapping
from sources.hooks.language.states import Standing, State
from sources.hooks.language.times import Moment
from sources.hooks.memory import Remembered, Seen
from sources.hooks.outcomes import SourceTicket
from sources.hooks.reading import (
    LONGEST_PRIORITY,
    LONGEST_TEAM,
    fields_of,
    id_of,
    moment_of,
    short_text_of,
    text_of,
)

OWN = ("team_id", "priority")
"""What is kept of a ticket beside its fields."""


@dataclass(frozen=True, slots=True)
class Context:
    """`memory` is what is remembered without this delivery, `place` where it belongs among what was seen.

    `document` is what expressions look at. `before` are team, priority and fields as they were told before, `said`
    those that the body says, `values` both. `echoes` is what was written to the ticket and may come back. `opened` is
    when the ticket was opened, if the body says so.
    """

    mapping: SourceMapping
    item: Item
    is_known: bool
    key: str
    order: int
    place: int
    memory: Remembered
    document: Mapping[str, Any]
    actor: str
    role: Role | None
    opened: Moment | None
    before: Mapping[str, Any]
    said: Mapping[str, Any]
    echoes: Sequence[Echo] = ()

    @property
    def values(self) -> Mapping[str, Any]:
        return {"team_id": None, "priority": None, **self.before, **self.said}

    @property
    def rules_at(self) -> str:
        return f"events.{self.item.event}"

    def standing_before(self, assumed: State | None) -> Standing | None:
        """The state before this delivery, as far as it is remembered; None: it was known once, and is forgotten.

        Of a ticket that is known without its state it is `assumed`, or open; of one that is not, new.
        """
        known = self.memory.standing_before(self.place)
        if known is None and self.place == 0 and self.memory.forgets:
            return None
        return known or Standing(assumed or (State.OPEN if self.is_known else State.NEW))

    def ticket(self) -> SourceTicket:
        return SourceTicket(
            subject_type=self.mapping.ticket.kind,
            subject=self.item.subject,
            opened_at=(self.opened or self.item.moment).at,
            priority=self.values["priority"],
            team_id=self.values["team_id"],
            fields={name: value for name, value in self.values.items() if name not in OWN and value is not None},
        )


def context_of(
    mapping: SourceMapping, item: Item, remembered: Remembered | None, echoes: Sequence[Echo] = ()
) -> Context:
    """Raises Unmappable for what the mapping does not fit."""
    was = remembered or Remembered()
    key, order = _own_key(item, was), _sequence(mapping, item)
    place, memory = was.place_of(Seen(key, item.moment.at, order)), was.without(key)
    # A delivery that has opened its ticket opens it again when it is looked at again.
    is_known = remembered is not None and remembered.opened_by != key
    before = memory.values_before(place)
    document = {**item.document, "before": _before(memory, place, before) if is_known else None}
    opened = moment_of(mapping.ticket.opened_at, document, "ticket.opened_at")
    return Context(
        mapping=mapping,
        item=item,
        is_known=is_known,
        key=key,
        order=order,
        place=place,
        memory=memory,
        document=document,
        actor=text_of(mapping.actor.name, document, "actor.name") or "",
        role=_role(mapping, document),
        opened=not_ahead(opened, item.received_at, "ticket.opened_at"),
        before=before,
        said=_said(mapping, document),
        echoes=echoes,
    )


def _own_key(item: Item, remembered: Remembered) -> str:
    """The item's key. A vendor that sends neither id nor time may send two facts in the same bytes: what comes again at
    once is a repeat; what comes again after something else is another fact."""
    if item.identified:
        return item.key
    alike = [one for one in remembered.seen if one.key.split("@")[0] == item.key]
    for one in alike:
        if one.at == item.moment.at or one is remembered.seen[-1]:
            return one.key
    return f"{item.key}@{item.moment.at}" if alike else item.key


def _sequence(mapping: SourceMapping, item: Item) -> int:
    """The source's own count; 0 where it has none."""
    found = id_of(mapping.sequence, item.document, "sequence")
    if found is None:
        return 0
    if not found.isascii() or not found.isdigit() or len(found) > 18:
        raise Unmappable("sequence", found, "must be a whole number")
    return int(found)


def _role(mapping: SourceMapping, document: Mapping[str, Any]) -> Role | None:
    found = text_of(mapping.actor.role, document, "actor.role")
    if found is None:
        return None
    if found not in [*Role]:
        raise Unmappable("actor.role", found, f"must be one of {', '.join(Role)}")
    return Role(found)


def _said(mapping: SourceMapping, document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Team, priority and fields as the body says them; of one that has only parts those that are there."""
    part = mapping.ticket
    found: dict[str, Any] = {
        "team_id": short_text_of(part.team_id, document, "ticket.team_id", LONGEST_TEAM),
        "priority": short_text_of(part.priority, document, "ticket.priority", LONGEST_PRIORITY),
        **fields_of(part.fields, document),
    }
    return {name: value for name, value in found.items() if value is not None} if part.partial else found


def _before(memory: Remembered, place: int, values: Mapping[str, Any]) -> Mapping[str, Any]:
    """What expressions may ask of the state before, as far as it is remembered."""
    standing = memory.standing_before(place)
    if standing is None:
        return {**values, "state": None, "cause": None}
    return {**values, "state": standing.state.value, "cause": standing.cause}
