"""Clocks of instances as analytics counts them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


def create_target_traits() -> None:
    op.create_table(
        "target_traits",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organization", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("priority", sa.Text(), nullable=False),
        sa.Column("priority_key", sa.Text(), nullable=False),
        sa.Column("policy_id", sa.Text(), nullable=False),
        sa.Column("team_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_target_traits"),
        sa.UniqueConstraint(
            "organization", "kind", "type", "priority", "policy_id", "team_id", name="uq_target_traits"
        ),
    )


def create_instance_targets() -> None:
    op.create_table(
        "instance_targets",
        sa.Column("organization", sa.Text(), nullable=False),
        sa.Column("instance_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("cycle", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("team_id", sa.Text()),
        sa.Column("traits", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("due_at", sa.DateTime(timezone=True)),
        sa.Column("stopped_at", sa.DateTime(timezone=True)),
        sa.Column("outcome", sa.Text()),
        sa.Column("outcome_at", sa.DateTime(timezone=True)),
        sa.Column("previous_at", sa.DateTime(timezone=True)),
        sa.Column("worked_when_due", sa.BigInteger(), nullable=False),
        sa.Column("worked", sa.BigInteger()),
        sa.Column("lasted", sa.BigInteger()),
        sa.Column("paused", sa.BigInteger(), nullable=False),
        sa.Column("excused", sa.Text()),
        sa.Column("came_to", sa.Text()),
        sa.ForeignKeyConstraint(
            ["organization", "instance_id"],
            ["instances.organization", "instances.id"],
            name="fk_instance_targets_instances",
        ),
        sa.PrimaryKeyConstraint("organization", "instance_id", "name", "cycle", name="pk_instance_targets"),
    )
    op.create_index(
        "ix_instance_targets_ended",
        "instance_targets",
        ["organization", "outcome_at", "outcome", "traits", "instance_id", "type", "team_id"],
    )
    op.create_index(
        "ix_instance_targets_counted",
        "instance_targets",
        ["traits", "outcome", "outcome_at", "previous_at", "stopped_at", "worked", "lasted", "paused"],
    )
    op.create_index(
        "ix_instance_targets_excused",
        "instance_targets",
        ["organization", "outcome_at"],
        sqlite_where=sa.text("excused IS NOT NULL"),
        postgresql_where=sa.text("excused IS NOT NULL"),
    )
    for length in ("worked", "lasted"):
        counted = sa.text(f"{length} IS NOT NULL AND outcome IN ('met', 'breached')")
        op.create_index(
            f"ix_instance_targets_{length}",
            "instance_targets",
            ["organization", "type", length, "outcome_at", "stopped_at", "traits", "outcome"],
            sqlite_where=counted,
            postgresql_where=counted,
        )
