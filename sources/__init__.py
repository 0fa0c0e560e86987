"""Ticket systems in: what each of them sends, read as events."""
