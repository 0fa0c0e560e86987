"""Replans: which rules were put in place of which, instance by instance, so that they can be taken back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "replans",
        sa.Column("organization", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("asked", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("calendar_id", sa.Text()),
        sa.Column("calendar_before", sa.Integer()),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["organization"], ["organizations.id"], name="fk_replans_organizations"),
        sa.PrimaryKeyConstraint("organization", "id", name="pk_replans"),
    )
    op.create_table(
        "replan_instances",
        sa.Column("organization", sa.Text(), nullable=False),
        sa.Column("replan_id", sa.Text(), nullable=False),
        sa.Column("instance_id", sa.Text(), nullable=False),
        sa.Column("rules_before", sa.JSON(), nullable=False),
        sa.Column("rules_after", sa.JSON(), nullable=False),
        sa.Column("moves", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization", "replan_id"], ["replans.organization", "replans.id"], name="fk_replan_instances_replans"
        ),
        sa.PrimaryKeyConstraint("organization", "replan_id", "instance_id", name="pk_replan_instances"),
    )
    op.create_index("ix_replan_instances_organization_instance_id", "replan_instances", ["organization", "instance_id"])


def downgrade() -> None:
    raise NotImplementedError("migrations only add")
