"""Lists of tables: sorted by what they show, searched, and read on from a place."""
