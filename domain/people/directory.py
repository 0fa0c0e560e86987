"""Whom a policy, a team or a Scrubbe client means by a text, and by which channels they are reached."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from domain.instants import Instant
from domain.people.addresses import Address
from domain.people.contacts import Contact
from domain.people.on_call import Rota
from domain.policy.actions import WARN_TEAM, Action
from domain.ticket.teams import Team

NO_MAIL = "no mail is sent without SLA_SMTP_HOST and SLA_SMTP_FROM"


@dataclass(frozen=True, slots=True)
class Person:
    """One who was found. `id` None: a mail address that no contact has, which is its own name."""

    id: str | None
    name: str

    def to_json(self) -> dict[str, Any]:
        return {"id": self.id, "name": self.name}


@dataclass(frozen=True, slots=True)
class Reach:
    """Those whom a text means, and the names of their channels; `reason` says why nobody is reached."""

    people: tuple[Person, ...] = ()
    channels: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Directory:
    """The contacts, rotas and teams of an organization, as they were read at one moment.

    A mail address that no contact has is reached all the same where the engine `writes_mail`.
    """

    contacts: Sequence[Contact] = ()
    rotas: Sequence[Rota] = ()
    teams: Sequence[Team] = ()
    writes_mail: bool = True
    _by_id: Mapping[str, Contact] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_id", {one.id: one for one in self.contacts})

    def find(self, action: str, whom: str, at: Instant) -> Reach:
        """Those whom an action names at that instant, by id, name or address, in any case."""
        if action == Action.NOTIFY_ON_CALL:
            return self._on_call(whom, at)
        if action == WARN_TEAM:
            return self._team(whom)
        return self._contact(whom)

    def address(self, channel: str) -> tuple[Contact, Address] | None:
        """The contact and the address of a channel's name, such as `email:con_x`."""
        id_ = channel.partition(":")[2].partition(".")[0]
        contact = self._by_id.get(id_)
        found = () if contact is None else contact.addresses
        return next(((contact, one) for one in found if contact and one.name_of(contact.id) == channel), None)

    def meant_by(self, text: str) -> tuple[Contact, ...]:
        """The contact of that id; else those of that address; else those of that name."""
        wanted = text.strip().casefold()
        if (by_id := self._by_id.get(text.strip())) is not None:
            return (by_id,)
        by_address = tuple(one for one in self.contacts if one.goes_by(wanted))
        return by_address or tuple(one for one in self.contacts if one.name.casefold() == wanted)

    def _contact(self, text: str) -> Reach:
        if contacts := self.meant_by(text):
            return self._reached(contacts)
        if is_mail_address(text):
            written = Reach((Person(None, text.strip()),))
            return written if self.writes_mail else Reach(reason=f"{text.strip()} is no contact's, and {NO_MAIL}")
        return Reach(reason=f"no contact is known as {text}")

    def _on_call(self, text: str, at: Instant) -> Reach:
        rota = next((one for one in self.rotas if one.on_call.id == text), None) or next(
            (one for one in self.rotas if one.on_call.name.casefold() == text.strip().casefold()), None
        )
        if rota is None:
            return Reach(reason=f"there is no on-call {text}")
        duty = rota.at(at)
        if not duty.contacts:
            said = "" if duty.summary is None else f": the feed says {duty.summary!r}, which names no contact"
            return Reach(reason=f"nobody is on call in {rota.on_call.name}{said}")
        there = tuple(self._by_id[id_] for id_ in duty.contacts if id_ in self._by_id)
        return self._reached(there)

    def _team(self, text: str) -> Reach:
        """The lead of the team of that id or name, and the contact or group that is called so itself."""
        wanted = text.strip().casefold()
        teams = [one for one in self.teams if one.id == text] or [
            one for one in self.teams if one.name.casefold() == wanted
        ]
        parts = [self._contact(one.lead) for one in teams if one.lead]
        contacts = self.meant_by(text)
        if contacts or (not teams and is_mail_address(text)):
            parts.append(self._contact(text))
        found = _together(parts)
        if found.people:
            return found
        if not teams:
            return Reach(reason=f"no team and no contact is known as {text}")
        return found if parts else Reach(reason=f"team {teams[0].name} has no lead, and no contact is known as {text}")

    def _reached(self, contacts: Iterable[Contact]) -> Reach:
        everybody = dict.fromkeys(one for contact in contacts for one in (contact, *self._members(contact)))
        channels = tuple(dict.fromkeys(name for one in everybody for name in one.reachable))
        people = tuple(Person(one.id, one.name) for one in everybody)
        if channels:
            return Reach(people, channels)
        spoken, has = " and ".join(one.name for one in people) or "the contact", "has" if len(people) < 2 else "have"
        if gone := [address.gone for one in everybody for address in one.addresses if address.gone]:
            return Reach((), (), f"{spoken} {has} no address that is not gone ({'; '.join(gone)})")
        return Reach((), (), f"{spoken} {has} no address")

    def _members(self, contact: Contact) -> tuple[Contact, ...]:
        return tuple(self._by_id[id_] for id_ in contact.members if id_ in self._by_id)


def is_mail_address(text: str) -> bool:
    """Whether a text that is no contact's can be written to all the same."""
    name, at_sign, host = text.strip().partition("@")
    return bool(name and at_sign) and "." in host and " " not in text.strip()


def _together(parts: Sequence[Reach]) -> Reach:
    people = tuple(dict.fromkeys(one for part in parts for one in part.people))
    channels = tuple(dict.fromkeys(name for part in parts for name in part.channels))
    return Reach(people, channels, "; ".join(dict.fromkeys(part.reason for part in parts if part.reason)))
