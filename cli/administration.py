"""What the commands that work on the store itself have in common."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from cli import console
from domain.calendar import pin_packaged_tzdata
from domain.errors import StoreUnavailable
from settings import Settings
from store.store import Store


@asynccontextmanager
async def opened() -> AsyncIterator[Store]:
    """The store that the settings name. Raises StoreUnavailable naming the settings, also where it has no tables."""
    pin_packaged_tzdata()
    settings = Settings.load()
    store = Store.open(settings.database_url)
    try:
        yield store
    except StoreUnavailable as error:
        # Databases do not say in the same way whether they are missing or have no tables.
        raise StoreUnavailable(f"{error.message} ({_hint(settings)})") from error
    finally:
        await store.close()


def _hint(settings: Settings) -> str:
    new = "`sla migrate` makes the tables of a new store"
    if settings.database_url.endswith(f"/{settings.home / 'slakeeper.db'}"):
        return f"SLA_HOME is {settings.home}, and SLA_DATABASE_URL would name another store; {new}"
    return f"SLA_DATABASE_URL; {new}"


def show(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Prints a table. Its cells are never cut or folded, because people copy ids."""
    lines = [headings, *([printable(cell) for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        console.say("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def printable(text: str) -> str:
    """The text without characters that a terminal would obey: names come from outside."""
    return "".join(character if character.isprintable() else "�" for character in text)
