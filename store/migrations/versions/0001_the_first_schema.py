"""The first schema: configuration, keys, the projection of instances, and the organization `default`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

OFFICE_HOURS = {
    "timezone": "UTC",
    "weekly_hours": {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")},
    "holidays": [],
    "special_days": {},
    "breaks": {},
}


def upgrade() -> None:
    _create_organizations()
    _create_api_keys()
    _create_calendars()
    _create_calendar_versions()
    _create_policies()
    _create_policy_versions()
    _create_instances()
    _create_instance_records()
    _create_instance_events()
    _create_milestones()
    _create_notices()
    _create_deliveries()
    _index_instances()
    _insert_default_organization()


def downgrade() -> None:
    raise NotImplementedError("migrations only add")


def _create_organizations() -> None:
    op.create_table(
        "organizations",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("config_version", sa.Integer(), nullable=False),
        sa.Column("default_calendar_id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_organizations"),
    )


def _create_api_keys() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("organization", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["organization"], ["organizations.id"], name="fk_api_keys_organizations"),
        sa.PrimaryKeyConstraint("id", name="pk_api_keys"),
        sa.UniqueConstraint("digest", name="uq_api_keys_digest"),
    )


def _create_calendars() -> None:
    op.create_table(
        "calendars",
        sa.Column("organization", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("doc", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["organization"], ["organizations.id"], name="fk_calendars_organizations"),
        sa.PrimaryKeyConstraint("organization", "id", name="pk_calendars"),
    )


def _create_calendar_versions() -> None:
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


def _create_policies() -> None:
    op.create_table(
        "policies",
        sa.Column("organization", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("calendar_id", sa.Text(), nullable=True),
        sa.Column("doc", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["organization"], ["organizations.id"], name="fk_policies_organizations"),
        sa.PrimaryKeyConstraint("organization", "id", name="pk_policies"),
    )


def _create_policy_versions() -> None:
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


def _create_instances() -> None:
    op.create_table(
        "instances",
        sa.Column("organization", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject_type", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("policy_id", sa.Text(), nullable=True),
        sa.Column("priority", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("snapshot_sequence", sa.Integer(), nullable=False),
        sa.Column("snapshot", sa.JSON(), nullable=True),
        sa.Column("plan", sa.JSON(), nullable=False),
        sa.Column("set_aside", sa.JSON(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("organization", "id", name="pk_instances"),
    )


def _create_instance_records() -> None:
    op.create_table(
        "instance_records",
        sa.Column("organization", sa.Text(), nullable=False),
        sa.Column("instance_id", sa.Text(), nullable=False),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("chain", sa.Text(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tentative", sa.Boolean(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("organization", "instance_id", "sequence", name="pk_instance_records"),
    )


def _create_instance_events() -> None:
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


def _create_milestones() -> None:
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
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization", "instance_id"], ["instances.organization", "instances.id"], name="fk_milestones_instances"
        ),
        sa.PrimaryKeyConstraint(
            "organization", "instance_id", "target", "cycle", "milestone", "generation", name="pk_milestones"
        ),
    )


def _create_notices() -> None:
    op.create_table(
        "notices",
        sa.Column("organization", sa.Text(), nullable=False),
        sa.Column("instance_id", sa.Text(), nullable=False),
        sa.Column("notice_id", sa.Text(), nullable=False),
        sa.Column("doc", sa.JSON(), nullable=False),
        sa.Column("settled", sa.Boolean(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization", "instance_id"], ["instances.organization", "instances.id"], name="fk_notices_instances"
        ),
        sa.PrimaryKeyConstraint("organization", "instance_id", "notice_id", name="pk_notices"),
    )


def _create_deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("organization", sa.Text(), nullable=False),
        sa.Column("instance_id", sa.Text(), nullable=False),
        sa.Column("notice_id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization", "instance_id"], ["instances.organization", "instances.id"], name="fk_deliveries_instances"
        ),
        sa.PrimaryKeyConstraint("organization", "instance_id", "notice_id", "channel", name="pk_deliveries"),
    )


def _index_instances() -> None:
    op.create_index("ix_instances_organization_next_due_at", "instances", ["organization", "next_due_at"])
    op.create_index("ix_instances_organization_opened_at", "instances", ["organization", "opened_at"])
    op.create_index(
        "ix_instances_organization_policy_id_closed_at", "instances", ["organization", "policy_id", "closed_at"]
    )
    op.create_index("ix_instances_organization_subject", "instances", ["organization", "subject"])


def _insert_default_organization() -> None:
    now = datetime.now(UTC)
    calendar = {"organization": "default", "name": "Office hours", "version": 1, "doc": OFFICE_HOURS}
    organization = {"id": "default", "name": "default", "plan": "enterprise", "timezone": "UTC", "config_version": 1}
    _insert("organizations", {**organization, "default_calendar_id": "bh_default", "created_at": now})
    _insert("calendars", {**calendar, "id": "bh_default", "created_at": now, "updated_at": now})
    _insert(
        "calendar_versions",
        {**calendar, "calendar_id": "bh_default", "changed_at": now, "changed_by": "system"},
    )


def _insert(table: str, row: dict[str, object]) -> None:
    types: dict[str, sa.types.TypeEngine[Any]] = {
        "doc": sa.JSON(),
        **dict.fromkeys(("version", "config_version"), sa.Integer()),
        **dict.fromkeys(("created_at", "updated_at", "changed_at"), sa.DateTime(timezone=True)),
    }
    columns: list[sa.ColumnClause[Any]] = [sa.column(name, types.get(name, sa.Text())) for name in row]
    op.bulk_insert(sa.table(table, *columns), [row])
