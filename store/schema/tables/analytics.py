"""The tables that analytics count: each clock as planned by the newest record of its instance."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import BigInteger, Column, Index, Integer, Table, UniqueConstraint

from store.database.types import Name, UtcDateTime
from store.schema.tables.metadata import metadata, of_instance

COUNTED = "outcome IN ('met', 'breached')"
"""The condition for the clocks that count."""


def _by_length(name: str) -> Index:
    """An index on which the length at a rank is found by counting along."""
    where = sa.text(f"{name} IS NOT NULL AND {COUNTED}")
    columns = ("organization", "type", name, "outcome_at", "stopped_at", "traits", "outcome")
    return Index(f"ix_instance_targets_{name}", *columns, sqlite_where=where, postgresql_where=where)


# Traits by which analytics count clocks, so that they group by one number. An empty text is none. `priority_key` is the
# priority without regard to case. Rows are added, never changed or removed.
target_traits = Table(
    "target_traits",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("organization", Name, nullable=False),
    Column("kind", Name, nullable=False),
    Column("type", Name, nullable=False),
    Column("priority", Name, nullable=False),
    Column("priority_key", Name, nullable=False),
    Column("policy_id", Name, nullable=False),
    Column("team_id", Name, nullable=False),
    UniqueConstraint("organization", "kind", "type", "priority", "policy_id", "team_id", name="uq_target_traits"),
)

# Each clock of an instance as its newest record plans it. `outcome` is met, breached, cancelled, excused or null
# (undecided: paused). `outcome_at` is when the clock stopped in time, when its due passes, or when it was cancelled; it
# may lie ahead. `excused` says what of it an excuse covers, and `came_to` what the outcome is that does not count.
# `previous_at` is the `outcome_at` of the clock of the same instance that ended before it. Lengths are in
# microseconds: `worked` and `lasted` (wall time) as of the stop, null while the clock is open; `worked_when_due` what
# had been worked as the due passed.
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
    Column("worked_when_due", BigInteger, nullable=False),
    Column("worked", BigInteger),
    Column("lasted", BigInteger),
    Column("paused", BigInteger, nullable=False),
    Column("excused", Name),
    Column("came_to", Name),
    # A period is read along this index alone, by whatever it is narrowed and grouped.
    Index(
        "ix_instance_targets_ended",
        *("organization", "outcome_at", "outcome", "traits", "instance_id", "type", "team_id"),
    ),
    Index(
        "ix_instance_targets_counted",
        *("traits", "outcome", "outcome_at", "previous_at", "stopped_at", "worked", "lasted", "paused"),
    ),
    _by_length("worked"),
    _by_length("lasted"),
    # Few are excused.
    Index(
        "ix_instance_targets_excused",
        *("organization", "outcome_at"),
        sqlite_where=sa.text("excused IS NOT NULL"),
        postgresql_where=sa.text("excused IS NOT NULL"),
    ),
    of_instance(),
)
