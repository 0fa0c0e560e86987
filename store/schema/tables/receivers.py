"""The tables of receivers and templates: who an organization wants told, through which channel, in which words."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Integer, Table

from store.database.types import Document, Name, UtcDateTime
from store.schema.tables.metadata import metadata

# `address` and `secrets` are encrypted. `choice` says which notices. `version` counts changes.
receivers = Table(
    "receivers",
    metadata,
    Column("organization", Name, ForeignKey("organizations.id"), primary_key=True),
    Column("id", Name, primary_key=True),
    Column("name", Name, nullable=False),
    Column("channel", Name, nullable=False),
    Column("address", Name, nullable=False),
    Column("secrets", Document, nullable=False),
    Column("choice", Document, nullable=False),
    Column("timezone", Name),
    Column("enabled", Boolean, nullable=False),
    Column("disabled_because", Name),
    Column("version", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)

# `parts` are an organization's own templates for the messages of a channel, by part.
templates = Table(
    "templates",
    metadata,
    Column("organization", Name, ForeignKey("organizations.id"), primary_key=True),
    Column("channel", Name, primary_key=True),
    Column("parts", Document, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)
