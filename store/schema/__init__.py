"""The tables, and how a database is brought to them."""
