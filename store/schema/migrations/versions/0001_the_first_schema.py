"""The first schema: configuration, tickets, the projection of instances, replans, and the organization `default`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

from store.schema.migrations.first_schema import (
    clocks,
    instances,
    organizations,
    people,
    records,
    replans,
    rules,
    sources,
)

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
    instances.create_upkeep()
    organizations.create_organizations()
    organizations.create_api_keys()
    rules.create_calendars()
    rules.create_calendar_versions()
    rules.create_teams()
    people.create_receivers()
    people.create_templates()
    people.create_contacts()
    people.create_on_calls()
    rules.create_policies()
    rules.create_policy_versions()
    organizations.create_ims_settings()
    instances.create_tickets()
    rules.create_claims()
    organizations.create_idempotent_requests()
    instances.create_instances()
    instances.create_instance_dimensions()
    records.create_instance_records()
    records.create_instance_events()
    clocks.create_target_traits()
    clocks.create_instance_targets()
    records.create_milestones()
    records.create_notices()
    records.create_deliveries()
    replans.create_replans()
    replans.create_replan_instances()
    sources.create_sources()
    sources.create_hook_bodies()
    sources.create_source_memories()
    sources.create_source_writes()
    _insert_default_organization()
    _insert_upkeep()


def downgrade() -> None:
    raise NotImplementedError("migrations only add")


def _insert_upkeep() -> None:
    _insert("upkeep", {"id": "upkeep", "written_at": datetime.now(UTC)})


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
