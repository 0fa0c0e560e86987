"""The tables of organizations, their API keys, and requests with an idempotency key."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, Table, UniqueConstraint

from store.database.types import Document, Name, UtcDateTime
from store.schema.tables.metadata import metadata

organizations = Table(
    "organizations",
    metadata,
    Column("id", Name, primary_key=True),
    Column("name", Name, nullable=False),
    Column("subscription", Name, nullable=False),
    Column("timezone", Name, nullable=False),
    Column("config_version", Integer, nullable=False),
    Column("default_calendar_id", Name, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("quiet_before", UtcDateTime),
    # The fields of tickets that lists and reports go by, null if none ever were; `dimensions_version` counts changes.
    Column("dimensions", Document),
    Column("dimensions_version", Integer, nullable=False, server_default="0"),
    # Whose demo it is; null for every organization that is none. `removed_at` is when it was taken away: its rows go.
    Column("demo_of", Name),
    Column("removed_at", UtcDateTime),
    UniqueConstraint("demo_of"),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Name, primary_key=True),
    Column("organization", Name, ForeignKey("organizations.id"), nullable=False),
    Column("name", Name, nullable=False),
    Column("prefix", Name, nullable=False),
    Column("digest", Name, nullable=False),
    Column("scopes", Document, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("revoked_at", UtcDateTime),
    UniqueConstraint("digest"),
)

# Requests with an Idempotency-Key and their answers. A request without an answer yet has status 0.
idempotent_requests = Table(
    "idempotent_requests",
    metadata,
    Column("organization", Name, ForeignKey("organizations.id"), primary_key=True),
    Column("key", Name, primary_key=True),
    Column("request_digest", Name, nullable=False),
    Column("status", Integer, nullable=False),
    Column("headers", Document, nullable=False),
    Column("body", Name, nullable=False),
    Column("answered_at", UtcDateTime, nullable=False),
    Index(None, "answered_at"),
)
