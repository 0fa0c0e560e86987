"""What every route shares: keys, bodies, problems, idempotency, content negotiation."""
