"""Conditions on the fields of a ticket, and how their values compare."""
