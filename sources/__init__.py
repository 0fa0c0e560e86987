"""Ticket systems in: what each of them has written, read as tickets and events. Pure: no engine, no store.

To add one: a package here whose `log.py` has an object that is a `Source`; a line in `sources/registry.py`; a row in
`docs/replay.md`; a test in `tests/sources/` named for it.
"""
