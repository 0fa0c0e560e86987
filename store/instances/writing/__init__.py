"""A record, written: its rows, what they derive, and the order in which they go in."""
