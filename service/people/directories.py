"""The directory of an organization: as the API reads it, and as a worker knows it while the store is down."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from domain.instants import Instant
from domain.people.contacts import Contact
from domain.people.directory import Directory
from service.people.on_calls import rotas_of
from service.tools.ciphers import Cipher, SecretsUnreadable
from service.tools.last_known import LastKnown
from store.people.contacts import StoredContact
from store.people.people import StoredPeople

log = logging.getLogger(__name__)

FRESH_SECONDS = 2.0

UNREADABLE = ""
"""In place of an address that was encrypted with a key which is lost."""


async def directory_of(people: StoredPeople, cipher: Cipher, at: Instant, *, writes_mail: bool = True) -> Directory:
    """With addresses in clear; those that no key opens are `UNREADABLE`."""
    contacts = opened(people.contacts, cipher)
    rotas = await rotas_of(people.on_calls, contacts, cipher, at)
    return Directory(contacts, rotas, people.teams, writes_mail)


def opened(contacts: Sequence[StoredContact], cipher: Cipher) -> Sequence[Contact]:
    return [_opened(one, cipher) for one in contacts]


def _opened(stored: StoredContact, cipher: Cipher) -> Contact:
    try:
        return stored.sealed.mapped(cipher.decrypted)
    except SecretsUnreadable as error:
        log.warning("contact %s cannot be told: %s", stored.sealed.id, error.message)
        closed = (replace(one, address=UNREADABLE, secrets=()) for one in stored.sealed.addresses)
        return replace(stored.sealed, addresses=tuple(closed))


class KnownDirectories(LastKnown[Directory]):
    """The directory of each organization as a worker knows it."""

    what = "contacts"
    store_seconds = 0.7
    """Less than a notice waits for those whom it names, so that the last known are found in time."""

    def __init__(
        self,
        read: Callable[[str], Awaitable[StoredPeople]],
        cipher: Cipher,
        now: Callable[[], Instant],
        fresh_seconds: float = FRESH_SECONDS,
        clock: Callable[[], float] = time.monotonic,
        *,
        writes_mail: bool = True,
    ) -> None:
        async def directory(organization: str) -> Directory:
            return await directory_of(await read(organization), cipher, now(), writes_mail=writes_mail)

        super().__init__(directory, fresh_seconds, clock)
