"""Scrubbe's dialect, `/api/v1`."""
