"""Replans, and what they did to each instance."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


def create_replans() -> None:
    op.create_table(
        "replans",
        sa.Column("organization", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("request", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("calendar_id", sa.Text()),
        sa.Column("calendar_before", sa.Integer()),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["organization"], ["organizations.id"], name="fk_replans_organizations"),
        sa.PrimaryKeyConstraint("organization", "id", name="pk_replans"),
    )


def create_replan_instances() -> None:
    op.create_table(
        "replan_instances",
        sa.Column("organization", sa.Text(), nullable=False),
        sa.Column("replan_id", sa.Text(), nullable=False),
        sa.Column("instance_id", sa.Text(), nullable=False),
        sa.Column("rules_before", sa.JSON(), nullable=False),
        sa.Column("rules_after", sa.JSON(), nullable=False),
        sa.Column("moves", sa.JSON(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True)),
        sa.Column("refused", sa.Text()),
        sa.ForeignKeyConstraint(
            ["organization", "replan_id"], ["replans.organization", "replans.id"], name="fk_replan_instances_replans"
        ),
        sa.PrimaryKeyConstraint("organization", "replan_id", "instance_id", name="pk_replan_instances"),
    )
    op.create_index("ix_replan_instances_organization_instance_id", "replan_instances", ["organization", "instance_id"])
