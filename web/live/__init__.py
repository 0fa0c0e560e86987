"""News for open browsers, as server-sent events."""
