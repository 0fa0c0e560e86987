"""The tables of replans, and of what each does to its instances."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, ForeignKeyConstraint, Index, Integer, Table

from store.database.types import Document, Name, UtcDateTime
from store.schema.tables.metadata import metadata

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
    # When the replan was sent to the instance, and why the instance does not take it.
    Column("sent_at", UtcDateTime),
    Column("refused", Name),
    ForeignKeyConstraint(["organization", "replan_id"], ["replans.organization", "replans.id"]),
    Index(None, "organization", "instance_id"),
)
