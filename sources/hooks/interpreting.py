"""From a delivery to events: which items it holds, and what each of them comes to."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from domain.digests import digest
from domain.errors import InvalidValue
from domain.instants import Instant, render
from domain.ticket.events import FUTURE_TOLERANCE, EventKind
from sources.hooks.deliveries import Delivery, NotReadable, decoded
from sources.hooks.expressions import Unmappable, as_text
from sources.hooks.mapping import CHANGES, REPLY, STATE, Rule, SourceMapping
from sources.hooks.memory import Remembered, Seen
from sources.hooks.outcomes import Interpretation, Outcome, Role, SourceEvent, SourceTicket
from sources.hooks.reading import cleaned, fields_of, meaning_of, moment_of, subject_of, text_of
from sources.hooks.states import LEAVES, Standing, State, Step, steps
from sources.hooks.times import Moment

LONGEST_KEY = 200
MOST_ITEMS = 1000
EVERY = "*"


@dataclass(frozen=True, slots=True)
class Item:
    """One ticket's part of a delivery. `document` is what expressions look at.

    `identified`: the vendor itself says when it happened, or what its id is.
    """

    index: int
    event: str
    subject: str
    document: Mapping[str, Any]
    key: str
    moment: Moment
    received_at: Instant
    identified: bool


def items(mapping: SourceMapping, settings: Mapping[str, Any], delivery: Delivery) -> list[Item | Interpretation]:
    """The items of a delivery, in the order in which they are to be interpreted.

    What needs no ticket to be decided about comes back decided: what cannot be read, what the mapping does not know, what
    belongs to no ticket. `settings` are those of the source, with the defaults of the mapping (`settings_of`). Never
    raises.
    """
    try:
        body = decoded(delivery, mapping.form_field)
    except NotReadable as error:
        shown = delivery.body[:200].decode("utf-8", errors="replace")
        return [_set_aside(0, "", Unmappable("body", cleaned(shown), str(error)))]
    base = {
        "body": body,
        "item": body,
        "headers": delivery.headers,
        "query": delivery.query,
        "settings": settings,
        "before": None,
    }
    try:
        parts = _parts(mapping, base)
    except Unmappable as error:
        return [_set_aside(0, "", error)]
    whole = hashlib.sha256(delivery.body).hexdigest()[:32] if mapping.each is None else None
    found = [
        _item(mapping, index, {**base, "item": part}, whole, delivery.received_at) for index, part in enumerate(parts)
    ]
    if mapping.ordered_by_time:
        found.sort(key=lambda one: one.moment.at if isinstance(one, Item) else 0)
    return found


def _parts(mapping: SourceMapping, document: Mapping[str, Any]) -> Sequence[Any]:
    if mapping.each is None:
        return [document["body"]]
    parts = mapping.each.of(document, "each")
    if not isinstance(parts, list):
        raise Unmappable("each", _shown(parts), "must find a list in the body")
    if len(parts) > MOST_ITEMS:
        raise Unmappable("each", f"{len(parts)} items", f"must find at most {MOST_ITEMS}")
    return parts


def _item(
    mapping: SourceMapping, index: int, document: Mapping[str, Any], whole: str | None, received_at: Instant
) -> Item | Interpretation:
    event = ""
    try:
        event = text_of(mapping.event, document, "event") or ""
        if (reason := _meaningless(mapping, event)) is not None:
            return Interpretation(Outcome.IGNORED, index, event, reason=reason)
        subject = subject_of(mapping.ticket.id, mapping.ticket.kind, document)
        if subject is None:
            return Interpretation(Outcome.IGNORED, index, event, reason="it names no ticket")
        own = None if mapping.id is None else as_text(mapping.id.of(document, "id"))
        moment = _not_ahead(moment_of(mapping.time, document, "time"), received_at, "time")
        return Item(
            index=index,
            event=event,
            subject=subject,
            document=document,
            key=_short_key(own) if own else whole or digest(document["item"])[:32],
            moment=moment or Moment(received_at),
            received_at=received_at,
            identified=bool(own) or moment is not None,
        )
    except Unmappable as error:
        return _set_aside(index, event, error)


def _meaningless(mapping: SourceMapping, event: str) -> str | None:
    if event in mapping.events:
        return None
    if event in mapping.ignore:
        return mapping.ignore[event]
    if EVERY in mapping.events:
        return None
    return f"unknown event {event}" if event else "it names no event"


def _short_key(text: str) -> str:
    clean = cleaned(text)
    return clean if len(text) <= LONGEST_KEY else hashlib.sha256(clean.encode()).hexdigest()[:32]


def _not_ahead(moment: Moment | None, received_at: Instant, place: str) -> Moment | None:
    """Clocks differ by minutes; what is later than that is a wrong format or zone, and no event."""
    if moment is not None and moment.at > received_at + FUTURE_TOLERANCE:
        raise Unmappable(place, render(moment.at), f"must not lie after the arrival, {render(received_at)}")
    return moment


def interpret(
    mapping: SourceMapping, item: Item, remembered: Remembered | None, *, adopt: bool = True
) -> Interpretation:
    """What an item means for its ticket, of which `remembered` is kept (None: it was never heard of). Never raises.

    The same item on the same memory, or on the one that came of it, gives events with the same ids. `adopt` false: a
    ticket that was never heard of is opened by its creation only, and everything else about it is ignored.
    """
    try:
        # A delivery that has opened its ticket opens it again when it is looked at again.
        is_known = remembered is not None and remembered.opened_by != item.key
        return _Reading(mapping, item, remembered or Remembered(), is_known=is_known, adopt=adopt).outcome()
    except Unmappable as error:
        return _set_aside(item.index, item.event, error)
    except InvalidValue as error:
        return _set_aside(item.index, item.event, Unmappable(error.field or "", error.value, error.reason))


@dataclass(frozen=True, slots=True)
class _Told:
    """What one rule tells, before it has an id."""

    step: Step
    moment: Moment
    key: str
    team_id: str | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)
    again: str = ""
    order: int = 0


class _Reading:
    """One item beside what is remembered of its ticket."""

    def __init__(
        self, mapping: SourceMapping, item: Item, remembered: Remembered, *, is_known: bool, adopt: bool
    ) -> None:
        self.mapping, self.item, self.is_known, self.adopt = mapping, item, is_known, adopt
        self.key = _own_key(item, remembered)
        self.order = self._sequence() or 0
        self.place = remembered.place_of(Seen(self.key, item.moment.at, self.order))
        self.memory = remembered.without(self.key)
        self.previous = self.memory.before(self.place)
        self.document = {**item.document, "before": self._before()}
        self.actor = text_of(mapping.actor.name, self.document, "actor.name") or ""
        self.role = self._role()
        self.opened = self._opened_at()
        self.opens = False
        self.standing: Standing | None = None
        self.compared = False
        self.acknowledged_at: Instant | None = None
        self.reasons: list[str] = []

    def outcome(self) -> Interpretation:
        values = self._values()
        told = [one for rule in self._rules() for one in self._told(rule, values)]
        ticket = self._ticket(values)
        opens = any(one.step.kind is EventKind.OPENED for one in told)
        if not self.is_known and not opens:
            if (reason := self._stays_unknown(told)) is not None:
                return Interpretation(Outcome.IGNORED, self.item.index, self.item.event, reason=reason, ticket=ticket)
            told.insert(0, _Told(Step(EventKind.OPENED), self.opened or self.item.moment, self.key))
        memory = self.memory if self.is_known else replace(self.memory, opened_by=self.key)
        remembered = memory.with_(self._seen(values), self.place, self._acknowledged(told))
        events = tuple({event.event_id: event for event in map(self._event, told)}.values())
        return Interpretation(
            Outcome.UNDERSTOOD if events else Outcome.IGNORED,
            self.item.index,
            self.item.event,
            events,
            ticket,
            remembered,
            reason="" if events else self._declined(),
        )

    def _stays_unknown(self, told: Sequence[_Told]) -> str | None:
        """Why a ticket that was never heard of is not opened by this."""
        if not told and not self.compared and not self.opens:
            return self._declined()
        adopts = self.mapping.adopt
        if self.adopt and (adopts is None or adopts.holds(self.document, "adopt")):
            return None
        return "its ticket was never heard of, and this does not open one"

    def _rules(self) -> Iterator[Rule]:
        for rule in self.mapping.events.get(self.item.event) or self.mapping.events.get(EVERY, ()):
            if rule.when is None or rule.when.holds(self.document, f"events.{self.item.event}.when"):
                yield rule
            elif rule.reason:
                self.reasons.append(rule.reason)

    def _told(self, rule: Rule, values: Mapping[str, Any]) -> Iterator[_Told]:
        place = f"events.{self.item.event}"
        moment = _not_ahead(moment_of(rule.time, self.document, f"{place}.time"), self.item.received_at, f"{place}.time")
        moment = moment or self.item.moment
        own = None if rule.id is None else as_text(rule.id.of(self.document, f"{place}.id"))
        key = _short_key(own) if own else self.key
        if rule.tell == REPLY:
            yield from self._reply(rule, moment, key)
        elif rule.tell == STATE:
            yield from self._state(rule, moment, key)
        elif rule.tell == CHANGES:
            yield from self._changes(values, moment, key)
        elif rule.tell == EventKind.UPDATED:
            yield from self._updates(values, moment, key)
        elif rule.tell == EventKind.ASSIGNED:
            team = text_of(rule.team_id, self.document, f"{place}.team_id") if rule.team_id else values["team_id"]
            yield _Told(Step(EventKind.ASSIGNED), moment, key, team)
        else:
            yield self._plain(rule, moment, key)

    def _plain(self, rule: Rule, moment: Moment, key: str) -> _Told:
        kind, place = EventKind(rule.tell), f"events.{self.item.event}"
        if kind is EventKind.OPENED:
            moment = self.opened or moment
        cause = text_of(rule.cause, self.document, f"{place}.cause") or ""
        until = moment_of(rule.until, self.document, f"{place}.until")
        if kind in LEAVES:
            self.standing = Standing(LEAVES[kind], cause, None if until is None else until.at)
        return _Told(Step(kind, cause, None if until is None else until.at), moment, key)

    def _reply(self, rule: Rule, moment: Moment, key: str) -> Iterator[_Told]:
        place = f"events.{self.item.event}"
        if rule.public is not None and not rule.public.holds(self.document, f"{place}.public"):
            self.reasons.append("an internal note is no reply")
        elif rule.automatic is not None and rule.automatic.holds(self.document, f"{place}.automatic"):
            self.reasons.append("an automatic reply is no reply")
        elif self.role in (Role.BOT, Role.SYSTEM):
            self.reasons.append(f"a message of a {self.role} is no reply")
        elif self.role is None:
            raise Unmappable("actor.role", self.actor, "must say whether the customer or an agent has written")
        elif self.role is Role.CUSTOMER and self._opens_the_ticket(moment):
            self.opens = True
            self.reasons.append("the message that opened the ticket is no reply")
        else:
            kind = EventKind.AGENT_REPLIED if self.role is Role.AGENT else EventKind.CUSTOMER_REPLIED
            yield _Told(Step(kind), moment, key)

    def _opens_the_ticket(self, moment: Moment) -> bool:
        opened = self.opened or (None if self.is_known else self.item.moment)
        allowed = self.mapping.opening_message_seconds * 1_000_000
        return opened is not None and moment.at <= opened.at + allowed

    def _state(self, rule: Rule, moment: Moment, key: str) -> Iterator[_Told]:
        part = self.mapping.state
        assert part is not None
        after = self._standing(part.from_, part.cause)
        if after is None:
            self.reasons.append("it says nothing of the status")
            return
        self.standing = after
        told_before = self._standing(part.previous, part.previous_cause) if part.previous is not None else None
        self.compared = told_before is None
        before = told_before or self._standing_before(rule)
        if before is None:
            self.reasons.append("it is older than everything that is remembered of its ticket")
            return
        for step in steps(before, after, acknowledged=self._was_acknowledged(moment.at)):
            yield _Told(step, moment, key)
        if told_before is None:
            yield from self._state_of_the_next(after)

    def _standing(self, expression: Any, cause: Any) -> Standing | None:
        part = self.mapping.state
        assert part is not None
        found = None if expression is None else expression.of(self.document, "state")
        meaning = meaning_of(found, part, self.document, "state")
        if meaning is None or (expression is not part.from_ and found in (None, "")):
            return None
        if meaning not in [*State]:
            raise Unmappable("state", meaning, f"must be one of {', '.join(State)}")
        state = State(meaning)
        if state is not State.PENDING:
            return Standing(state)
        named = text_of(cause, self.document, "state.cause") or cleaned(as_text(found) or "")
        until = moment_of(part.until, self.document, "state.until") if expression is part.from_ else None
        return Standing(state, named, None if until is None else until.at)

    def _standing_before(self, rule: Rule) -> Standing | None:
        """None: something was known once, and it is forgotten."""
        known = self.memory.standing_before(self.place)
        if known is not None:
            return known
        if self.place == 0 and self.memory.forgets:
            return None
        return Standing(rule.assume or (State.OPEN if self.is_known else State.NEW))

    def _state_of_the_next(self, after: Standing) -> Iterator[_Told]:
        """What followed was compared with what was before this one came."""
        later = next((one for one in self.memory.seen[self.place :] if one.standing is not None), None)
        if later is None or not later.compared or later.standing is None:
            return
        for step in steps(after, later.standing, acknowledged=True):
            yield _Told(step, Moment(later.at), later.key, order=later.order)

    def _was_acknowledged(self, at: Instant) -> bool:
        since = self.memory.acknowledged_at
        return since is not None and since < at

    def _changes(self, values: Mapping[str, Any], moment: Moment, key: str) -> Iterator[_Told]:
        before = None if self.previous is None else self.previous.values
        if before is None or "team_id" not in before:
            if values["team_id"] is not None and self.is_known:
                yield _Told(Step(EventKind.ASSIGNED), moment, key, values["team_id"])
        elif before["team_id"] != values["team_id"]:
            yield _Told(Step(EventKind.ASSIGNED), moment, key, values["team_id"])
        yield from self._updates(values, moment, key)

    def _updates(self, values: Mapping[str, Any], moment: Moment, key: str) -> Iterator[_Told]:
        if not self.is_known:
            return
        changed = _changed({} if self.previous is None else self.previous.values, values)
        if changed:
            yield _Told(Step(EventKind.UPDATED), moment, key, attributes=changed)
        else:
            self.reasons.append("nothing that is kept of the ticket has changed")
        if changed and self.place < len(self.memory.seen):
            # What came before this one was compared with what is older; it says again what is so since then.
            later = self.memory.seen[self.place]
            if back := _changed(values, later.values):
                again = f"after {self.key}"
                yield _Told(Step(EventKind.UPDATED), Moment(later.at), later.key, attributes=back, again=again, order=later.order)

    def _values(self) -> dict[str, Any]:
        """Team, priority and fields as they are now; of a body that has only parts the rest is as it was."""
        part = self.mapping.ticket
        fields: dict[str, Any] = fields_of(part.fields, self.document)
        found: dict[str, Any] = {
            "team_id": text_of(part.team_id, self.document, "ticket.team_id"),
            "priority": text_of(part.priority, self.document, "ticket.priority"),
            **fields,
        }
        if not part.partial:
            return found
        before = {} if self.previous is None else self.previous.values
        given = {name: value for name, value in found.items() if value is not None}
        return {"team_id": None, "priority": None, **before, **given}

    def _ticket(self, values: Mapping[str, Any]) -> SourceTicket:
        fields = {name: value for name, value in values.items() if name not in ("team_id", "priority")}
        return SourceTicket(
            subject_type=self.mapping.ticket.kind,
            subject=self.item.subject,
            opened_at=(self.opened or self.item.moment).at,
            priority=values["priority"],
            team_id=values["team_id"],
            fields={name: value for name, value in fields.items() if value is not None},
        )

    def _seen(self, values: Mapping[str, Any]) -> Seen:
        standing = self.standing
        if standing is None and not self.is_known:
            standing = Standing(State.NEW)
        return Seen(self.key, self.item.moment.at, self.order, standing, values, self.compared)

    def _acknowledged(self, told: Sequence[_Told]) -> Instant | None:
        times = [one.moment.at for one in told if one.step.kind is EventKind.ACKNOWLEDGED]
        return min(times, default=None)

    def _event(self, told: _Told) -> SourceEvent:
        kind, until = told.step.kind, told.step.until
        subject = kind is EventKind.OPENED
        parts = [self.mapping.name, self.item.subject if subject else told.key, kind.value, told.step.cause, told.again]
        return SourceEvent(
            kind=kind,
            event_id=":".join(part for part in parts if part),
            occurred_at=told.moment.at,
            precision=told.moment.precision,
            sequence=told.order or self.order or None,
            actor=self.actor,
            role=self.role,
            cause=told.step.cause,
            # A wait that is over already has no end to come.
            until=until if kind is EventKind.PAUSED and until is not None and until > told.moment.at else None,
            team_id=told.team_id,
            attributes=told.attributes,
        )

    def _declined(self) -> str:
        return "; ".join(dict.fromkeys(self.reasons)) or "it changes nothing"

    def _sequence(self) -> int | None:
        if self.mapping.sequence is None:
            return None
        found = as_text(self.mapping.sequence.of(self.item.document, "sequence"))
        if found is None or found == "":
            return None
        if not found.isascii() or not found.isdigit() or len(found) > 18:
            raise Unmappable("sequence", found, "must be a whole number")
        return int(found)

    def _role(self) -> Role | None:
        found = text_of(self.mapping.actor.role, self.document, "actor.role")
        if found is None:
            return None
        if found not in [*Role]:
            raise Unmappable("actor.role", found, f"must be one of {', '.join(Role)}")
        return Role(found)

    def _opened_at(self) -> Moment | None:
        found = moment_of(self.mapping.ticket.opened_at, self.document, "ticket.opened_at")
        return _not_ahead(found, self.item.received_at, "ticket.opened_at")

    def _before(self) -> Mapping[str, Any] | None:
        """What expressions may ask of the state before, as far as it is remembered."""
        if not self.is_known:
            return None
        standing = self.memory.standing_before(self.place)
        values = {} if self.previous is None else dict(self.previous.values)
        if standing is None:
            return {**values, "state": None, "cause": None}
        return {**values, "state": standing.state.value, "cause": standing.cause}


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


def _changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that are other than before, without the team, which has an event of its own."""
    names = [name for name in after if name != "team_id"]
    return {name: after[name] for name in names if name not in before or before[name] != after[name]}


def _set_aside(index: int, event: str, error: InvalidValue) -> Interpretation:
    return Interpretation(
        Outcome.SET_ASIDE, index, event, reason=error.reason, field=error.field, value=_shown(error.value)
    )


def _shown(value: Any) -> Any:
    """What was found, as JSON can carry it and a person can read it."""
    if value is None or isinstance(value, bool):
        return value
    text = as_text(value)
    try:
        return cleaned(text if text is not None else repr(value))[:200]
    except (RecursionError, ValueError):
        return f"{type(value).__name__} too large to show"


