"""Ticket systems in: what each of them has written, read as tickets and events. Pure: no engine, no store, no network.

`hooks/` reads webhooks, by the mappings in `vendors/`; the other packages read exports, one each, and `registry.py`
names them. docs/development.md has the recipe for another ticket system.
"""
