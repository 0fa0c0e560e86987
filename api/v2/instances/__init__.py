"""Instances: events, commands, records and explanations."""
