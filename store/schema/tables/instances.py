"""The projection of instances, and what the engine knows of the projection itself."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Boolean, Column, Index, Integer, Table, UniqueConstraint

from store.database.types import Document, Name, UtcDateTime
from store.schema.tables.metadata import metadata, of_instance

# One row: when it was last written, to see whether that is possible, and up to when the store was last found to have
# what Temporal has. In a database that is new, or restored, nobody has looked since.
upkeep = Table(
    "upkeep",
    metadata,
    Column("id", Name, primary_key=True),
    Column("written_at", UtcDateTime, nullable=False),
    Column("compared_at", UtcDateTime),
)

# No foreign key to organizations: a projection records what happened and is in no position to refuse it.
instances = Table(
    "instances",
    metadata,
    Column("organization", Name, primary_key=True),
    Column("id", Name, primary_key=True),
    Column("kind", Name, nullable=False),
    Column("subject_type", Name, nullable=False),
    Column("subject", Name, nullable=False),
    Column("policy_id", Name),
    Column("priority", Name),
    Column("status", Name, nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("closed_at", UtcDateTime),
    Column("next_due_at", UtcDateTime),
    Column("next_milestone_at", UtcDateTime),
    Column("ongoing", Boolean, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("snapshot_sequence", Integer, nullable=False, default=0),
    Column("plan_digest", Name, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    Column("set_aside", Document, nullable=False),
    # The long ones last: SQLite walks through what lies before a column.
    Column("plan", Document, nullable=False),
    Column("snapshot", Document),
    # What lists show, in their order: pages are read off it, and their totals counted on it, for which it holds what
    # they are narrowed by where that has no index of its own.
    Index(
        "ix_instances_shown",
        "organization",
        "next_due_at",
        sa.text("opened_at DESC"),
        *("id", "status", "kind", "priority", "snapshot_sequence"),
        sqlite_where=sa.text("snapshot_sequence > 0"),
        postgresql_where=sa.text("snapshot_sequence > 0"),
    ),
    Index(None, "organization", "opened_at"),
    Index(None, "organization", "policy_id", "closed_at"),
    Index(None, "organization", "subject"),
    # Of all organizations: what is not over is looked after, and that is few beside what is.
    Index(
        "ix_instances_ongoing",
        "organization",
        "id",
        sqlite_where=sa.text("ongoing = 1"),
        postgresql_where=sa.text("ongoing"),
    ),
    Index(
        "ix_instances_next_milestone_at",
        "next_milestone_at",
        sqlite_where=sa.text("ongoing = 1"),
        postgresql_where=sa.text("ongoing"),
    ),
)

# Who writes one holds the instance's row until its commit, so that one look at the steps before and behind is enough.
instance_records = Table(
    "instance_records",
    metadata,
    Column("organization", Name, primary_key=True),
    Column("instance_id", Name, primary_key=True),
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("digest", Name, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    Column("link", Document, nullable=False),
    # Null behind a step that is not recorded yet.
    Column("hash", Name),
    Index(
        "ix_instance_records_unchained",
        "organization",
        "instance_id",
        sqlite_where=sa.text("hash IS NULL"),
        postgresql_where=sa.text("hash IS NULL"),
    ),
)

instance_events = Table(
    "instance_events",
    metadata,
    Column("organization", Name, primary_key=True),
    Column("instance_id", Name, primary_key=True),
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("event_id", Name, nullable=False),
    Column("kind", Name, nullable=False),
    Column("occurred_at", UtcDateTime, nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Column("doc", Document, nullable=False),
    UniqueConstraint("organization", "instance_id", "event_id"),
    of_instance(),
)

milestones = Table(
    "milestones",
    metadata,
    Column("organization", Name, primary_key=True),
    Column("instance_id", Name, primary_key=True),
    Column("target", Name, primary_key=True),
    Column("cycle", Integer, primary_key=True, autoincrement=False),
    Column("milestone", Name, primary_key=True),
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("planned_at", UtcDateTime, nullable=False),
    Column("fired_at", UtcDateTime, nullable=False),
    Column("withdrawn_at", UtcDateTime),
    Column("delivered_at", UtcDateTime),
    Column("skipped", Boolean, nullable=False, server_default=sa.false()),
    Column("sequence", Integer, nullable=False),
    of_instance(),
)

notices = Table(
    "notices",
    metadata,
    Column("organization", Name, primary_key=True),
    Column("instance_id", Name, primary_key=True),
    Column("notice_id", Name, primary_key=True),
    Column("doc", Document, nullable=False),
    Column("settled", Boolean, nullable=False),
    Column("sequence", Integer, nullable=False),
    of_instance(),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("organization", Name, primary_key=True),
    Column("instance_id", Name, primary_key=True),
    Column("notice_id", Name, primary_key=True),
    Column("channel", Name, primary_key=True),
    Column("status", Name, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("error", Name, nullable=False),
    Column("sequence", Integer, nullable=False),
    of_instance(),
)
