"""Who is told: receivers and their words, contacts and on-calls."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


def create_receivers() -> None:
    op.create_table(
        "receivers",
        sa.Column("organization", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("secrets", sa.JSON(), nullable=False),
        sa.Column("choice", sa.JSON(), nullable=False),
        sa.Column("timezone", sa.Text()),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("disabled_because", sa.Text()),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["organization"], ["organizations.id"], name="fk_receivers_organizations"),
        sa.PrimaryKeyConstraint("organization", "id", name="pk_receivers"),
    )


def create_templates() -> None:
    op.create_table(
        "templates",
        sa.Column("organization", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("parts", sa.JSON(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["organization"], ["organizations.id"], name="fk_templates_organizations"),
        sa.PrimaryKeyConstraint("organization", "channel", name="pk_templates"),
    )


def create_contacts() -> None:
    op.create_table(
        "contacts",
        sa.Column("organization", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("doc", sa.JSON(), nullable=False),
        sa.Column("addresses", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["organization"], ["organizations.id"], name="fk_contacts_organizations"),
        sa.PrimaryKeyConstraint("organization", "id", name="pk_contacts"),
    )


def create_on_calls() -> None:
    op.create_table(
        "on_calls",
        sa.Column("organization", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("doc", sa.JSON(), nullable=False),
        sa.Column("feed_url", sa.Text()),
        sa.Column("feed_text", sa.Text()),
        sa.Column("feed_read_at", sa.DateTime(timezone=True)),
        sa.Column("feed_tried_at", sa.DateTime(timezone=True)),
        sa.Column("feed_error", sa.Text()),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["organization"], ["organizations.id"], name="fk_on_calls_organizations"),
        sa.PrimaryKeyConstraint("organization", "id", name="pk_on_calls"),
    )
