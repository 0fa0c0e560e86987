"""One way to reach somebody: a channel and an address on it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from domain.errors import InvalidValue
from domain.fields import refuse_unknown, require_hidden_text, require_list, require_mapping, require_text

LONGEST_ADDRESS = 2000
MOST_ADDRESSES = 10
_FIELDS = frozenset({"id", "channel", "address"})


@dataclass(frozen=True, slots=True)
class Address:
    """`address` has the form that its channel asks for, `secrets` are those that are valid now, the newest first.

    `number` tells the addresses of one contact on one channel apart. It stays with an address as long as the contact
    has it, so that histories may name it: `email:con_x` is number 1, `email:con_x.2` number 2. `gone` is what it
    answered when it said that it takes no notice any more; nobody is told by it from then on.
    """

    channel: str
    number: int
    address: str = field(repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    gone: str = ""

    def id_of(self, contact_id: str) -> str:
        """What names the address among all of its channel, such as `con_x.2`."""
        return contact_id if self.number == 1 else f"{contact_id}.{self.number}"

    def name_of(self, contact_id: str) -> str:
        """What names the address in deliveries, such as `email:con_x`."""
        return f"{self.channel}:{self.id_of(contact_id)}"

    def mapped(self, change: Callable[[str], str]) -> Address:
        """The same place with another text for the address and for each secret: sealed, or opened again."""
        return replace(self, address=change(self.address), secrets=tuple(map(change, self.secrets)))

    def to_json(self) -> dict[str, Any]:
        return {
            "channel": self.channel,
            "number": self.number,
            "address": self.address,
            "secrets": list(self.secrets),
            "gone": self.gone,
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Address:
        return cls(
            document["channel"],
            document["number"],
            document["address"],
            tuple(document["secrets"]),
            document.get("gone", ""),
        )


@dataclass(frozen=True, slots=True)
class Given:
    """An address as whoever writes a contact gives it: a channel and an address, or the name of one that is kept."""

    channel: str = ""
    address: str = field(default="", repr=False)
    kept: str | None = None


def given_addresses(value: Any, field_name: str = "addresses") -> tuple[Given, ...]:
    """Raises InvalidValue, which names the place, and of an address shows its length at most: it may hold a token."""
    listed = require_list([] if value is None else value, field_name)
    if len(listed) > MOST_ADDRESSES:
        raise InvalidValue(field_name, f"{len(listed)} addresses", f"must be at most {MOST_ADDRESSES}")
    return tuple(_given(one, f"{field_name}[{place}]") for place, one in enumerate(listed))


def _given(value: Any, path: str) -> Given:
    document = require_mapping(value, path)
    refuse_unknown(document, _FIELDS, path)
    if document.get("id") is not None:
        if len(document) > 1:
            raise InvalidValue(f"{path}.id", document["id"], "must stand alone: it keeps an address as it is")
        return Given(kept=require_text(document["id"], f"{path}.id"))
    channel = require_text(document.get("channel"), f"{path}.channel", 50)
    return Given(channel, require_hidden_text(document.get("address"), f"{path}.address", LONGEST_ADDRESS).strip())


def numbered(given: Sequence[Given], contact_id: str, before: Sequence[Address] = ()) -> tuple[Address, ...]:
    """The addresses in the order given. One that was there keeps number and secrets; a new one takes the lowest number
    that its channel has free, so that an address which replaces the only one takes its name over, too.

    One that is given anew is no longer gone; one that is kept by its name is what it was.

    A webhook of `https://old` that becomes `https://new` stays `webhook:con_x`, with the secret it has. Raises
    InvalidValue for an address that is kept and not there, and for one that is given twice.
    """
    known = [_known(one, place, contact_id, before) for place, one in enumerate(given)]
    kept = {(one.channel, one.number) for one in known if one is not None}
    found: list[Address] = []
    for place, (one, there) in enumerate(zip(given, known, strict=True)):
        address = there or _new(one, before, kept | {(other.channel, other.number) for other in found})
        if address.address in {other.address for other in found if other.channel == address.channel}:
            raise InvalidValue(f"addresses[{place}]", address.channel, "must not be there twice")
        found.append(address)
    return tuple(found)


def _known(given: Given, place: int, contact_id: str, before: Sequence[Address]) -> Address | None:
    """The address that was there before; None for a new one."""
    if given.kept is None:
        there = (one for one in before if (one.channel, one.address) == (given.channel, given.address))
        return next((replace(one, gone="") for one in there), None)
    for one in before:
        if one.name_of(contact_id) == given.kept:
            return one
    names = ", ".join(one.name_of(contact_id) for one in before) or "none: the contact has no address"
    raise InvalidValue(f"addresses[{place}].id", given.kept, f"must be one of {names}")


def _new(given: Given, before: Sequence[Address], taken: set[tuple[str, int]]) -> Address:
    number = _lowest(given.channel, taken)
    secrets = next((one.secrets for one in before if (one.channel, one.number) == (given.channel, number)), ())
    return Address(given.channel, number, given.address, secrets)


def _lowest(channel: str, taken: Iterable[tuple[str, int]]) -> int:
    numbers = {number for name, number in taken if name == channel}
    return next(number for number in range(1, MOST_ADDRESSES + 2) if number not in numbers)
