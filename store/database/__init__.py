"""Connections, transactions and types, the same on SQLite and PostgreSQL."""
