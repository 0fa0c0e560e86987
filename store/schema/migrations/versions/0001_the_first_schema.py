"""The first schema: configuration, tickets, the projection of instances, replans, and the organization `default`."""

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
    _create_upkeep()
    _create_organizations()
    _create_api_keys()
    _create_calendars()
    _create_calendar_versions()
    _create_teams()
    _create_receivers()
    _create_templates()
    _create_contacts()
    _create_on_calls()
    _create_policies()
    _create_policy_versions()
    _create_ims_settings()
    _create_tickets()
    _create_claims()
    _create_idempotent_requests()
    _create_instances()
    _create_instance_dimensions()
    _create_instance_records()
    _create_instance_events()
    _create_target_traits()
    _create_instance_targets()
    _create_milestones()
    _create_notices()
    _create_deliveries()
    _create_replans()
    _create_replan_instances()
    _create_sources()
    _create_hook_bodies()
    _create_source_memories()
    _create_source_writes()
    _insert_default_organization()
    _insert_upkeep()


def downgrade() -> None:
    raise NotImplementedError("migrations only add")


def _create_upkeep() -> None:
    op.create_table(
        "upkeep",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("compared_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_upkeep"),
    )


def _create_organizations() -> None:
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
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
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
        sa.Column("deleted_at", sa.DateTime(timezone=True)),
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


def _create_teams() -> None:
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


def _create_receivers() -> None:
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


def _create_templates() -> None:
    op.create_table(
        "templates",
        sa.Column("organization", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("parts", sa.JSON(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["organization"], ["organizations.id"], name="fk_templates_organizations"),
        sa.PrimaryKeyConstraint("organization", "channel", name="pk_templates"),
    )


def _create_contacts() -> None:
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


def _create_on_calls() -> None:
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


def _create_policies() -> None:
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


def _create_claims() -> None:
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


def _create_idempotent_requests() -> None:
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


def _create_instances() -> None:
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


def _create_instance_dimensions() -> None:
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


def _create_instance_records() -> None:
    op.create_table(
        "instance_records",
        sa.Column("organization", sa.Text(), nullable=False),
        sa.Column("instance_id", sa.Text(), nullable=False),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("link", sa.JSON(), nullable=False),
        sa.Column("hash", sa.Text()),
        sa.PrimaryKeyConstraint("organization", "instance_id", "sequence", name="pk_instance_records"),
    )
    unchained: dict[str, Any] = {"sqlite_where": sa.text("hash IS NULL"), "postgresql_where": sa.text("hash IS NULL")}
    op.create_index("ix_instance_records_unchained", "instance_records", ["organization", "instance_id"], **unchained)
    if op.get_bind().dialect.name == "postgresql":
        op.create_index("ix_instance_records_newest", "instance_records", ["recorded_at"])


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


def _create_target_traits() -> None:
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


def _create_instance_targets() -> None:
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
        sa.Column("withdrawn_at", sa.DateTime(timezone=True)),
        sa.Column("delivered_at", sa.DateTime(timezone=True)),
        sa.Column("skipped", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("outcomes", sa.JSON()),
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
        sa.Column("settled", sa.Boolean(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True)),
        sa.Column("fired_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("policy_id", sa.Text()),
        sa.Column("doc", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization", "instance_id"], ["instances.organization", "instances.id"], name="fk_notices_instances"
        ),
        sa.PrimaryKeyConstraint("organization", "instance_id", "notice_id", name="pk_notices"),
    )
    op.create_index("ix_notices_log", "notices", ["organization", "fired_at", "notice_id"])
    op.create_index(
        "ix_notices_unsettled",
        "notices",
        ["organization", "fired_at"],
        sqlite_where=sa.text("settled = 0"),
        postgresql_where=sa.text("NOT settled"),
    )


def _create_deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("organization", sa.Text(), nullable=False),
        sa.Column("instance_id", sa.Text(), nullable=False),
        sa.Column("notice_id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("receiver", sa.Text()),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True)),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("earlier", sa.Integer(), server_default="0", nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("resends", sa.Integer(), server_default="0", nullable=False),
        sa.Column("resend_at", sa.DateTime(timezone=True)),
        sa.Column("resend_tries", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["organization", "instance_id"], ["instances.organization", "instances.id"], name="fk_deliveries_instances"
        ),
        sa.PrimaryKeyConstraint("organization", "instance_id", "notice_id", "channel", name="pk_deliveries"),
    )
    for status in ("dead", "retried"):
        op.create_index(
            f"ix_deliveries_{status}",
            "deliveries",
            ["organization", "receiver"],
            sqlite_where=sa.text(f"status = '{status}'"),
            postgresql_where=sa.text(f"status = '{status}'"),
        )
    op.create_index(
        "ix_deliveries_resend_at",
        "deliveries",
        ["organization", "resend_at"],
        sqlite_where=sa.text("resend_at IS NOT NULL"),
        postgresql_where=sa.text("resend_at IS NOT NULL"),
    )


def _create_replans() -> None:
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


def _create_replan_instances() -> None:
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


def _insert_upkeep() -> None:
    _insert("upkeep", {"id": "upkeep", "written_at": datetime.now(UTC)})


def _create_sources() -> None:
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


def _create_hook_bodies() -> None:
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


def _create_source_memories() -> None:
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


def _create_source_writes() -> None:
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


def _insert_default_organization() -> None:
    now = datetime.now(UTC)
    calendar = {"organization": "default", "name": "Office hours", "version": 1, "doc": OFFICE_HOURS}
    organization = {
        "id": "default",
        "name": "default",
        "subscription": "enterprise",
        "timezone": "UTC",
        "config_version": 1,
    }
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
        **dict.fromkeys(("created_at", "updated_at", "changed_at", "written_at"), sa.DateTime(timezone=True)),
    }
    columns: list[sa.ColumnClause[Any]] = [sa.column(name, types.get(name, sa.Text())) for name in row]
    op.bulk_insert(sa.table(table, *columns), [row])
