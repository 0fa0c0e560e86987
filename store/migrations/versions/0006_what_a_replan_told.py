"""Which instances a replan may have told, and which of them did not take it: an undo takes back just that."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# Replans from before told everything they kept, or may have.
_ALL_TOLD = """
UPDATE replan_instances SET told_at = (
    SELECT replans.applied_at FROM replans
    WHERE replans.organization = replan_instances.organization AND replans.id = replan_instances.replan_id
)
"""


def upgrade() -> None:
    op.add_column("replan_instances", sa.Column("told_at", sa.DateTime(timezone=True)))
    op.add_column("replan_instances", sa.Column("refused", sa.Text()))
    op.execute(_ALL_TOLD)


def downgrade() -> None:
    raise NotImplementedError("migrations only add")
