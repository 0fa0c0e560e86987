"""What a part needs before it runs: its settings, a log, and a store that can be used."""

from __future__ import annotations

import logging

from cli.engine import lifeline
from domain.errors import StoreUnavailable
from settings import Settings
from store.schema import preparing

LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def with_store() -> Settings:
    """The settings, once the store can be used. Under a supervisor, which has checked the store, a part starts without
    it, too, because notices need no store.

    Raises InvalidValue for a setting, StoreUnavailable for a store that no wait makes usable.
    """
    supervised = lifeline.hold()
    settings = prepared()
    if supervised:
        lifeline.await_word()
    else:
        _require_store(settings)
    return settings


def prepared() -> Settings:
    """The settings, with everything that is logged from now on in lines that begin with their time."""
    settings = Settings.load()
    logging.basicConfig(level=settings.log_level.upper(), format=LOG_FORMAT)
    # It tells of each of its own plugins, and of what it assumes.
    logging.getLogger("alembic").setLevel(logging.WARNING)
    return settings


def _require_store(settings: Settings) -> None:
    try:
        preparing.check(settings.database_url)
    except StoreUnavailable as error:
        raise StoreUnavailable(f"{error.message} (SLA_DATABASE_URL)") from error
