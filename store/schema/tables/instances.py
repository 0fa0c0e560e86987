"""The tables of the projection of instances, and of its upkeep."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Boolean, Column, Index, Integer, Table, UniqueConstraint

from store.database.types import Document, Name, UtcDateTime
from store.schema.tables.metadata import metadata, of_instance

# One row. `written_at` is written to see whether the store takes writes. `compared_at` is the instant up to which the
# store was last found equal to Temporal; it is old or null in a database that is restored or new.
upkeep = Table(
    "upkeep",
    metadata,
    Column("id", Name, primary_key=True),
    Column("written_at", UtcDateTime, nullable=False),
    Column("compared_at", UtcDateTime),
)


def _in_order(name: str) -> Index:
    """An index on which the instances of one team, or of one person, are found and counted in the order of lists."""
    order = ("next_due_at", sa.text("opened_at DESC"), "id", "snapshot_sequence")
    where = sa.text(f"snapshot_sequence > 0 AND {name} IS NOT NULL")
    return Index(f"ix_instances_of_{name}", "organization", name, *order, sqlite_where=where, postgresql_where=where)


def _sorted_by(name: str, *, always: bool = False) -> Index:
    """An index on which pages of lists sorted by a column are found, from either end, and read on; `always`: every
    instance has such a value."""
    where = sa.text("snapshot_sequence > 0" if always else f"snapshot_sequence > 0 AND {name} IS NOT NULL")
    return Index(f"ix_instances_by_{name}", "organization", name, "id", sqlite_where=where, postgresql_where=where)


# No foreign key to organizations: a projection records what has happened and must not refuse it.
instances = Table(
    "instances",
    metadata,
    Column("organization", Name, primary_key=True),
    Column("id", Name, primary_key=True),
    Column("kind", Name, nullable=False),
    Column("subject_type", Name, nullable=False),
    Column("subject", Name, nullable=False),
    # Of the ticket as it is now; what an index holds is cut. `runs_out_at` is the earliest due, and `at_risk_from` the
    # earliest instant at risk, of the clocks that run.
    Column("title", Name),
    Column("team_id", Name),
    Column("assignee", Name),
    Column("url", Name),
    Column("runs_out_at", UtcDateTime),
    Column("at_risk_from", UtcDateTime),
    # Until when nothing counts that was broken; null where nothing is excused.
    Column("excused_until", UtcDateTime),
    # Of the promise in force. `opening` holds those of the opening, null while that is not recorded.
    Column("policy_id", Name),
    Column("policy_name", Name),
    Column("priority", Name),
    # By which lists are narrowed: the priority without regard to case.
    Column("priority_key", Name),
    Column("opening", Document),
    Column("status", Name, nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("closed_at", UtcDateTime),
    Column("next_due_at", UtcDateTime),
    Column("next_milestone_at", UtcDateTime),
    # When a clock that is paused runs on by itself, if one does.
    Column("resumes_at", UtcDateTime),
    Column("ongoing", Boolean, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("snapshot_sequence", Integer, nullable=False, default=0),
    Column("plan_digest", Name, nullable=False),
    # The version of the organization's dimensions by which the rows in `instance_dimensions` were written.
    Column("dimensions_version", Integer, nullable=False, server_default="0"),
    Column("recorded_at", UtcDateTime, nullable=False),
    Column("set_aside", Document, nullable=False),
    # Long columns last: SQLite reads through everything before a column. `ticket` is null until an event changes it.
    Column("ticket", Document),
    Column("plan", Document, nullable=False),
    Column("snapshot", Document),
    # What lists show, in their order. Pages are read, and what filters leave is counted, on this index alone, so it
    # also holds the columns of filters that have no index of their own.
    Index(
        "ix_instances_shown",
        "organization",
        "next_due_at",
        sa.text("opened_at DESC"),
        *("id", "status", "kind", "priority_key", "snapshot_sequence", "resumes_at"),
        sqlite_where=sa.text("snapshot_sequence > 0"),
        postgresql_where=sa.text("snapshot_sequence > 0"),
    ),
    # The total of a list without filters: every row is counted, so what is read of each is as short as it can be. What
    # is always so, `sequence > 0`, is asked for by the total alone: no page takes this index for its own.
    Index(
        "ix_instances_counted",
        *("organization", "kind", "snapshot_sequence", "sequence"),
        sqlite_where=sa.text("snapshot_sequence > 0 AND sequence > 0"),
        postgresql_where=sa.text("snapshot_sequence > 0 AND sequence > 0"),
    ),
    # Few are not shown yet. SQLite counts all rows faster than some of them, and takes away those that do not count.
    Index(
        "ix_instances_hidden", "organization", "snapshot_sequence", sqlite_where=sa.text("snapshot_sequence = 0")
    ).ddl_if(dialect="sqlite"),
    Index(None, "organization", "opened_at"),
    Index(None, "organization", "policy_id", "closed_at"),
    Index(None, "organization", "subject"),
    Index(
        "ix_instances_of_url",
        *("organization", "url", "id"),
        sqlite_where=sa.text("url IS NOT NULL"),
        postgresql_where=sa.text("url IS NOT NULL"),
    ),
    # Whose dimensions are still to be written.
    Index(
        "ix_instances_dimensions",
        "organization",
        "dimensions_version",
        sqlite_where=sa.text("snapshot_sequence > 0"),
        postgresql_where=sa.text("snapshot_sequence > 0"),
    ),
    _in_order("team_id"),
    _in_order("assignee"),
    *map(_sorted_by, ("title", "priority", "policy_name", "closed_at")),
    _sorted_by("recorded_at", always=True),
    # Only of instances with a clock that runs, which are few beside those that are over.
    Index(
        "ix_instances_running",
        "organization",
        "runs_out_at",
        *("at_risk_from", "snapshot_sequence", "id"),
        sqlite_where=sa.text("runs_out_at IS NOT NULL"),
        postgresql_where=sa.text("runs_out_at IS NOT NULL"),
    ),
    # Few are excused.
    Index(
        "ix_instances_excused",
        *("organization", "excused_until", "snapshot_sequence", "id"),
        sqlite_where=sa.text("excused_until IS NOT NULL"),
        postgresql_where=sa.text("excused_until IS NOT NULL"),
    ),
    # Of all organizations: the engine looks after instances that are not over, which are few beside those that are.
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

# The values of the organization's dimensions that the ticket of an instance has now. `value` is without regard to case,
# `shown` as the ticket has it.
instance_dimensions = Table(
    "instance_dimensions",
    metadata,
    Column("organization", Name, primary_key=True),
    Column("instance_id", Name, primary_key=True),
    Column("dimension", Name, primary_key=True),
    Column("value", Name, primary_key=True),
    Column("shown", Name, nullable=False),
    Index("ix_instance_dimensions_value", "organization", "dimension", "value", "instance_id"),
    of_instance(),
    # The key is nearly the whole row.
    sqlite_with_rowid=False,
)

# Whoever writes a record holds the instance's row until the commit, so one look at its neighbours is enough.
instance_records = Table(
    "instance_records",
    metadata,
    Column("organization", Name, primary_key=True),
    Column("instance_id", Name, primary_key=True),
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("digest", Name, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    Column("link", Document, nullable=False),
    # The ids of the notices that it settles: their steps may be recorded after it.
    Column("settled", Document, nullable=False),
    # Null while a step before it is not recorded.
    Column("hash", Name),
    Index(
        "ix_instance_records_unchained",
        "organization",
        "instance_id",
        sqlite_where=sa.text("hash IS NULL"),
        postgresql_where=sa.text("hash IS NULL"),
    ),
    # What is newest. SQLite numbers its rows anyway.
    Index("ix_instance_records_newest", "recorded_at").ddl_if(dialect="postgresql"),
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
    Column("outcomes", Document),
    Column("sequence", Integer, nullable=False),
    of_instance(),
)

# `type`, `planned_at`, `fired_at` and `policy_id` are what the log of deliveries is narrowed and sorted by. Of a
# withdrawal nothing was planned, and it fired when the notice that it takes back proved wrong. `escalation` is what the
# step is called.
notices = Table(
    "notices",
    metadata,
    Column("organization", Name, primary_key=True),
    Column("instance_id", Name, primary_key=True),
    Column("notice_id", Name, primary_key=True),
    Column("settled", Boolean, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("type", Name, nullable=False),
    Column("planned_at", UtcDateTime),
    Column("fired_at", UtcDateTime, nullable=False),
    Column("policy_id", Name),
    Column("escalation", Name),
    Column("doc", Document, nullable=False),
    Index("ix_notices_log", "organization", "fired_at", "notice_id"),
    # Few are on their way at a time.
    Index(
        "ix_notices_unsettled",
        "organization",
        "fired_at",
        sqlite_where=sa.text("settled = 0"),
        postgresql_where=sa.text("NOT settled"),
    ),
    of_instance(),
)

# What records say, and beside it what only workers know: `earlier` counts attempts before the one that settled it, and
# `tried_at` is when the last attempt began. `kind` and `receiver` are the two parts of the channel's name. A delivery
# is sent once more at `resend_at`; `resend_tries` counts attempts at that, `resends` how often somebody asked for it.
deliveries = Table(
    "deliveries",
    metadata,
    Column("organization", Name, primary_key=True),
    Column("instance_id", Name, primary_key=True),
    Column("notice_id", Name, primary_key=True),
    Column("channel", Name, primary_key=True),
    Column("kind", Name, nullable=False),
    Column("receiver", Name),
    Column("status", Name, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("tried_at", UtcDateTime),
    Column("error", Name, nullable=False),
    Column("earlier", Integer, nullable=False, server_default="0"),
    Column("sequence", Integer, nullable=False),
    Column("resends", Integer, nullable=False, server_default="0"),
    Column("resend_at", UtcDateTime),
    Column("resend_tries", Integer, nullable=False, server_default="0"),
    # Those that are not delivered are few, and the ones that somebody looks for.
    Index(
        "ix_deliveries_dead",
        "organization",
        "receiver",
        sqlite_where=sa.text("status = 'dead'"),
        postgresql_where=sa.text("status = 'dead'"),
    ),
    Index(
        "ix_deliveries_retried",
        "organization",
        "receiver",
        sqlite_where=sa.text("status = 'retried'"),
        postgresql_where=sa.text("status = 'retried'"),
    ),
    Index(
        "ix_deliveries_resend_at",
        "organization",
        "resend_at",
        sqlite_where=sa.text("resend_at IS NOT NULL"),
        postgresql_where=sa.text("resend_at IS NOT NULL"),
    ),
    of_instance(),
)
