"""Who may be told: contacts and on-calls of an organization."""
