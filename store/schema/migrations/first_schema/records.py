"""What each instance has recorded: steps, events, notices and how they were delivered."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op


def create_instance_records() -> None:
    op.create_table(
        "instance_records",
        sa.Column("organization", sa.Text(), nullable=False),
        sa.Column("instance_id", sa.Text(), nullable=False),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("link", sa.JSON(), nullable=False),
        sa.Column("settled", sa.JSON(), nullable=False),
        sa.Column("hash", sa.Text()),
        sa.PrimaryKeyConstraint("organization", "instance_id", "sequence", name="pk_instance_records"),
    )
    unchained: dict[str, Any] = {"sqlite_where": sa.text("hash IS NULL"), "postgresql_where": sa.text("hash IS NULL")}
    op.create_index("ix_instance_records_unchained", "instance_records", ["organization", "instance_id"], **unchained)
    if op.get_bind().dialect.name == "postgresql":
        op.create_index("ix_instance_records_newest", "instance_records", ["recorded_at"])


def create_instance_events() -> None:
    op.create_table(
        "instance_events",
        sa.Column("organization", sa.Text(), nullable=False),
        sa.Column("instance_id", sa.Text(), nullable=False),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("doc", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization", "instance_id"],
            ["instances.organization", "instances.id"],
            name="fk_instance_events_instances",
        ),
        sa.PrimaryKeyConstraint("organization", "instance_id", "sequence", "position", name="pk_instance_events"),
        sa.UniqueConstraint(
            "organization", "instance_id", "event_id", name="uq_instance_events_organization_instance_id_event_id"
        ),
    )


def create_milestones() -> None:
    op.create_table(
        "milestones",
        sa.Column("organization", sa.Text(), nullable=False),
        sa.Column("instance_id", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("cycle", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("milestone", sa.Text(), nullable=False),
        sa.Column("generation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fired_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True)),
        sa.Column("delivered_at", sa.DateTime(timezone=True)),
        sa.Column("skipped", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("outcomes", sa.JSON()),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization", "instance_id"], ["instances.organization", "instances.id"], name="fk_milestones_instances"
        ),
        sa.PrimaryKeyConstraint(
            "organization", "instance_id", "target", "cycle", "milestone", "generation", name="pk_milestones"
        ),
    )


def create_notices() -> None:
    op.create_table(
        "notices",
        sa.Column("organization", sa.Text(), nullable=False),
        sa.Column("instance_id", sa.Text(), nullable=False),
        sa.Column("notice_id", sa.Text(), nullable=False),
        sa.Column("settled", sa.Boolean(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True)),
        sa.Column("fired_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("policy_id", sa.Text()),
        sa.Column("escalation", sa.Text()),
        sa.Column("doc", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization", "instance_id"], ["instances.organization", "instances.id"], name="fk_notices_instances"
        ),
        sa.PrimaryKeyConstraint("organization", "instance_id", "notice_id", name="pk_notices"),
    )
    op.create_index("ix_notices_log", "notices", ["organization", "fired_at", "notice_id"])
    op.create_index(
        "ix_notices_unsettled",
        "notices",
        ["organization", "fired_at"],
        sqlite_where=sa.text("settled = 0"),
        postgresql_where=sa.text("NOT settled"),
    )


def create_deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("organization", sa.Text(), nullable=False),
        sa.Column("instance_id", sa.Text(), nullable=False),
        sa.Column("notice_id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("receiver", sa.Text()),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True)),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("earlier", sa.Integer(), server_default="0", nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("resends", sa.Integer(), server_default="0", nullable=False),
        sa.Column("resend_at", sa.DateTime(timezone=True)),
        sa.Column("resend_tries", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["organization", "instance_id"], ["instances.organization", "instances.id"], name="fk_deliveries_instances"
        ),
        sa.PrimaryKeyConstraint("organization", "instance_id", "notice_id", "channel", name="pk_deliveries"),
    )
    for status in ("dead", "retried"):
        op.create_index(
            f"ix_deliveries_{status}",
            "deliveries",
            ["organization", "receiver"],
            sqlite_where=sa.text(f"status = '{status}'"),
            postgresql_where=sa.text(f"status = '{status}'"),
        )
    op.create_index(
        "ix_deliveries_resend_at",
        "deliveries",
        ["organization", "resend_at"],
        sqlite_where=sa.text("resend_at IS NOT NULL"),
        postgresql_where=sa.text("resend_at IS NOT NULL"),
    )
