"""Teams, claims on policies, answers to repeated requests, and the clocks of each instance for analytics."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_teams()
    _create_claims()
    _create_answers()
    _create_instance_targets()
    _fill_instance_targets()


def downgrade() -> None:
    raise NotImplementedError("migrations only add")


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


def _create_answers() -> None:
    op.create_table(
        "answers",
        sa.Column("organization", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request_digest", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("headers", sa.JSON(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["organization"], ["organizations.id"], name="fk_answers_organizations"),
        sa.PrimaryKeyConstraint("organization", "key", name="pk_answers"),
    )
    op.create_index("ix_answers_answered_at", "answers", ["answered_at"])


def _create_instance_targets() -> None:
    op.create_table(
        "instance_targets",
        sa.Column("organization", sa.Text(), nullable=False),
        sa.Column("instance_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("cycle", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("team_id", sa.Text()),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("due_at", sa.DateTime(timezone=True)),
        sa.Column("stopped_at", sa.DateTime(timezone=True)),
        sa.Column("outcome", sa.Text()),
        sa.Column("outcome_at", sa.DateTime(timezone=True)),
        sa.Column("budget", sa.BigInteger(), nullable=False),
        sa.Column("worked", sa.BigInteger()),
        sa.Column("lasted", sa.BigInteger()),
        sa.Column("paused", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization", "instance_id"],
            ["instances.organization", "instances.id"],
            name="fk_instance_targets_instances",
        ),
        sa.PrimaryKeyConstraint("organization", "instance_id", "name", "cycle", name="pk_instance_targets"),
    )
    op.create_index("ix_instance_targets_organization_outcome_at", "instance_targets", ["organization", "outcome_at"])


def _fill_instance_targets() -> None:
    bind = op.get_bind()
    names = ("organization", "id", "plan")
    instances = sa.table("instances", sa.column("plan", sa.JSON()), *(sa.column(name) for name in names[:2]))
    table = sa.Table("instance_targets", sa.MetaData(), autoload_with=bind)
    for row in bind.execute(sa.select(*(instances.c[name] for name in names))).all():
        rows = [{"organization": row.organization, "instance_id": row.id, **values} for values in _targets(row.plan)]
        if rows:
            bind.execute(sa.insert(table), rows)


def _targets(plan: Any) -> Iterator[dict[str, Any]]:
    for target in plan["targets"]:
        outcome, at = _outcome(target)
        started, stopped = _instant(target["started_at"]), _instant(target["stopped_at"])
        yield {
            "name": target["type"],
            "cycle": target["cycle"],
            "type": target["type"],
            "team_id": None,
            "started_at": started,
            "due_at": _instant(target["due_at"]),
            "stopped_at": stopped,
            "outcome": outcome,
            "outcome_at": at,
            "budget": target["budget"],
            "worked": None if stopped is None else target["used"],
            "lasted": None if stopped is None or started is None else (stopped - started) // timedelta(microseconds=1),
            "paused": target["paused_for"],
        }


def _outcome(target: Any) -> tuple[str | None, datetime | None]:
    if target["breached_at"] is not None:
        return "breached", _instant(target["breached_at"])
    outcome = {"stopped": "met", "cancelled": "cancelled"}.get(target["state"])
    return outcome, None if outcome is None else _instant(target["stopped_at"])


def _instant(text: str | None) -> datetime | None:
    # The databases keep the UTC wall clock.
    return None if text is None else datetime.fromisoformat(text).astimezone(UTC)
