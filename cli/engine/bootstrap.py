"""What the store needs before anything runs: its tables and one API key."""

from __future__ import annotations

import asyncio

from cli import console
from cli.engine import home
from domain.errors import StoreUnavailable
from settings import Settings


async def migrate(settings: Settings) -> None:
    """Brings the tables up to date. Raises StoreUnavailable, naming the database and the setting."""
    try:
        await asyncio.to_thread(_upgrade, settings.database_url)
    except StoreUnavailable as error:
        raise StoreUnavailable(f"{error.message} (SLA_DATABASE_URL)") from error


async def ensure_key(settings: Settings) -> str | None:
    """Makes sure that there is an API key. Returns it only if it was generated just now, to be shown once.

    Raises InvalidValue when the key cannot be written to the data folder.
    """
    from store.access import keys  # noqa: PLC0415 - as above

    if settings.api_key is not None:
        given = settings.api_key.get_secret_value()
        _warn_unless(await keys.ensure_key(settings.database_url, given, "SLA_API_KEY"), "SLA_API_KEY")
        return None
    kept = home.generated_key(settings.home)
    if kept is None and await keys.any_key(settings.database_url):
        return None
    home.prepare(settings.home)
    key = kept or home.generate_key(settings.home)
    valid = await keys.ensure_key(settings.database_url, key, "generated at first start")
    _warn_unless(valid, str(home.key_file(settings.home)))
    return None if kept else key


def _upgrade(database_url: str) -> None:
    # In the thread: half a second, in which the Temporal server is to start.
    from store.schema.migrate import upgrade  # noqa: PLC0415

    upgrade(database_url)


def _warn_unless(valid: bool, place: str) -> None:
    # It stays revoked: a restart must not let anybody in again.
    if not valid:
        console.complain(f"the API key in {place} has been revoked; `sla keys create` makes another one")
