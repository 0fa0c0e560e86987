"""Business hours: their days, history, imports and preview."""
