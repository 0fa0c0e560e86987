"""Tickets and their clocks, in Scrubbe's shapes."""
