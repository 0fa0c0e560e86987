"""What Scrubbe's API needs: its settings, its tickets, the origin of a policy, and steps that were switched off."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("policies", sa.Column("origin", sa.Text(), nullable=False, server_default="v2"))
    op.add_column("milestones", sa.Column("skipped", sa.Boolean(), nullable=False, server_default=sa.false()))
    _create_ims_settings()
    _create_tickets()


def downgrade() -> None:
    raise NotImplementedError("migrations only add")


def _create_ims_settings() -> None:
    op.create_table(
        "ims_settings",
        sa.Column("organization", sa.Text(), nullable=False),
        sa.Column("sla_enabled", sa.Boolean(), nullable=False),
        sa.Column("auto_escalate", sa.Boolean(), nullable=False),
        sa.Column("sla_enabled_at", sa.DateTime(timezone=True)),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["organization"], ["organizations.id"], name="fk_ims_settings_organizations"),
        sa.PrimaryKeyConstraint("organization", name="pk_ims_settings"),
    )


def _create_tickets() -> None:
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
