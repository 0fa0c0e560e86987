"""The metadata to which all tables belong."""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)


def of_instance() -> sa.ForeignKeyConstraint:
    """The foreign key of rows that belong to an instance."""
    return sa.ForeignKeyConstraint(["organization", "instance_id"], ["instances.organization", "instances.id"])
