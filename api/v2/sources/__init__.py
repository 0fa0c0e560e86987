"""`/sources`: ticket systems that send webhooks."""
