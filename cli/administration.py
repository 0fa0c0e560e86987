"""What the commands that work on the store itself have in common."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from cli import console
from domain.errors import StoreUnavailable
from settings import Settings

if TYPE_CHECKING:
    from store.store import Store


@asynccontextmanager
async def opened() -> AsyncIterator[Store]:
    """The store at SLA_DATABASE_URL. Raises StoreUnavailable naming it, also where its tables have not been made."""
    from domain.calendar import pin_packaged_tzdata  # noqa: PLC0415 - half a second that other commands need not pay
    from store.store import Store  # noqa: PLC0415 - as above

    pin_packaged_tzdata()
    store = Store.open(Settings.load().database_url)
    try:
        yield store
    except StoreUnavailable as error:
        # Databases do not say in the same way what of the two it is.
        hint = "SLA_DATABASE_URL; `sla migrate` makes the tables of a new store"
        raise StoreUnavailable(f"{error.message} ({hint})") from error
    finally:
        await store.close()


def show(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """In columns, never cut or folded: ids are there to be copied."""
    lines = [headings, *([printable(cell) for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        console.say("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def printable(text: str) -> str:
    """Names come from outside, and a terminal obeys some characters."""
    return "".join(character if character.isprintable() else "�" for character in text)
