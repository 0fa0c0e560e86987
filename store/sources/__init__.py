"""Ticket systems that send webhooks: which there are, what they have sent, and what is remembered of their tickets."""
