"""Organizations, their API keys, and requests with an idempotency key."""
