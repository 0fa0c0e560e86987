"""Column types that behave alike on both databases, and the bridge to the core's instants."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from domain.errors import InvalidValue
from domain.fields import require_unicode
from domain.instants import Instant, from_datetime, to_datetime

# JSON, not JSONB. JSONB refuses \u0000 and lone surrogates, which tickets do hold, and rewrites numbers and the order
# of keys. A document must come back exactly as it was recorded. Nothing searches inside it.
Document = sa.JSON(none_as_null=True)


class Serialised(str):
    """A document that is serialised already."""

    __slots__ = ()


def serialise(document: Any) -> str:
    """The text of a document as columns hold it. One that is serialised already stays as it is."""
    return document if isinstance(document, Serialised) else json.dumps(document)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime, kept to the microsecond and read back in UTC. Raises InvalidValue for a naive one."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None or value.utcoffset() is None:
            raise InvalidValue("timestamp", value.isoformat(), "must carry a UTC offset")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        # SQLite keeps the UTC wall clock without an offset.
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Name(TypeDecorator[str]):
    """A text that both databases can hold. Raises InvalidValue for NUL and for lone surrogates."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, _dialect: Dialect) -> str | None:
        if value is None or (value.isascii() and "\0" not in value):
            return value
        return require_unicode(value, "text")


def moment(instant: Instant | None) -> datetime | None:
    """The datetime that a column holds for an instant."""
    return None if instant is None else to_datetime(instant)


def instant(value: Any) -> Instant:
    return from_datetime(value)


def optional_instant(value: Any) -> Instant | None:
    return None if value is None else from_datetime(value)


def holdable(text: str) -> str:
    """A text from outside in a form that every column takes: without NUL, with lone surrogates replaced by `?`."""
    return text.replace("\0", "").encode(errors="replace").decode()
