"""The demo: an organization of its own to look at, which is taken away again."""
