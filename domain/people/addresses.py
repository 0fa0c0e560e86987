"""One way to reach somebody: a channel and an address on it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from domain.errors import InvalidValue
from domain.fields import refuse_unknown, require_list, require_mapping, require_text

LONGEST_ADDRESS = 2000
MOST_ADDRESSES = 10
_FIELDS = frozenset({"channel", "address"})


@dataclass(frozen=True, slots=True)
class Address:
    """`address` has the form that its channel asks for, `secrets` are those that are valid now, the newest first.

    `number` tells the addresses of one contact on one channel apart. It stays with an address as long as the contact
    has it, so that histories may name it: `email:con_x` is number 1, `email:con_x.2` number 2.
    """

    channel: str
    number: int
    address: str = field(repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)

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
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Address:
        return cls(document["channel"], document["number"], document["address"], tuple(document["secrets"]))


Given = tuple[str, str]
"""A channel and an address, as whoever writes a contact gives them."""


def given_addresses(value: Any, field_name: str = "addresses") -> tuple[Given, ...]:
    """Raises InvalidValue, which names the place, and of an address shows its length at most: it may hold a token."""
    listed = require_list([] if value is None else value, field_name)
    if len(listed) > MOST_ADDRESSES:
        raise InvalidValue(field_name, f"{len(listed)} addresses", f"must be at most {MOST_ADDRESSES}")
    return tuple(dict.fromkeys(_given(one, f"{field_name}[{place}]") for place, one in enumerate(listed)))


def _given(value: Any, path: str) -> Given:
    document = require_mapping(value, path)
    refuse_unknown(document, _FIELDS, path)
    channel = require_text(document.get("channel"), f"{path}.channel", 50)
    try:
        return channel, require_text(document.get("address"), f"{path}.address", LONGEST_ADDRESS)
    except InvalidValue as refusal:
        raw = document.get("address")
        shown = f"{len(raw)} characters" if isinstance(raw, str) else type(raw).__name__
        raise InvalidValue(f"{path}.address", shown, refusal.reason) from None


def numbered(given: Sequence[Given], before: Sequence[Address] = ()) -> tuple[Address, ...]:
    """The addresses in the order given. One that was there keeps number and secrets; a new one takes the lowest number
    that its channel has free, so that an address which replaces the only one takes its name over, too.

    A webhook of `https://old` that becomes `https://new` stays `webhook:con_x`, with the secret it has.
    """
    kept = {(one.channel, one.address): one for one in before}
    free = [one for one in before if (one.channel, one.address) not in set(given)]
    taken = {(one.channel, one.number) for pair, one in kept.items() if pair in set(given)}
    found: list[Address] = []
    for channel, address in given:
        if (known := kept.get((channel, address))) is not None:
            found.append(known)
            continue
        number = _lowest(channel, taken)
        taken.add((channel, number))
        secrets = next((one.secrets for one in free if (one.channel, one.number) == (channel, number)), ())
        found.append(Address(channel, number, address, secrets))
    return tuple(found)


def _lowest(channel: str, taken: Iterable[tuple[str, int]]) -> int:
    numbers = {number for name, number in taken if name == channel}
    return next(number for number in range(1, MOST_ADDRESSES + 2) if number not in numbers)
