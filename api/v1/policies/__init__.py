"""SLA policies, in Scrubbe's shapes."""
