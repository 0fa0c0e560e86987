"""The table of tickets of the API v1."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, Table

from store.database.types import Document, Name, UtcDateTime
from store.schema.tables.metadata import metadata

# `snapshot` is what was frozen at creation, null if nothing is measured. `history` lists the statuses with their
# instants. `version` counts the changes of the row.
tickets = Table(
    "tickets",
    metadata,
    Column("organization", Name, ForeignKey("organizations.id"), primary_key=True),
    Column("id", Name, primary_key=True),
    Column("title", Name, nullable=False),
    Column("description", Name, nullable=False),
    Column("priority", Name, nullable=False),
    Column("status", Name, nullable=False),
    Column("version", Integer, nullable=False),
    Column("snapshot", Document),
    Column("measured_from", UtcDateTime),
    Column("history", Document, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Index(None, "organization", "created_at"),
    Index(None, "organization", "status"),
)
