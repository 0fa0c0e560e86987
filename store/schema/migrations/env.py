"""Runs the revisions on the connection that `store.schema.migrate` opened, inside its transaction."""

from __future__ import annotations

from alembic import context

from store.schema.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # Both databases roll back DDL; Alembic assumes that SQLite does not.
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
