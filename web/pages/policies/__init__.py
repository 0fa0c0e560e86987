"""Policies: their order, what they say, an editor, trying a ticket, versions."""
