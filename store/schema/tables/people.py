"""The tables of people: contacts, and who is on call."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Integer, Table

from store.database.types import Document, Name, UtcDateTime
from store.schema.tables.metadata import metadata

# Addresses and secrets in `addresses` are encrypted. `version` counts changes.
contacts = Table(
    "contacts",
    metadata,
    Column("organization", Name, ForeignKey("organizations.id"), primary_key=True),
    Column("id", Name, primary_key=True),
    Column("name", Name, nullable=False),
    Column("kind", Name, nullable=False),
    Column("doc", Document, nullable=False),
    Column("addresses", Document, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)

# `feed_url` and `feed_text` are encrypted. `feed_read_at` is when the text was read last, `feed_tried_at` when somebody
# last set out to, `feed_error` what came in between.
on_calls = Table(
    "on_calls",
    metadata,
    Column("organization", Name, ForeignKey("organizations.id"), primary_key=True),
    Column("id", Name, primary_key=True),
    Column("name", Name, nullable=False),
    Column("doc", Document, nullable=False),
    Column("feed_url", Name),
    Column("feed_text", Name),
    Column("feed_read_at", UtcDateTime),
    Column("feed_tried_at", UtcDateTime),
    Column("feed_error", Name),
    Column("version", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)
