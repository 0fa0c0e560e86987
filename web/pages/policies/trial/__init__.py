"""Trying a ticket: which policy it would get, why not another one, and when it would be due."""
