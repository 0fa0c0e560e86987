"""What only Scrubbe's API speaks of: statuses of tickets, uptime."""
