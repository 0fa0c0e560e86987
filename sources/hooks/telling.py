"""What each rule of a mapping tells of an item."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from domain.instants import SECOND, Instant
from domain.ticket.authors import Role
from domain.ticket.events import EventKind
from sources.hooks.context import Context
from sources.hooks.echoes import own_comment
from sources.hooks.items import not_ahead, short_key
from sources.hooks.language.expressions import Expression, Unmappable, as_text
from sources.hooks.language.mapping import CHANGES, REPLY, STATE, Rule
from sources.hooks.language.parts import Value
from sources.hooks.language.states import LEAVES, Standing, State, Step, steps
from sources.hooks.language.times import Moment
from sources.hooks.reading import LONGEST_TEAM, cleaned, id_of, meaning_of, moment_of, short_text_of, text_of


@dataclass(frozen=True, slots=True)
class Told:
    """One event before it has an id: `key` is the delivery's or the rule's own, `order` the source's count.

    `again` tells an event apart from the one that was told of the same delivery before.
    """

    step: Step
    moment: Moment
    key: str
    order: int = 0
    team_id: str | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)
    again: str = ""


@dataclass(frozen=True, slots=True)
class Telling:
    """What a rule comes to: events, the state that they leave (None: as it was), and why there is nothing to tell.

    `compared`: the events follow from what was seen before. `opens`: it belongs to a ticket that is to be opened if
    nobody knows it, though it tells nothing else. `says_values`: what the body says of team, priority and fields is
    told. `heard` are the keys of comments of the engine's own that it is.
    """

    told: Sequence[Told] = ()
    standing: Standing | None = None
    compared: bool = False
    opens: bool = False
    says_values: bool = False
    reason: str = ""
    heard: tuple[str, ...] = ()


def telling(rule: Rule, context: Context) -> Telling:
    """Raises Unmappable for what the mapping does not fit."""
    at = context.rules_at
    if rule.when is not None and not rule.when.holds(context.document, f"{at}.when"):
        return Telling(reason=rule.reason)
    found = moment_of(rule.time, context.document, f"{at}.time")
    moment = not_ahead(found, context.item.received_at, f"{at}.time") or context.item.moment
    own = id_of(rule.id, context.document, f"{at}.id")
    key = short_key(own) if own else context.key
    if rule.tell == REPLY:
        return _reply(rule, context, moment, key)
    if rule.tell == STATE:
        return _state(rule, context, moment, key)
    if rule.tell in (CHANGES, EventKind.UPDATED):
        return _changes(context, moment, key, with_team=rule.tell == CHANGES)
    if rule.tell == EventKind.ASSIGNED:
        named = short_text_of(rule.team_id, context.document, f"{at}.team_id", LONGEST_TEAM)
        team = context.values["team_id"] if rule.team_id is None else named
        return Telling([Told(Step(EventKind.ASSIGNED), moment, key, context.order, team)])
    return _plain(rule, context, moment, key)


def _plain(rule: Rule, context: Context, moment: Moment, key: str) -> Telling:
    kind, at = EventKind(rule.tell), context.rules_at
    if kind is EventKind.OPENED:
        moment = context.opened or moment
    cause = text_of(rule.cause, context.document, f"{at}.cause") or ""
    until = moment_of(rule.until, context.document, f"{at}.until")
    end = None if until is None else until.at
    standing = Standing(LEAVES[kind], cause, end) if kind in LEAVES else None
    told = Told(Step(kind, cause, end), moment, key, context.order)
    return Telling([told], standing, says_values=kind is EventKind.OPENED)


def _reply(rule: Rule, context: Context, moment: Moment, key: str) -> Telling:
    at, document = context.rules_at, context.document
    written = None if rule.text is None else as_text(rule.text.of(document, f"{at}.text"))
    if (own := own_comment(written, context.echoes)) is not None:
        return Telling(reason="the engine's own comment is no reply", heard=(own,))
    if rule.public is not None and not rule.public.holds(document, f"{at}.public"):
        return Telling(reason="an internal note is no reply")
    if rule.automatic is not None and rule.automatic.holds(document, f"{at}.automatic"):
        return Telling(reason="an automatic reply is no reply")
    if context.role is Role.SYSTEM:
        return Telling(reason="a message of a system is no reply")
    if context.role is None:
        raise Unmappable("actor.role", context.actor, "must say whether the customer or an agent has written")
    if context.role is Role.CUSTOMER and _opens_the_ticket(context, moment):
        return Telling(opens=True, reason="the message that opened the ticket is no reply")
    # A bot's is told with its role: it answers nothing but where a policy says so.
    kind = EventKind.CUSTOMER_REPLIED if context.role is Role.CUSTOMER else EventKind.AGENT_REPLIED
    return Telling([Told(Step(kind), moment, key, context.order)])


def _opens_the_ticket(context: Context, moment: Moment) -> bool:
    opened = context.opened or (None if context.is_known else context.item.moment)
    return opened is not None and abs(moment.at - opened.at) <= context.mapping.opening_message_seconds * SECOND


def _state(rule: Rule, context: Context, moment: Moment, key: str) -> Telling:
    part = context.mapping.state
    assert part is not None
    after = _standing(context, part.from_, part.cause, with_end=True)
    if after is None:
        return Telling(reason="it says nothing of the status")
    said = None if part.previous is None else _standing(context, part.previous, part.previous_cause, with_end=False)
    before = said or context.standing_before(rule.assume)
    if before is None:
        return Telling(standing=after, reason="it is older than everything that is remembered of its ticket")
    acknowledged = _was_acknowledged(context, moment.at)
    told = [Told(step, moment, key, context.order) for step in steps(before, after, acknowledged=acknowledged)]
    if said is None:
        told += _state_of_the_next(context, after)
    return Telling(told, after, compared=said is None)


def _standing(context: Context, where: Expression | None, cause: Value | None, *, with_end: bool) -> Standing | None:
    part = context.mapping.state
    assert part is not None
    found = None if where is None else where.of(context.document, "state")
    meaning = meaning_of(found, part, context.document, "state") if found or with_end else None
    if meaning is None:
        return None
    if meaning not in [*State]:
        raise Unmappable("state", meaning, f"must be one of {', '.join(State)}")
    if State(meaning) is not State.PENDING:
        return Standing(State(meaning))
    named = text_of(cause, context.document, "state.cause") or cleaned(as_text(found) or "")
    until = moment_of(part.until, context.document, "state.until") if with_end else None
    return Standing(State.PENDING, named, None if until is None else until.at)


def _was_acknowledged(context: Context, at: Instant) -> bool:
    since = context.memory.acknowledged_at
    return since is not None and since < at


def _state_of_the_next(context: Context, after: Standing) -> Iterator[Told]:
    """What followed was compared with what was before this one came; it is told again as it follows this one."""
    later = next((one for one in context.memory.seen[context.place :] if one.standing is not None), None)
    if later is None or not later.compared or later.standing is None:
        return
    for step in steps(after, later.standing, acknowledged=True):
        yield Told(step, Moment(later.at), later.key, later.order)


def _changes(context: Context, moment: Moment, key: str, *, with_team: bool) -> Telling:
    """What is other than it was told before; of a ticket that is only opened now nothing, for it opens as it is."""
    if not context.is_known:
        return Telling(reason="its ticket opens as it is", opens=True, says_values=True)
    changed = _changed(context.before, context.said, with_team=with_team)
    told = [*_told(changed, moment, key, context.order), *_changes_of_the_next(context, changed)]
    return Telling(told, says_values=True, reason="" if told else "nothing that is kept of the ticket has changed")


def _changed(before: Mapping[str, Any], said: Mapping[str, Any], *, with_team: bool) -> dict[str, Any]:
    """What is said otherwise than before. A team that nobody has named before is none."""
    known = {"team_id": None, **before}
    names = [name for name in said if with_team or name != "team_id"]
    return {name: said[name] for name in names if name not in known or known[name] != said[name]}


def _told(changed: Mapping[str, Any], moment: Moment, key: str, order: int, again: str = "") -> Iterator[Told]:
    """A team is told by an event of its own, everything else by one update."""
    if "team_id" in changed:
        yield Told(Step(EventKind.ASSIGNED), moment, key, order, changed["team_id"], again=again)
    if fields := {name: value for name, value in changed.items() if name != "team_id"}:
        yield Told(Step(EventKind.UPDATED), moment, key, order, attributes=fields, again=again)


def _changes_of_the_next(context: Context, changed: Mapping[str, Any]) -> Iterator[Told]:
    """What followed was compared with what is older than this one; it says again what is so since then."""
    left = set(changed)
    for later in context.memory.seen[context.place :]:
        said = left & set(later.values)
        left -= said
        back = {name: later.values[name] for name in sorted(said) if later.values[name] != changed[name]}
        yield from _told(back, Moment(later.at), later.key, later.order, f"after {context.key}")
