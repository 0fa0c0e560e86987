"""The tables of ticket systems that send webhooks: what they have sent, what is remembered of their tickets, and what
was written to them."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
)

from store.database.types import Document, Name, UtcDateTime
from store.schema.tables.metadata import metadata

# `mapping` is null where the shipped one counts. `secrets` are encrypted. `arrivals` counts what was kept, and gives
# each body its number; `refusals` counts what was not. `connector` is the way back, its credentials encrypted;
# null: none was set up. `worker` applies the bodies, until `leased_until` at least.
sources = Table(
    "sources",
    metadata,
    Column("id", Name, primary_key=True),
    Column("organization", Name, ForeignKey("organizations.id"), nullable=False),
    Column("name", Name, nullable=False),
    Column("kind", Name, nullable=False),
    Column("mapping", Document),
    Column("settings", Document, nullable=False),
    Column("verify_by", Document, nullable=False),
    Column("adopt", Boolean, nullable=False),
    Column("prefix", Name, nullable=False),
    Column("secrets", Document, nullable=False),
    Column("connector", Document),
    Column("enabled", Boolean, nullable=False),
    Column("arrivals", Integer, nullable=False),
    Column("refusals", Integer, nullable=False),
    Column("refused_at", UtcDateTime),
    Column("refusal", Name, nullable=False),
    Column("worker", Name, nullable=False),
    Column("leased_until", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Index(None, "organization", "created_at"),
)

# Numbered by source, in the order of their arrival. `listed` is what a body is known by that was asked for (backfill).
hook_bodies = Table(
    "hook_bodies",
    metadata,
    Column("organization", Name, ForeignKey("organizations.id"), nullable=False),
    Column("source_id", Name, ForeignKey("sources.id"), nullable=False),
    Column("arrival", Integer, nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Column("method", Name, nullable=False),
    Column("uri", Name, nullable=False),
    Column("headers", Document, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("state", Name, nullable=False),
    Column("outcomes", Document),
    Column("reason", Name, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("retry_at", UtcDateTime),
    Column("settled_at", UtcDateTime),
    Column("listed", Name),
    PrimaryKeyConstraint("source_id", "arrival"),
    UniqueConstraint("source_id", "listed"),
    Index(None, "state", "source_id", "arrival"),
    Index(None, "received_at"),
)

source_memories = Table(
    "source_memories",
    metadata,
    Column("organization", Name, ForeignKey("organizations.id"), nullable=False),
    Column("source_id", Name, ForeignKey("sources.id"), primary_key=True),
    Column("subject", Name, primary_key=True),
    Column("doc", Document, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Index(None, "updated_at"),
)

# What escalations had written to a ticket, one row an action: `key` is the notice and the action's place in it. `heard`
# is the body in which the ticket system told of it.
source_writes = Table(
    "source_writes",
    metadata,
    Column("organization", Name, ForeignKey("organizations.id"), nullable=False),
    Column("source_id", Name, ForeignKey("sources.id"), nullable=False),
    Column("key", Name, nullable=False),
    Column("subject", Name, nullable=False),
    Column("action", Name, nullable=False),
    Column("value", Name, nullable=False),
    Column("state", Name, nullable=False),
    Column("reason", Name, nullable=False),
    Column("begun_at", UtcDateTime, nullable=False),
    Column("heard", Integer),
    PrimaryKeyConstraint("source_id", "key"),
    Index(None, "source_id", "subject"),
    Index(None, "begun_at"),
)
