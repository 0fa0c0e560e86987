"""Business hours, teams and policies, with their versions, and the policies that open tickets claim."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


def create_calendars() -> None:
    op.create_table(
        "calendars",
        sa.Column("organization", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("doc", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["organization"], ["organizations.id"], name="fk_calendars_organizations"),
        sa.PrimaryKeyConstraint("organization", "id", name="pk_calendars"),
    )


def create_calendar_versions() -> None:
    op.create_table(
        "calendar_versions",
        sa.Column("organization", sa.Text(), nullable=False),
        sa.Column("calendar_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("doc", sa.JSON(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization", "calendar_id"],
            ["calendars.organization", "calendars.id"],
            name="fk_calendar_versions_calendars",
        ),
        sa.PrimaryKeyConstraint("organization", "calendar_id", "version", name="pk_calendar_versions"),
    )


def create_teams() -> None:
    op.create_table(
        "teams",
        sa.Column("organization", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("lead", sa.Text()),
        sa.Column("calendar_id", sa.Text()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["organization"], ["organizations.id"], name="fk_teams_organizations"),
        sa.PrimaryKeyConstraint("organization", "id", name="pk_teams"),
    )


def create_policies() -> None:
    op.create_table(
        "policies",
        sa.Column("organization", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False, server_default="v2"),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("calendar_id", sa.Text()),
        sa.Column("doc", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["organization"], ["organizations.id"], name="fk_policies_organizations"),
        sa.PrimaryKeyConstraint("organization", "id", name="pk_policies"),
    )


def create_policy_versions() -> None:
    op.create_table(
        "policy_versions",
        sa.Column("organization", sa.Text(), nullable=False),
        sa.Column("policy_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("change", sa.Text(), nullable=False),
        sa.Column("doc", sa.JSON(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization", "policy_id"], ["policies.organization", "policies.id"], name="fk_policy_versions_policies"
        ),
        sa.PrimaryKeyConstraint("organization", "policy_id", "version", name="pk_policy_versions"),
    )


def create_claims() -> None:
    op.create_table(
        "claims",
        sa.Column("organization", sa.Text(), nullable=False),
        sa.Column("instance_id", sa.Text(), nullable=False),
        sa.Column("policy_id", sa.Text(), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["organization"], ["organizations.id"], name="fk_claims_organizations"),
        sa.PrimaryKeyConstraint("organization", "instance_id", name="pk_claims"),
    )
    op.create_index("ix_claims_organization_policy_id", "claims", ["organization", "policy_id"])
