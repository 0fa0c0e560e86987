"""Sources: ticket systems that send webhooks, and what became of what they sent."""
