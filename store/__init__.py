"""The store: configuration, keys and the projection of instances, on SQLite or PostgreSQL."""
