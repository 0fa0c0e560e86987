"""Whose rows a statement touches.

Only this module compares a column `organization`. tests/store/database/test_tenancy.py names the statements that need
no `own`, each with the reason.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from store.schema.tables import organizations

OF_ORGANIZATION: sa.BindParameter[str] = sa.bindparam("of_organization")
OF_INSTANCE: sa.BindParameter[str] = sa.bindparam("of_instance")
"""The parameters of statements that are built once."""


def own(table: sa.FromClause, organization: str | sa.ColumnElement[str], **values: Any) -> sa.ColumnElement[bool]:
    """The predicate for the rows of a table that belong to the organization and whose columns have these values.

    `organization` and each value may be a bound parameter instead, or a column of another table: then the predicate
    joins the two tables within one organization. In the table `organizations` it is the organization's own row.
    """
    owner = table.c.id if table is organizations else table.c.organization
    return sa.and_(owner == organization, *(table.c[name] == value for name, value in values.items()))
