"""Organizations, their keys, and what requests with an idempotency key were answered."""
