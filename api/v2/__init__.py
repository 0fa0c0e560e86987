"""Aurion's dialect, `/api/v2/sla`."""
