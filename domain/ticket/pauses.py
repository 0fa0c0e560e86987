"""When a pause ends by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from domain.errors import InvalidValue
from domain.fields import refuse_unknown, require_list, require_mapping
from domain.instants import HOUR, MINUTE, Instant, Micros, duration, in_units, parse, render
from domain.ticket.conditions.criteria import Criteria

FIELDS = ("until", "ends_when")
ENDING_EVENTS = ("acknowledged", "reopened", "updated", "assigned", "customer_replied", "agent_replied")
"""What may end a pause, as kinds of events. A resume and the end of the ticket always do."""
MOST_ENDINGS = 20
"""The most events and conditions that one pause may name."""
_CUSTOMER = "customer"
_UNITS = {"hours": HOUR, "minutes": MINUTE}


Ending = str | Criteria
"""What ends a pause: the next event of a kind, or conditions on the ticket's fields that come to hold."""
Endings = tuple[Ending, ...]


@dataclass(frozen=True, slots=True)
class PauseEnd:
    """What is said of a pause's end: an instant, or a length of working time, and the events and conditions of which
    the first ends it.

    `ends_when` None leaves these to the cause: a pause for the customer ends with the customer's next message.
    """

    at: Instant | None = None
    after: Micros | None = None
    ends_when: Endings | None = None

    def require_after(self, start: Instant) -> None:
        """Raises InvalidValue for an instant at or before the start of the pause."""
        if self.at is not None and self.at <= start:
            raise InvalidValue("until", render(self.at), f"must come after the pause begins, {render(start)}")

    def to_json(self) -> dict[str, Any]:
        document: dict[str, Any] = {}
        if self.at is not None:
            document["until"] = render(self.at)
        if self.after is not None:
            document["until"] = length_to_json(self.after)
        if self.ends_when is not None:
            document["ends_when"] = [_ending_to_json(one) for one in self.ends_when]
        return document

    @classmethod
    def from_json(cls, body: Mapping[str, Any], field: str = "") -> PauseEnd | None:
        """The end that a document of an event or a command says; None where it says nothing."""
        at = f"{field}." if field else ""
        until, ends_when = body.get("until"), body.get("ends_when")
        if until is None and ends_when is None:
            return None
        endings = None if ends_when is None else _endings(ends_when, f"{at}ends_when")
        if until is None or isinstance(until, str):
            return cls(None if until is None else parse(until, f"{at}until"), None, endings)
        return cls(None, length_from_json(until, f"{at}until"), endings)


NOTHING_SAID = PauseEnd()


def endings_by_cause(cause: str) -> Endings:
    """What ends a pause of which nothing else is said."""
    return ("customer_replied",) if cause.casefold() == _CUSTOMER else ()


def length_from_json(value: Any, field: str) -> Micros:
    """A length of working time: `{"hours": 8}` or `{"minutes": 30}`. Raises InvalidValue."""
    if not isinstance(value, Mapping):
        raise InvalidValue(field, value, 'must be an instant or a length of working time such as {"hours": 8}')
    body = require_mapping(value, field)
    refuse_unknown(body, frozenset(_UNITS), field)
    if len(body) != 1:
        raise InvalidValue(field, dict(body), "must have either hours or minutes")
    ((unit, amount),) = body.items()
    return duration(amount, _UNITS[unit], f"{field}.{unit}")


def length_to_json(length: Micros) -> dict[str, Any]:
    unit = "hours" if length % HOUR == 0 else "minutes"
    return {unit: in_units(length, _UNITS[unit])}


def _endings(value: Any, field: str) -> Endings:
    """One of them, or a list. A list of conditions ends the pause with the first of them that comes to hold."""
    if isinstance(value, str | Mapping):
        return (_ending(value, field),)
    listed = require_list(value, field)
    if len(listed) > MOST_ENDINGS:
        raise InvalidValue(field, f"{len(listed)} entries", f"must be at most {MOST_ENDINGS}")
    return tuple(dict.fromkeys(_ending(one, f"{field}[{index}]") for index, one in enumerate(listed)))


def _ending(value: Any, field: str) -> Ending:
    if isinstance(value, Mapping):
        return Criteria.from_json(value, field) if "conditions" in value else Criteria.of_one(value, field)
    if value not in ENDING_EVENTS:
        raise InvalidValue(field, value, f"must be one of {', '.join(ENDING_EVENTS)}, or a condition")
    return str(value)


def _ending_to_json(ending: Ending) -> Any:
    """The kind, the one condition, or an object with several."""
    return ending if isinstance(ending, str) else ending.to_object()
