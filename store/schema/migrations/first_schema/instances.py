"""Scrubbe's tickets, and instances as their newest record shows them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op


def create_tickets() -> None:
    op.create_table(
        "tickets",
        sa.Column("organization", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("priority", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("snapshot", sa.JSON()),
        sa.Column("measured_from", sa.DateTime(timezone=True)),
        sa.Column("history", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["organization"], ["organizations.id"], name="fk_tickets_organizations"),
        sa.PrimaryKeyConstraint("organization", "id", name="pk_tickets"),
    )
    op.create_index("ix_tickets_organization_created_at", "tickets", ["organization", "created_at"])
    op.create_index("ix_tickets_organization_status", "tickets", ["organization", "status"])


def create_instances() -> None:
    op.create_table(
        "instances",
        sa.Column("organization", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject_type", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("title", sa.Text()),
        sa.Column("team_id", sa.Text()),
        sa.Column("assignee", sa.Text()),
        sa.Column("url", sa.Text()),
        sa.Column("runs_out_at", sa.DateTime(timezone=True)),
        sa.Column("at_risk_from", sa.DateTime(timezone=True)),
        sa.Column("excused_until", sa.DateTime(timezone=True)),
        sa.Column("policy_id", sa.Text()),
        sa.Column("policy_name", sa.Text()),
        sa.Column("priority", sa.Text()),
        sa.Column("priority_key", sa.Text()),
        sa.Column("opening", sa.JSON()),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
        sa.Column("next_due_at", sa.DateTime(timezone=True)),
        sa.Column("next_milestone_at", sa.DateTime(timezone=True)),
        sa.Column("resumes_at", sa.DateTime(timezone=True)),
        sa.Column("ongoing", sa.Boolean(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("snapshot_sequence", sa.Integer(), nullable=False),
        sa.Column("plan_digest", sa.Text(), nullable=False),
        sa.Column("dimensions_version", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("set_aside", sa.JSON(), nullable=False),
        sa.Column("ticket", sa.JSON()),
        sa.Column("plan", sa.JSON(), nullable=False),
        sa.Column("snapshot", sa.JSON()),
        sa.PrimaryKeyConstraint("organization", "id", name="pk_instances"),
    )
    op.create_index(
        "ix_instances_counted",
        "instances",
        ["organization", "kind", "snapshot_sequence", "sequence"],
        sqlite_where=sa.text("snapshot_sequence > 0 AND sequence > 0"),
        postgresql_where=sa.text("snapshot_sequence > 0 AND sequence > 0"),
    )
    if op.get_bind().dialect.name == "sqlite":
        hidden = sa.text("snapshot_sequence = 0")
        op.create_index("ix_instances_hidden", "instances", ["organization", "snapshot_sequence"], sqlite_where=hidden)
    op.create_index(
        "ix_instances_shown",
        "instances",
        [
            "organization",
            "next_due_at",
            sa.text("opened_at DESC"),
            "id",
            "status",
            "kind",
            "priority_key",
            "snapshot_sequence",
            "resumes_at",
        ],
        sqlite_where=sa.text("snapshot_sequence > 0"),
        postgresql_where=sa.text("snapshot_sequence > 0"),
    )
    op.create_index("ix_instances_organization_opened_at", "instances", ["organization", "opened_at"])
    op.create_index(
        "ix_instances_organization_policy_id_closed_at", "instances", ["organization", "policy_id", "closed_at"]
    )
    op.create_index("ix_instances_organization_subject", "instances", ["organization", "subject"])
    op.create_index(
        "ix_instances_of_url",
        "instances",
        ["organization", "url", "id"],
        sqlite_where=sa.text("url IS NOT NULL"),
        postgresql_where=sa.text("url IS NOT NULL"),
    )
    op.create_index(
        "ix_instances_dimensions",
        "instances",
        ["organization", "dimensions_version"],
        sqlite_where=sa.text("snapshot_sequence > 0"),
        postgresql_where=sa.text("snapshot_sequence > 0"),
    )
    for name in ("team_id", "assignee"):
        theirs = sa.text(f"snapshot_sequence > 0 AND {name} IS NOT NULL")
        op.create_index(
            f"ix_instances_of_{name}",
            "instances",
            ["organization", name, "next_due_at", sa.text("opened_at DESC"), "id", "snapshot_sequence"],
            sqlite_where=theirs,
            postgresql_where=theirs,
        )
    for name in ("title", "priority", "policy_name", "closed_at", "recorded_at"):
        always = "" if name == "recorded_at" else f" AND {name} IS NOT NULL"
        present = sa.text(f"snapshot_sequence > 0{always}")
        op.create_index(
            f"ix_instances_by_{name}",
            "instances",
            ["organization", name, "id"],
            sqlite_where=present,
            postgresql_where=present,
        )
    op.create_index(
        "ix_instances_running",
        "instances",
        ["organization", "runs_out_at", "at_risk_from", "snapshot_sequence", "id"],
        sqlite_where=sa.text("runs_out_at IS NOT NULL"),
        postgresql_where=sa.text("runs_out_at IS NOT NULL"),
    )
    op.create_index(
        "ix_instances_excused",
        "instances",
        ["organization", "excused_until", "snapshot_sequence", "id"],
        sqlite_where=sa.text("excused_until IS NOT NULL"),
        postgresql_where=sa.text("excused_until IS NOT NULL"),
    )
    ongoing: dict[str, Any] = {"sqlite_where": sa.text("ongoing = 1"), "postgresql_where": sa.text("ongoing")}
    op.create_index("ix_instances_ongoing", "instances", ["organization", "id"], **ongoing)
    op.create_index("ix_instances_next_milestone_at", "instances", ["next_milestone_at"], **ongoing)


def create_instance_dimensions() -> None:
    op.create_table(
        "instance_dimensions",
        sa.Column("organization", sa.Text(), nullable=False),
        sa.Column("instance_id", sa.Text(), nullable=False),
        sa.Column("dimension", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("shown", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization", "instance_id"],
            ["instances.organization", "instances.id"],
            name="fk_instance_dimensions_instances",
        ),
        sa.PrimaryKeyConstraint("organization", "instance_id", "dimension", "value", name="pk_instance_dimensions"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_instance_dimensions_value", "instance_dimensions", ["organization", "dimension", "value", "instance_id"]
    )


def create_upkeep() -> None:
    op.create_table(
        "upkeep",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("compared_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_upkeep"),
    )
