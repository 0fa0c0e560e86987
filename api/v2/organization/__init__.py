"""The organization that a key belongs to, its keys and teams."""
