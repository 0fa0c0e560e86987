"""How an organization is configured, in Scrubbe's shapes."""
