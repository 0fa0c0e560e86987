"""From an item of a delivery to events, and to what is remembered of its ticket."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from domain.errors import InvalidValue
from domain.instants import Instant
from domain.ticket.events import EventKind
from sources.hooks.context import Context, context_of
from sources.hooks.echoes import Echo, recognised
from sources.hooks.items import EVERY, Item, set_aside
from sources.hooks.language.mapping import SourceMapping
from sources.hooks.language.states import Standing, State, Step
from sources.hooks.memory import Remembered, Seen
from sources.hooks.outcomes import Interpretation, Outcome, SourceEvent
from sources.hooks.telling import Telling, Told, telling

LONGEST_ID = 200
LONGEST_NOTE = 200


def interpret(
    mapping: SourceMapping,
    item: Item,
    remembered: Remembered | None,
    *,
    adopt: bool = True,
    echoes: Sequence[Echo] = (),
) -> Interpretation:
    """What an item means for its ticket, of which `remembered` is kept (None: it was never heard of). Never raises.

    The same item on the same memory, or on the one that came of it, gives events with the same ids. `adopt` false: a
    ticket that was never heard of is opened by its creation only, and everything else about it is ignored. `echoes` is
    what was written to the ticket and may come back in this.
    """
    try:
        context = context_of(mapping, item, remembered, echoes)
        rules = mapping.events.get(item.event) or mapping.events.get(EVERY, ())
        return _interpretation(context, [telling(rule, context) for rule in rules], adopt=adopt)
    except InvalidValue as error:
        return set_aside(item.index, item.event, error)


def _interpretation(context: Context, tellings: Sequence[Telling], *, adopt: bool) -> Interpretation:
    item, told = context.item, [one for rule in tellings for one in rule.told]
    ticket, declined = context.ticket(), _declined(tellings)
    opens = any(one.step.kind is EventKind.OPENED for one in told)
    if not context.is_known and not opens:
        if (reason := _stays_unknown(context, tellings, adopt=adopt)) is not None:
            return Interpretation(Outcome.IGNORED, item.index, item.event, ticket=ticket, reason=reason)
        told.insert(0, Told(Step(EventKind.OPENED), context.opened or item.moment, context.key, context.order))
    events, heard = recognised((_event(context, one) for one in told), context.echoes)
    heard += [key for rule in tellings for key in rule.heard]
    return Interpretation(
        Outcome.UNDERSTOOD if events else Outcome.IGNORED,
        item.index,
        item.event,
        tuple(events.values()),
        ticket,
        _remembered(context, tellings, told),
        reason="" if events else declined,
        heard=tuple(heard),
    )


def _stays_unknown(context: Context, tellings: Sequence[Telling], *, adopt: bool) -> str | None:
    """Why a ticket that was never heard of is not opened by this; None: it is."""
    if not any(one.told or one.compared or one.opens for one in tellings):
        return _declined(tellings)
    adopts = context.mapping.adopt
    if adopt and (adopts is None or adopts.holds(context.document, "adopt")):
        return None
    return "its ticket was never heard of, and this does not open one"


def _declined(tellings: Iterable[Telling]) -> str:
    return "; ".join(dict.fromkeys(one.reason for one in tellings if one.reason)) or "it changes nothing"


def _remembered(context: Context, tellings: Sequence[Telling], told: Sequence[Told]) -> Remembered:
    """The state that the last rule says is the one that is remembered."""
    said = [one.standing for one in tellings if one.standing is not None]
    standing = said[-1] if said else None if context.is_known else Standing(State.NEW)
    compared = any(one.compared for one in tellings)
    values = _told_values(context, tellings, told)
    seen = Seen(context.key, context.item.moment.at, context.order, standing, values, compared)
    memory = context.memory if context.is_known else replace(context.memory, opened_by=context.key)
    return memory.with_(seen, context.place, _acknowledged_at(told))


def _told_values(context: Context, tellings: Sequence[Telling], told: Sequence[Told]) -> Mapping[str, Any]:
    """What was told of team, priority and fields: what a body shows beside what it tells is left for who tells it."""
    says = not context.is_known or any(one.says_values for one in tellings)
    teams = [one.team_id for one in told if one.step.kind is EventKind.ASSIGNED and not one.again]
    return {**(context.said if says else {}), **({"team_id": teams[-1]} if teams else {})}


def _acknowledged_at(told: Iterable[Told]) -> Instant | None:
    return min((one.moment.at for one in told if one.step.kind is EventKind.ACKNOWLEDGED), default=None)


def _event(context: Context, told: Told) -> SourceEvent:
    """Its id is made of the ticket where it is opened, which happens once, else of the key of what told it."""
    kind, until = told.step.kind, told.step.until
    key = context.item.subject if kind is EventKind.OPENED else told.key
    cause = told.step.cause[:LONGEST_NOTE]
    parts = [part for part in (context.mapping.name, key, kind.value, cause, told.again) if part]
    # A wait that is over already has no end to come.
    lies_ahead = kind is EventKind.PAUSED and until is not None and until > told.moment.at
    return SourceEvent(
        kind=kind,
        event_id=_event_id(":".join(parts), kind),
        occurred_at=told.moment.at,
        precision=told.moment.precision,
        sequence=told.order or None,
        actor=context.actor[:LONGEST_NOTE],
        role=context.role,
        cause=cause,
        until=until if lies_ahead else None,
        team_id=told.team_id,
        attributes=told.attributes,
    )


def _event_id(text: str, kind: EventKind) -> str:
    """The text itself, or a digest in its place where it is longer than an id may be."""
    return text if len(text) <= LONGEST_ID else f"{hashlib.sha256(text.encode()).hexdigest()[:32]}:{kind.value}"
