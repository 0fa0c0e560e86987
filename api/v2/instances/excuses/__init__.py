"""Excuses: what does not count, and who said so."""
