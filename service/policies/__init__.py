"""Making, changing and trying policies."""
