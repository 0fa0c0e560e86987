"""Ticket systems: what they have sent, what is remembered of it, and what was written to them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


def create_sources() -> None:
    op.create_table(
        "sources",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("organization", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("mapping", sa.JSON()),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("verify_by", sa.JSON(), nullable=False),
        sa.Column("adopt", sa.Boolean(), nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("secrets", sa.JSON(), nullable=False),
        sa.Column("connector", sa.JSON()),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("arrivals", sa.Integer(), nullable=False),
        sa.Column("refusals", sa.Integer(), nullable=False),
        sa.Column("refused_at", sa.DateTime(timezone=True)),
        sa.Column("refusal", sa.Text(), nullable=False),
        sa.Column("worker", sa.Text(), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True)),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["organization"], ["organizations.id"], name="fk_sources_organizations"),
        sa.PrimaryKeyConstraint("id", name="pk_sources"),
    )
    op.create_index("ix_sources_organization_created_at", "sources", ["organization", "created_at"])


def create_hook_bodies() -> None:
    op.create_table(
        "hook_bodies",
        sa.Column("organization", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("arrival", sa.Integer(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("uri", sa.Text(), nullable=False),
        sa.Column("headers", sa.JSON(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("outcomes", sa.JSON()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("retry_at", sa.DateTime(timezone=True)),
        sa.Column("settled_at", sa.DateTime(timezone=True)),
        sa.Column("listed", sa.Text()),
        sa.ForeignKeyConstraint(["organization"], ["organizations.id"], name="fk_hook_bodies_organizations"),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name="fk_hook_bodies_sources"),
        sa.PrimaryKeyConstraint("source_id", "arrival", name="pk_hook_bodies"),
        sa.UniqueConstraint("source_id", "listed", name="uq_hook_bodies_source_id_listed"),
    )
    op.create_index("ix_hook_bodies_state_source_id_arrival", "hook_bodies", ["state", "source_id", "arrival"])
    op.create_index("ix_hook_bodies_received_at", "hook_bodies", ["received_at"])


def create_source_memories() -> None:
    op.create_table(
        "source_memories",
        sa.Column("organization", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("doc", sa.JSON(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["organization"], ["organizations.id"], name="fk_source_memories_organizations"),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name="fk_source_memories_sources"),
        sa.PrimaryKeyConstraint("source_id", "subject", name="pk_source_memories"),
    )
    op.create_index("ix_source_memories_updated_at", "source_memories", ["updated_at"])


def create_source_writes() -> None:
    op.create_table(
        "source_writes",
        sa.Column("organization", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("heard", sa.Integer()),
        sa.ForeignKeyConstraint(["organization"], ["organizations.id"], name="fk_source_writes_organizations"),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name="fk_source_writes_sources"),
        sa.PrimaryKeyConstraint("source_id", "key", name="pk_source_writes"),
    )
    op.create_index("ix_source_writes_source_id_subject", "source_writes", ["source_id", "subject"])
    op.create_index("ix_source_writes_begun_at", "source_writes", ["begun_at"])
