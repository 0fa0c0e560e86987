"""The tables of rules: calendars and policies with all versions, teams, settings, and claims on policies."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, ForeignKeyConstraint, Index, Integer, Table

from store.database.types import Document, Name, UtcDateTime
from store.schema.tables.metadata import metadata

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
    # Of the document, for lists that are sorted and searched by them.
    Column("name", Name, nullable=False),
    Column("enabled", Boolean, nullable=False),
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

# Scrubbe's IMS configuration. `sla_enabled_at` is when measuring was last switched on.
ims_settings = Table(
    "ims_settings",
    metadata,
    Column("organization", Name, ForeignKey("organizations.id"), primary_key=True),
    Column("sla_enabled", Boolean, nullable=False),
    Column("auto_escalate", Boolean, nullable=False),
    Column("sla_enabled_at", UtcDateTime),
    Column("updated_at", UtcDateTime, nullable=False),
)

# An instance that is about to start, or has started and has no record yet. A claim keeps its policy from being
# archived.
claims = Table(
    "claims",
    metadata,
    Column("organization", Name, ForeignKey("organizations.id"), primary_key=True),
    Column("instance_id", Name, primary_key=True),
    Column("policy_id", Name, nullable=False),
    Column("claimed_at", UtcDateTime, nullable=False),
    Index(None, "organization", "policy_id"),
)
