"""What the API does with contacts: each new address is checked through its channel, then kept encrypted."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from domain.errors import InvalidValue
from domain.people.addresses import Address, Given, given_addresses, numbered
from domain.people.contacts import Contact
from domain.record.receivers import Receiver
from service.receivers import VALID_AT_ONCE, Addressed, Outlets, Tried
from service.tools.ciphers import Cipher, SecretsUnreadable
from store.owned import of_any_version
from store.people.contacts import Contacts as KeptContacts
from store.people.contacts import Require, StoredContact

Secrets = Mapping[str, str]
"""New secrets, by the name of the address that signs with them, such as `webhook:con_x`."""


@dataclass(frozen=True, slots=True)
class Contacts:
    """Methods raise NotFound for a contact that does not exist, and what the store's raise."""

    kept: KeptContacts
    cipher: Cipher
    outlets: Outlets

    async def create(self, organization: str, contact: Contact, addresses: Any) -> tuple[StoredContact, Secrets]:
        """Keep a contact whose addresses were checked, with secrets for those that sign."""
        found = numbered(given_addresses(addresses), contact.id)
        await self._check(contact, found, ())
        signing, secrets = self._with_secrets(replace(contact, addresses=found))
        return await self.kept.create(organization, signing.mapped(self.cipher.encrypted)), secrets

    async def change(
        self, organization: str, contact_id: str, given: Mapping[str, Any], require: Require = of_any_version
    ) -> tuple[StoredContact, Secrets]:
        """Change the fields that are given. Addresses are replaced as a whole, and new ones are checked."""
        fields = {name: value for name, value in given.items() if name != "addresses"}
        wanted = given_addresses(given["addresses"]) if "addresses" in given else None
        stored = await self.kept.get(organization, contact_id)
        require(stored)
        changed, before = self._changed(stored, fields, wanted)
        if wanted is not None:
            await self._check(changed, changed.addresses, before)
        made: dict[str, str] = {}

        def change(present: StoredContact) -> Contact:
            if wanted is None:
                contact = Contact.from_json({**present.sealed.to_json(), **fields}, present.sealed.addresses)
                return self._renewed(contact)
            contact, _ = self._changed(present, fields, wanted)
            signing, secrets = self._with_secrets(contact)
            made.clear()
            made.update(secrets)
            return signing.mapped(self.cipher.encrypted)

        return await self.kept.update(organization, contact_id, change, require), made

    async def rotate(self, organization: str, contact_id: str, name: str) -> tuple[StoredContact, Secrets]:
        """A new secret for the address of that name. The one before it stays valid until the next rotation.

        Raises InvalidValue for an address that is not there, and for one whose channel signs nothing.
        """
        secrets: dict[str, str] = {}

        def change(stored: StoredContact) -> Contact:
            contact = stored.sealed.mapped(self.cipher.decrypted)
            found = next((one for one in contact.addresses if one.name_of(contact_id) == name), None)
            if found is None:
                names = ", ".join(contact.channels) or "none: the contact has no address"
                raise InvalidValue("address", name, f"must be one of {names}")
            secret = self.outlets.new_secret(found.channel)
            if secret is None:
                raise InvalidValue("address", name, f"is of channel {found.channel}, which signs nothing")
            secrets[name] = secret
            newer = replace(found, secrets=(secret, *found.secrets)[:VALID_AT_ONCE])
            addresses = tuple(newer if one is found else one for one in contact.addresses)
            return replace(contact, addresses=addresses).mapped(self.cipher.encrypted)

        return await self.kept.update(organization, contact_id, change), secrets

    async def try_out(self, organization: str, contact_id: str, type_: str) -> Sequence[tuple[str, Tried]]:
        """Send a sample to each address of the contact; what came of it, by the address's name. One that was gone and
        takes the sample is told again."""
        contact = (await self.kept.get(organization, contact_id)).sealed.mapped(self.cipher.decrypted)
        sends = (self.outlets.send_sample(addressed(contact, one), type_) for one in contact.addresses)
        tried = await asyncio.gather(*sends)
        for one, came in zip(contact.addresses, tried, strict=True):
            if one.gone and came.outcome == "taken":
                await self.mark(organization, contact_id, one, "")
        return list(zip(contact.channels, tried, strict=True))

    async def mark(self, organization: str, contact_id: str, address: Address, gone: str) -> None:
        """Keep that an address is gone, and why; empty: that it is there again. One that was changed since stays as it
        is. `address` is in clear."""

        def change(stored: StoredContact) -> Contact:
            marked = (replace(one, gone=gone) if self._is(one, address) else one for one in stored.sealed.addresses)
            return replace(stored.sealed, addresses=tuple(marked))

        await self.kept.update(organization, contact_id, change)

    def _is(self, sealed: Address, address: Address) -> bool:
        is_its_place = (sealed.channel, sealed.number) == (address.channel, address.number)
        return is_its_place and self.cipher.decrypted(sealed.address) == address.address

    async def renew(self, organization: str, contact_id: str) -> StoredContact:
        """Encrypt addresses and secrets with the key that is the first now. Raises SecretsUnreadable."""

        def change(stored: StoredContact) -> Contact:
            return stored.sealed.mapped(self.cipher.renewed)

        return await self.kept.update(organization, contact_id, change)

    def _changed(
        self, stored: StoredContact, fields: Mapping[str, Any], wanted: Sequence[Given] | None
    ) -> tuple[Contact, Sequence[Address]]:
        """The contact in clear as it would be, and the addresses before; none of those that no key opens any more."""
        if wanted is None:
            return Contact.from_json({**stored.sealed.to_json(), **fields}), ()
        try:
            before = stored.sealed.mapped(self.cipher.decrypted).addresses
        except SecretsUnreadable:
            before = ()
        found = numbered(wanted, stored.sealed.id, before)
        return Contact.from_json({**stored.sealed.to_json(), **fields}, found), before

    def _renewed(self, sealed: Contact) -> Contact:
        """Encrypted with the key that is the first now, as far as it can be read."""
        try:
            return sealed.mapped(self.cipher.renewed)
        except SecretsUnreadable:
            return sealed

    def _with_secrets(self, contact: Contact) -> tuple[Contact, Secrets]:
        made = {
            one.name_of(contact.id): secret
            for one in contact.addresses
            if not one.secrets and (secret := self.outlets.new_secret(one.channel)) is not None
        }
        signing = (
            replace(one, secrets=(made[name],)) if (name := one.name_of(contact.id)) in made else one
            for one in contact.addresses
        )
        return replace(contact, addresses=tuple(signing)), made

    async def _check(self, contact: Contact, addresses: Sequence[Address], before: Sequence[Address]) -> None:
        there = {(one.channel, one.address) for one in before}
        new = [(n, one) for n, one in enumerate(addresses) if (one.channel, one.address) not in there]
        await asyncio.gather(*(self._check_one(contact, number, one) for number, one in new))

    async def _check_one(self, contact: Contact, place: int, address: Address) -> None:
        try:
            await self.outlets.check(addressed(contact, address))
        except InvalidValue as refusal:
            if refusal.field not in ("channel", "address"):
                raise
            at = f"addresses[{place}].{refusal.field}"
            raise type(refusal)(at, refusal.value, refusal.reason) from None


def addressed(contact: Contact, address: Address) -> Addressed:
    """The address as one that is told: what names it in histories is its own."""
    receiver = Receiver(address.id_of(contact.id), contact.name, address.channel, timezone=contact.timezone)
    return Addressed(receiver, address.address, address.secrets)
