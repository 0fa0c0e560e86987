"""Contacts: a person or a group, and the channels by which they are reached."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from domain.calendar.local_time.zones import require_zone
from domain.errors import InvalidValue
from domain.fields import refuse_unknown, require_choice, require_list, require_mapping, require_name, require_text
from domain.people.addresses import Address

LONGEST_NAME = 200
LONGEST_ID = 200
MOST_MEMBERS = 100
_FIELDS = frozenset({"id", "name", "kind", "timezone", "members"})


class ContactKind(StrEnum):
    PERSON = "person"
    GROUP = "group"


@dataclass(frozen=True, slots=True)
class Contact:
    """Who may be told. `timezone` is the zone they read times in (None: the notice's own).

    A group has `members`, which are ids of persons, and may have addresses of its own, such as that of a list. Raises
    InvalidValue for members of a person, and for a group that is its own member.
    """

    id: str
    name: str
    kind: ContactKind = ContactKind.PERSON
    timezone: str | None = None
    members: tuple[str, ...] = ()
    addresses: tuple[Address, ...] = ()

    def __post_init__(self) -> None:
        if self.members and self.kind is not ContactKind.GROUP:
            raise InvalidValue("members", list(self.members), "must be empty for a person; a group has members")
        if self.id in self.members:
            raise InvalidValue("members", self.id, "must not name the group itself")

    @classmethod
    def from_json(cls, document: Any, addresses: tuple[Address, ...] = ()) -> Contact:
        """Raises InvalidValue naming the field at fault. Addresses are read apart: they are kept encrypted."""
        body: Mapping[str, Any] = require_mapping(document, "contact")
        refuse_unknown(body, _FIELDS, "contact")
        zone = body.get("timezone")
        return cls(
            id=require_text(body.get("id"), "id", LONGEST_ID),
            name=require_name(body.get("name"), "name", LONGEST_NAME).strip(),
            kind=require_choice(body.get("kind") or ContactKind.PERSON, ContactKind, "kind"),
            timezone=None if zone is None else require_zone(zone),
            members=require_ids(body.get("members"), "members"),
            addresses=addresses,
        )

    def to_json(self) -> dict[str, Any]:
        """What `from_json` reads."""
        plain = {"id": self.id, "name": self.name, "kind": self.kind.value, "timezone": self.timezone}
        return {**plain, "members": list(self.members)}

    def mapped(self, change: Callable[[str], str]) -> Contact:
        """The same contact with its addresses sealed, or opened again."""
        return replace(self, addresses=tuple(one.mapped(change) for one in self.addresses))

    @property
    def channels(self) -> tuple[str, ...]:
        """The names of its addresses in deliveries, in their order."""
        return tuple(one.name_of(self.id) for one in self.addresses)

    @property
    def reachable(self) -> tuple[str, ...]:
        """The names of those addresses that have not said that they are gone."""
        return tuple(one.name_of(self.id) for one in self.addresses if not one.gone)

    def goes_by(self, text: str) -> bool:
        """Whether the text is one of the contact's addresses, in any case."""
        wanted = text.casefold()
        return any(one.address.casefold() == wanted for one in self.addresses)


def require_ids(value: Any, field: str) -> tuple[str, ...]:
    """Each id once, in the order given."""
    listed = require_list([] if value is None else value, field)
    if len(listed) > MOST_MEMBERS:
        raise InvalidValue(field, f"{len(listed)} ids", f"must be at most {MOST_MEMBERS}")
    return tuple(dict.fromkeys(require_text(one, f"{field}[{place}]", LONGEST_ID) for place, one in enumerate(listed)))
