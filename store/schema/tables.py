"""Every table. The schema is made by the migrations; a test compares the two."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Table,
    UniqueConstraint,
)

from store.database.types import Document, Name, UtcDateTime

metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

# One row: when it was last written, to see whether that is possible, and up to when the store was last found to have
# what Temporal has. In a database that is new, or restored, nobody has looked since.
upkeep = Table(
    "upkeep",
    metadata,
    Column("id", Name, primary_key=True),
    Column("written_at", UtcDateTime, nullable=False),
    Column("compared_at", UtcDateTime),
)

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

calendars = Table(
    "calendars",
    metadata,
    Column("organization", Name, ForeignKey("organizations.id"), primary_key=True),
    Column("id", Name, primary_key=True),
    Column("name", Name, nullable=False),
    Column("version", Integer, nullable=False),
    Column("doc", Document, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("deleted_at", UtcDateTime),
)

calendar_versions = Table(
    "calendar_versions",
    metadata,
    Column("organization", Name, primary_key=True),
    Column("calendar_id", Name, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("name", Name, nullable=False),
    Column("doc", Document, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("changed_by", Name, nullable=False),
    ForeignKeyConstraint(["organization", "calendar_id"], ["calendars.organization", "calendars.id"]),
)

teams = Table(
    "teams",
    metadata,
    Column("organization", Name, ForeignKey("organizations.id"), primary_key=True),
    Column("id", Name, primary_key=True),
    Column("name", Name, nullable=False),
    Column("lead", Name),
    Column("calendar_id", Name),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("deleted_at", UtcDateTime),
)

policies = Table(
    "policies",
    metadata,
    Column("organization", Name, ForeignKey("organizations.id"), primary_key=True),
    Column("id", Name, primary_key=True),
    Column("kind", Name, nullable=False),
    Column("origin", Name, nullable=False, server_default="v2"),
    Column("position", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("calendar_id", Name),
    Column("doc", Document, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("archived_at", UtcDateTime),
)

policy_versions = Table(
    "policy_versions",
    metadata,
    Column("organization", Name, primary_key=True),
    Column("policy_id", Name, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("change", Name, nullable=False),
    Column("doc", Document, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("changed_by", Name, nullable=False),
    ForeignKeyConstraint(["organization", "policy_id"], ["policies.organization", "policies.id"]),
)

# What Scrubbe calls the IMS configuration; `sla_enabled_at` is when measuring was last switched on.
ims_settings = Table(
    "ims_settings",
    metadata,
    Column("organization", Name, ForeignKey("organizations.id"), primary_key=True),
    Column("sla_enabled", Boolean, nullable=False),
    Column("auto_escalate", Boolean, nullable=False),
    Column("sla_enabled_at", UtcDateTime),
    Column("updated_at", UtcDateTime, nullable=False),
)

# Tickets of the API v1. `snapshot` is what was frozen at creation, null where nothing is measured; `history` lists the
# statuses with the instants at which they were taken; `version` counts the changes of the row.
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

# An instance that is about to start, or has started and whose first record is not there yet: it keeps its policy alive.
claims = Table(
    "claims",
    metadata,
    Column("organization", Name, ForeignKey("organizations.id"), primary_key=True),
    Column("instance_id", Name, primary_key=True),
    Column("policy_id", Name, nullable=False),
    Column("claimed_at", UtcDateTime, nullable=False),
    Index(None, "organization", "policy_id"),
)

# POSTs with an Idempotency-Key, and what they were answered; status 0: not answered yet.
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


COUNTED = "outcome IN ('met', 'breached')"
"""Of the clocks that have stopped, those that count."""


def _by_length(name: str) -> Index:
    """So that the value at a rank is found by counting along, however many there are."""
    where = sa.text(f"{name} IS NOT NULL AND {COUNTED}")
    columns = ("organization", "type", name, "outcome_at", "stopped_at", "traits", "outcome")
    return Index(f"ix_instance_targets_{name}", *columns, sqlite_where=where, postgresql_where=where)


def _of_instance() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["organization", "instance_id"], ["instances.organization", "instances.id"])


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
    _of_instance(),
)

# What clocks have in common that analytics count by, so that they count on small numbers; an empty text is none. Rows
# are added, and never changed or removed.
target_traits = Table(
    "target_traits",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("organization", Name, nullable=False),
    Column("kind", Name, nullable=False),
    Column("type", Name, nullable=False),
    Column("priority", Name, nullable=False),
    Column("policy_id", Name, nullable=False),
    Column("team_id", Name, nullable=False),
    UniqueConstraint("organization", "kind", "type", "priority", "policy_id", "team_id", name="uq_target_traits"),
)

# Each clock of an instance as its newest record plans it, for analytics. `outcome` is met, breached, cancelled or null
# (undecided: paused); `outcome_at` is when the clock stopped in time, when its due passes, or when it was cancelled,
# and may lie ahead; `previous_at` is that of the clock of the same instance that ended before it. Lengths are
# microseconds: `worked` and `lasted` (wall time) as of the stop, null while it is open.
instance_targets = Table(
    "instance_targets",
    metadata,
    Column("organization", Name, primary_key=True),
    Column("instance_id", Name, primary_key=True),
    Column("name", Name, primary_key=True),
    Column("cycle", Integer, primary_key=True, autoincrement=False),
    Column("type", Name, nullable=False),
    Column("team_id", Name),
    Column("traits", Integer, nullable=False),
    Column("started_at", UtcDateTime),
    Column("due_at", UtcDateTime),
    Column("stopped_at", UtcDateTime),
    Column("outcome", Name),
    Column("outcome_at", UtcDateTime),
    Column("previous_at", UtcDateTime),
    Column("budget", BigInteger, nullable=False),
    Column("worked", BigInteger),
    Column("lasted", BigInteger),
    Column("paused", BigInteger, nullable=False),
    Index(None, "organization", "outcome_at"),
    Index(
        "ix_instance_targets_counted",
        *("traits", "outcome", "outcome_at", "previous_at", "stopped_at", "worked", "lasted", "paused"),
    ),
    _by_length("worked"),
    _by_length("lasted"),
    _of_instance(),
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
    _of_instance(),
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
    _of_instance(),
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
    _of_instance(),
)

replans = Table(
    "replans",
    metadata,
    Column("organization", Name, ForeignKey("organizations.id"), primary_key=True),
    Column("id", Name, primary_key=True),
    Column("request", Document, nullable=False),
    Column("reason", Name, nullable=False),
    Column("actor", Name, nullable=False),
    Column("calendar_id", Name),
    Column("calendar_before", Integer),
    Column("applied_at", UtcDateTime, nullable=False),
    Column("undone_at", UtcDateTime),
)

replan_instances = Table(
    "replan_instances",
    metadata,
    Column("organization", Name, primary_key=True),
    Column("replan_id", Name, primary_key=True),
    Column("instance_id", Name, primary_key=True),
    Column("rules_before", Document, nullable=False),
    Column("rules_after", Document, nullable=False),
    Column("moves", Document, nullable=False),
    # Since when the instance may know it; why it does not take the rules.
    Column("sent_at", UtcDateTime),
    Column("refused", Name),
    ForeignKeyConstraint(["organization", "replan_id"], ["replans.organization", "replans.id"]),
    Index(None, "organization", "instance_id"),
)
