"""Who did something to a ticket: a name, and the part that its author plays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from domain.errors import InvalidValue
from domain.fields import refuse_unknown, require_choice

_FIELDS = frozenset({"name", "role"})


class Role(StrEnum):
    """The part that an author plays: `customer` asks, `agent` answers, `bot` writes by itself in a conversation,
    `system` is anything else that acts by itself, such as a rule of the ticket system."""

    CUSTOMER = "customer"
    AGENT = "agent"
    BOT = "bot"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """An author as an event tells of it: a name (empty: none is told) and a role (None: the kind of event says it)."""

    name: str = ""
    role: Role | None = None

    def to_json(self) -> Any:
        """The name alone, or an object where there is a role."""
        if self.role is None:
            return self.name
        return {**({"name": self.name} if self.name else {}), "role": self.role.value}

    @classmethod
    def from_json(cls, value: Any, field: str = "actor") -> Actor:
        """A name, or `{"name": "ada", "role": "agent"}`. Raises InvalidValue with the path of the culprit."""
        if isinstance(value, Mapping):
            if not value:
                raise InvalidValue(field, {}, "must have a name or a role")
            refuse_unknown(value, _FIELDS, field)
            role = value.get("role")
            known = None if role is None else require_choice(role, Role, f"{field}.role")
            return cls(_name(value.get("name"), f"{field}.name", "must be a text"), known)
        return cls(_name(value, field, 'must be a text or an object such as {"name": "ada", "role": "agent"}'))


def _name(value: Any, field: str, reason: str) -> str:
    # Blank counts as left out: an empty remark must not cost the ticket an event.
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InvalidValue(field, value, reason)
    return value


NOBODY = Actor()
