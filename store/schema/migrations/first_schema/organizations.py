"""Organizations, their keys, and what they have asked before."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


def create_organizations() -> None:
    op.create_table(
        "organizations",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("subscription", sa.Text(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("config_version", sa.Integer(), nullable=False),
        sa.Column("default_calendar_id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("quiet_before", sa.DateTime(timezone=True)),
        sa.Column("dimensions", sa.JSON()),
        sa.Column("dimensions_version", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("demo_of", sa.Text()),
        sa.Column("removed_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_organizations"),
        sa.UniqueConstraint("demo_of", name="uq_organizations_demo_of"),
    )


def create_api_keys() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("organization", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["organization"], ["organizations.id"], name="fk_api_keys_organizations"),
        sa.PrimaryKeyConstraint("id", name="pk_api_keys"),
        sa.UniqueConstraint("digest", name="uq_api_keys_digest"),
    )


def create_idempotent_requests() -> None:
    op.create_table(
        "idempotent_requests",
        sa.Column("organization", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request_digest", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("headers", sa.JSON(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["organization"], ["organizations.id"], name="fk_idempotent_requests_organizations"),
        sa.PrimaryKeyConstraint("organization", "key", name="pk_idempotent_requests"),
    )
    op.create_index("ix_idempotent_requests_answered_at", "idempotent_requests", ["answered_at"])


def create_ims_settings() -> None:
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
