"""Receivers of organizations: kept encrypted, checked and tried through the channels, known to the workers.

This module knows no channel. `Outlets` is what it needs of them; whoever starts the process puts it in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol

from domain.errors import InvalidValue
from domain.fields import require_hidden_text
from domain.record.receivers import Receiver
from service.templates import NoWording, Wording
from service.tools.ciphers import Cipher, SecretsUnreadable
from service.tools.last_known import LastKnown
from store.rules.receivers import Receivers as KeptReceivers
from store.rules.receivers import Sealed, StoredReceiver

VALID_AT_ONCE = 2
MAIL = "email"
"""The channel by which a mail address is reached that no contact has."""
LONGEST_ADDRESS = 2000

Outcome = Literal["taken", "refused", "failed"]


@dataclass(frozen=True, slots=True)
class Addressed:
    """A receiver with its address and its secrets in clear, the newest secret first."""

    receiver: Receiver
    address: str = field(repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    version: int = 0


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of a sample: `error` says what the receiver answered, without its address."""

    outcome: Outcome
    error: str | None = None
    gone: bool = False


class Outlets(Protocol):
    """The channels, as far as receivers need them."""

    @property
    def wording(self) -> Wording:
        """The words in which they speak."""

    async def check(self, addressed: Addressed) -> None:
        """Raises InvalidValue, which names `channel`, `address` or `timezone`, and shows neither address nor secret."""

    async def send_sample(self, addressed: Addressed, type_: str) -> Tried:
        """Send a sample notice of this type. Raises InvalidValue for a type that there is not."""

    def new_secret(self, channel: str) -> str | None:
        """A secret to sign with; None for a channel that signs nothing."""

    def sends(self, channel: str) -> bool:
        """Whether the operator has set all that the channel needs."""

    async def fetch(self, url: str) -> str:
        """The text of a feed. Raises InvalidValue for `url`, of which it shows no more than the host."""


class NoOutlets:
    """In a process without channels no receiver can be made."""

    @property
    def wording(self) -> Wording:
        return NoWording()

    async def check(self, addressed: Addressed) -> None:
        raise self._none(addressed.receiver.channel)

    async def send_sample(self, addressed: Addressed, type_: str) -> Tried:  # noqa: ARG002 - the port's
        raise self._none(addressed.receiver.channel)

    def new_secret(self, channel: str) -> str | None:
        raise self._none(channel)

    def sends(self, channel: str) -> bool:  # noqa: ARG002 - the port's
        return False

    async def fetch(self, url: str) -> str:  # noqa: ARG002 - the port's
        raise InvalidValue("url", "a URL", "is not to be had in this process, which was started without channels")

    def _none(self, channel: str) -> InvalidValue:
        return InvalidValue("channel", channel, "is not to be had in this process, which was started without channels")


@dataclass(frozen=True, slots=True)
class Receivers:
    """What the API does with receivers. Methods raise NotFound for one that does not exist."""

    kept: KeptReceivers
    cipher: Cipher
    outlets: Outlets

    async def create(self, organization: str, receiver: Receiver, address: Any) -> tuple[StoredReceiver, str | None]:
        """Keep a receiver whose address was checked, and the secret that was made for it, if its channel signs."""
        secret = self.outlets.new_secret(receiver.channel)
        addressed = Addressed(
            receiver, require_hidden_text(address, "address", LONGEST_ADDRESS), () if secret is None else (secret,)
        )
        await self.outlets.check(addressed)
        return await self.kept.create(organization, receiver, self._sealed(addressed)), secret

    async def change(self, organization: str, receiver_id: str, given: Mapping[str, Any]) -> StoredReceiver:
        """Change the fields that are given. All is checked anew, and encrypted with the key that is the first now."""
        fields = {name: value for name, value in given.items() if name != "address"}
        address = require_hidden_text(given["address"], "address", LONGEST_ADDRESS) if "address" in given else None

        def changed(stored: StoredReceiver) -> Addressed:
            receiver = Receiver.from_json({**stored.receiver.to_json(), **fields})
            if not receiver.enabled and "enabled" not in fields:
                receiver = replace(receiver, disabled_because=stored.receiver.disabled_because)
            # An address that no key opens any more can be given anew, which mends the receiver.
            old = Addressed(receiver, "", ()) if address is not None and not self._opens(stored) else self._open(stored)
            return replace(old, receiver=receiver, address=address or old.address)

        await self.outlets.check(changed(await self.kept.get(organization, receiver_id)))

        def change(stored: StoredReceiver) -> tuple[Receiver, Sealed]:
            addressed = changed(stored)
            return addressed.receiver, self._sealed(addressed)

        return await self.kept.update(organization, receiver_id, change)

    async def rotate(self, organization: str, receiver_id: str) -> tuple[StoredReceiver, str]:
        """A new secret. The one before it stays valid until the next rotation.

        Raises InvalidValue for a channel that signs nothing.
        """
        channel = (await self.kept.get(organization, receiver_id)).receiver.channel
        secret = self.outlets.new_secret(channel)
        if secret is None:
            raise InvalidValue("channel", channel, "signs nothing, and has no secret to rotate")

        def change(stored: StoredReceiver) -> tuple[Receiver, Sealed]:
            addressed = self._open(stored)
            secrets = (secret, *addressed.secrets)[:VALID_AT_ONCE]
            return stored.receiver, self._sealed(replace(addressed, secrets=secrets))

        return await self.kept.update(organization, receiver_id, change), secret

    async def try_out(self, organization: str, receiver_id: str, type_: str) -> Tried:
        """Send a sample through the real channel, also to a receiver that is switched off."""
        return await self.outlets.send_sample(self._open(await self.kept.get(organization, receiver_id)), type_)

    async def renew(self, organization: str, receiver_id: str) -> StoredReceiver:
        """Encrypt address and secrets with the key that is the first now. Raises SecretsUnreadable."""

        def change(stored: StoredReceiver) -> tuple[Receiver, Sealed]:
            return stored.receiver, self._sealed(self._open(stored))

        return await self.kept.update(organization, receiver_id, change)

    def _sealed(self, addressed: Addressed) -> Sealed:
        return Sealed(self.cipher.encrypted(addressed.address), tuple(map(self.cipher.encrypted, addressed.secrets)))

    def _open(self, stored: StoredReceiver) -> Addressed:
        return opened(stored, self.cipher)

    def _opens(self, stored: StoredReceiver) -> bool:
        try:
            opened(stored, self.cipher)
        except SecretsUnreadable:
            return False
        return True


def opened(stored: StoredReceiver, cipher: Cipher) -> Addressed:
    """Raises SecretsUnreadable."""
    secrets = tuple(map(cipher.decrypted, stored.sealed.secrets))
    return Addressed(stored.receiver, cipher.decrypted(stored.sealed.address), secrets, stored.version)


class KnownReceivers(LastKnown[Sequence[StoredReceiver]]):
    """The receivers of each organization as a worker knows them: None while the store is down and nothing was ever
    read."""

    what = "receivers"
