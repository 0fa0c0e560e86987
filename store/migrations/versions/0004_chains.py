"""The hash chain of each instance's steps; steps recorded before have no link and stay outside of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("instance_records", sa.Column("link", sa.JSON(none_as_null=True)))
    op.add_column("instance_records", sa.Column("hash", sa.Text()))


def downgrade() -> None:
    raise NotImplementedError("migrations only add")
